"""What can be done with reminders. An answer about a single one has its ETag."""

# ruff: noqa: A002 - a path parameter is called `id` because the API calls it so

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.api_gateway import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from reminders.api import cursors, etags
from reminders.api.openapi.responses import ETAG, LOCATION, Documented, answers, shows
from reminders.api.operations import operation
from reminders.api.parameters import (
    DEFAULT_LIMIT,
    ChannelFilter,
    DueBefore,
    EntityIdFilter,
    EntityTypeFilter,
    EventTypeFilter,
    IfMatch,
    Limit,
    ReminderCursor,
    ReminderId,
    StatusFilter,
)
from reminders.api.reminders.answers import ReminderOut, ReminderPage, shown_page, shown_reminder
from reminders.api.reminders.bodies import ReminderIn, ReminderPatch
from reminders.api.replies import reply
from reminders.model import ReminderFilter
from reminders.model.reminder import Reminder

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands


def _becomes(meaning: str) -> Documented:
    """What a verb answers: the reminder as it is then."""
    return answers({200: shows(ReminderOut, meaning, ETAG)}, 404, 409, 412)


class ReminderRoutes:
    def __init__(self, commands: "Callable[[], Commands]") -> None:
        self._commands = commands

    @operation(
        "POST",
        "/reminders",
        tag="reminders",
        summary="Create a reminder",
        description=(
            "Safe to repeat: while one with the same `entity_type`, `entity_id` and `event_type` is live, it is"
            " answered unchanged with 200. Only if its condition is true and the new one's is not, it is completed"
            " and the new one takes its place."
        ),
        answers=answers(
            {
                201: shows(ReminderOut, "Created.", LOCATION | ETAG),
                200: shows(ReminderOut, "There was one already.", ETAG),
            }
        ),
    )
    def create_reminder(self, body: Annotated[ReminderIn, Body()]) -> Response[str]:
        reminder, is_new = self._commands().reminders.create(body.new_reminder())
        if is_new:
            return _one(reminder, 201, {"Location": f"/reminders/{reminder.id}"})
        return _one(reminder)

    @operation(
        "GET",
        "/reminders",
        tag="reminders",
        summary="List reminders",
        description="Those that match all filters, the newest first.",
        answers=answers({200: shows(ReminderPage, "A page.")}),
    )
    def list_reminders(
        self,
        status: StatusFilter = None,
        entity_type: EntityTypeFilter = None,
        entity_id: EntityIdFilter = None,
        event_type: EventTypeFilter = None,
        channel: ChannelFilter = None,
        due_before: DueBefore = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: ReminderCursor = None,
    ) -> Response[str]:
        matching = ReminderFilter(
            status=status,
            entity_type=entity_type,
            entity_id=entity_id,
            event_type=event_type,
            channel=channel,
            due_before=due_before,
        )
        before = None if cursor is None else cursors.reminder_id(cursor)
        return reply(shown_page, self._commands().reminders.page(matching, before=before, limit=limit))

    @operation(
        "GET",
        "/reminders/<id>",
        tag="reminders",
        summary="Read a reminder",
        answers=answers({200: shows(ReminderOut, "The reminder.", ETAG)}, 404),
    )
    def get_reminder(self, id: ReminderId) -> Response[str]:
        return _one(self._commands().reminders.get(id))

    @operation(
        "PATCH",
        "/reminders/<id>",
        tag="reminders",
        summary="Change a reminder",
        description=(
            "Its schedule, recipient, message or condition; not what it is about, and not its channel. A changed"
            " schedule begins at its first instant after now. Runs that are planned keep the text they have."
        ),
        answers=_becomes("The reminder as it is now."),
    )
    def patch_reminder(
        self, id: ReminderId, patch: Annotated[ReminderPatch, Body()], if_match: IfMatch = None
    ) -> Response[str]:
        return _one(self._commands().reminders.patch(id, patch.edit(), version=self._version(id, if_match)))

    @operation(
        "DELETE",
        "/reminders/<id>",
        tag="reminders",
        summary="Cancel a reminder",
        description="It ends as `CANCELLED` and is kept; its waiting runs are cancelled. Safe to repeat.",
        answers=_becomes("The reminder, `CANCELLED`."),
    )
    def cancel_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[str]:
        return _one(self._commands().reminders.cancel(id, version=self._version(id, if_match)))

    @operation(
        "POST",
        "/reminders/<id>/pause",
        tag="reminders",
        summary="Pause a reminder",
        description="It stops firing until it is resumed; its waiting runs are cancelled. Safe to repeat.",
        answers=_becomes("The reminder, `PAUSED`."),
    )
    def pause_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[str]:
        return _one(self._commands().reminders.pause(id, version=self._version(id, if_match)))

    @operation(
        "POST",
        "/reminders/<id>/resume",
        tag="reminders",
        summary="Resume a reminder",
        description=(
            "It goes on at the next instant of its schedule and replays nothing; a `one_time` whose instant has"
            " passed completes. Safe to repeat."
        ),
        answers=_becomes("The reminder, `ACTIVE` or `COMPLETED`."),
    )
    def resume_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[str]:
        return _one(self._commands().reminders.resume(id, version=self._version(id, if_match)))

    @operation(
        "POST",
        "/reminders/<id>/complete",
        tag="reminders",
        summary="Complete a reminder",
        description="It ends as done; its waiting runs are cancelled. Safe to repeat.",
        answers=_becomes("The reminder, `COMPLETED`."),
    )
    def complete_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[str]:
        return _one(self._commands().reminders.complete(id, version=self._version(id, if_match)))

    def _version(self, id: str, if_match: str | None) -> int | None:
        return etags.expected(if_match, lambda: self._commands().reminders.get(id).version)


def _one(reminder: Reminder, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[str]:
    """A single reminder, with its ETag."""
    return reply(
        shown_reminder, reminder, status=status, headers={"ETag": etags.etag(reminder.version), **(headers or {})}
    )
