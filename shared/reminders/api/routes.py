"""The routes: typed parameters in, one command, one answer out. `catalogue.py` says on which path each of them is."""

# ruff: noqa: A002 - a path parameter is called `id` because the API calls it so

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.api_gateway import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from reminders.api import cursors, etags
from reminders.api.answers import CalendarOut, CalendarPage, FlagChangeOut, FlagOut, FlagPage, HealthOut
from reminders.api.parameters import (
    After,
    CalendarCursor,
    CalendarName,
    ChannelFilter,
    Count,
    DueBefore,
    EntityIdFilter,
    EntityTypeFilter,
    EventTypeFilter,
    FlagCursor,
    FlagKey,
    IfMatch,
    Limit,
    ReminderCursor,
    ReminderId,
    RunCursor,
    StatusFilter,
)
from reminders.api.reminder_answers import PreviewOut, ReminderOut, ReminderPage, RunOut, RunPage
from reminders.api.schemas import CalendarIn, FlagIn, PreviewIn, ReminderIn, ReminderPatch
from reminders.model import Reminder, ReminderFilter
from reminders.settings import Settings

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands

_JSON = "application/json"
_DEFAULT_LIMIT = 50
_DEFAULT_COUNT = 10


class ReminderRoutes:
    def __init__(self, commands: "Callable[[], Commands]") -> None:
        self._commands = commands

    def create_reminder(self, body: Annotated[ReminderIn, Body()]) -> Response[ReminderOut]:
        reminder, is_new = self._commands().reminders.create(body.new_reminder())
        answer = _one(reminder, 201 if is_new else 200)
        if is_new:
            answer.headers["Location"] = f"/reminders/{reminder.id}"
        return answer

    def list_reminders(
        self,
        status: StatusFilter = None,
        entity_type: EntityTypeFilter = None,
        entity_id: EntityIdFilter = None,
        event_type: EventTypeFilter = None,
        channel: ChannelFilter = None,
        due_before: DueBefore = None,
        limit: Limit = _DEFAULT_LIMIT,
        cursor: ReminderCursor = None,
    ) -> Response[ReminderPage]:
        page = self._commands().reminders.page(
            ReminderFilter(
                status=status,
                entity_type=entity_type,
                entity_id=entity_id,
                event_type=event_type,
                channel=channel,
                due_before=due_before,
            ),
            before=None if cursor is None else cursors.reminder_id(cursor),
            limit=limit,
        )
        following = None if page.next_cursor is None else cursors.after_reminder(page.next_cursor)
        return _ok(ReminderPage(items=[ReminderOut.of(item) for item in page.items], next_cursor=following))

    def get_reminder(self, id: ReminderId) -> Response[ReminderOut]:
        return _one(self._commands().reminders.get(id))

    def patch_reminder(
        self, id: ReminderId, patch: Annotated[ReminderPatch, Body()], if_match: IfMatch = None
    ) -> Response[ReminderOut]:
        return _one(self._commands().reminders.patch(id, patch.edit(), version=self._version(id, if_match)))

    def cancel_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[ReminderOut]:
        return _one(self._commands().reminders.cancel(id, version=self._version(id, if_match)))

    def pause_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[ReminderOut]:
        return _one(self._commands().reminders.pause(id, version=self._version(id, if_match)))

    def resume_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[ReminderOut]:
        return _one(self._commands().reminders.resume(id, version=self._version(id, if_match)))

    def complete_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[ReminderOut]:
        return _one(self._commands().reminders.complete(id, version=self._version(id, if_match)))

    def trigger_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[RunOut]:
        run = self._commands().reminders.trigger(id, version=self._version(id, if_match))
        return Response(202, _JSON, RunOut.of(run))

    def list_runs(self, id: ReminderId, limit: Limit = _DEFAULT_LIMIT, cursor: RunCursor = None) -> Response[RunPage]:
        before = None if cursor is None else cursors.run_place(cursor)
        page = self._commands().reminders.runs(id, before=before, limit=limit)
        last = page.items[-1] if page.next_cursor else None
        following = None if last is None else cursors.after_run(last.occurrence_no, last.step)
        return _ok(RunPage(items=[RunOut.of(item) for item in page.items], next_cursor=following))

    def preview_reminder(
        self, id: ReminderId, after: After = None, count: Count = _DEFAULT_COUNT
    ) -> Response[PreviewOut]:
        return _ok(PreviewOut.of(self._commands().previews.of_reminder(id, after=after, count=count)))

    def preview_schedule(self, schedule: Annotated[PreviewIn, Body()]) -> Response[PreviewOut]:
        found = self._commands().previews.of_schedule(schedule.spec(), after=schedule.after, count=schedule.count)
        return _ok(PreviewOut.of(found))

    def _version(self, id: str, if_match: str | None) -> int | None:
        return etags.expected(if_match, lambda: self._commands().reminders.get(id).version)


class FlagRoutes:
    def __init__(self, commands: "Callable[[], Commands]") -> None:
        self._commands = commands

    def put_flag(self, key: FlagKey, flag: Annotated[FlagIn, Body()]) -> Response[FlagChangeOut]:
        return _ok(FlagChangeOut.after(self._commands().flags.set(key, flag.value)))

    def get_flag(self, key: FlagKey) -> Response[FlagOut]:
        return _ok(FlagOut.of(self._commands().flags.get(key)))

    def delete_flag(self, key: FlagKey) -> Response[None]:
        self._commands().flags.delete(key)
        return Response(204)

    def list_flags(self, limit: Limit = _DEFAULT_LIMIT, cursor: FlagCursor = None) -> Response[FlagPage]:
        page = self._commands().flags.page(after=None if cursor is None else cursors.key(cursor), limit=limit)
        following = None if page.next_cursor is None else cursors.after_key(page.next_cursor)
        return _ok(FlagPage(items=[FlagOut.of(item) for item in page.items], next_cursor=following))


class CalendarRoutes:
    def __init__(self, commands: "Callable[[], Commands]") -> None:
        self._commands = commands

    def put_calendar(self, name: CalendarName, calendar: Annotated[CalendarIn, Body()]) -> Response[CalendarOut]:
        holidays = frozenset(calendar.holidays)
        return _ok(CalendarOut.of(self._commands().calendars.put(name, calendar.weekdays(), holidays)))

    def get_calendar(self, name: CalendarName) -> Response[CalendarOut]:
        return _ok(CalendarOut.of(self._commands().calendars.get(name)))

    def delete_calendar(self, name: CalendarName) -> Response[None]:
        self._commands().calendars.delete(name)
        return Response(204)

    def list_calendars(self, limit: Limit = _DEFAULT_LIMIT, cursor: CalendarCursor = None) -> Response[CalendarPage]:
        page = self._commands().calendars.page(after=None if cursor is None else cursors.key(cursor), limit=limit)
        following = None if page.next_cursor is None else cursors.after_key(page.next_cursor)
        return _ok(CalendarPage(items=[CalendarOut.of(item) for item in page.items], next_cursor=following))


class HealthRoute:
    def __init__(self, commands: "Callable[[], Commands]", settings: Settings) -> None:
        self._commands = commands
        self._settings = settings

    def get_health(self) -> Response[HealthOut]:
        return _ok(HealthOut.of(self._commands().health(), self._settings))


def _ok[T](body: T) -> Response[T]:
    return Response(200, _JSON, body)


def _one(reminder: Reminder, status: int = 200) -> Response[ReminderOut]:
    """A single reminder, with its ETag."""
    headers = {"ETag": etags.etag(reminder.version)}
    return Response(status, _JSON, ReminderOut.of(reminder), headers)
