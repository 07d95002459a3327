"""What a schedule will do, for callers who ask before or after they create a reminder. Nothing is written."""

from dataclasses import dataclass
from datetime import datetime

from reminders.commands.calendars import Calendars
from reminders.errors import InvalidField, NotFound, PlanRefused
from reminders.instants import to_instant
from reminders.lifecycle import edits
from reminders.model.reminder import Reminder, ScheduleSpec
from reminders.schedules import words
from reminders.schedules.advance import NEVER
from reminders.schedules.fields import accepted
from reminders.schedules.preview import Item, upcoming
from reminders.schedules.rule import timeline_of
from reminders.schedules.timeline import Timeline
from reminders.states import Status
from reminders.storage.store import Store


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a schedule does next, and what it means in words."""

    items: tuple[Item, ...]
    description: str


class Previews:
    """Previews of schedules."""

    def __init__(self, store: Store, calendars: Calendars) -> None:
        self._store = store
        self._calendars = calendars

    def of_schedule(self, spec: ScheduleSpec, *, after: datetime | None, count: int) -> Preview:
        """What a reminder with this schedule would do after an instant, had it been created now, or then if that is
        earlier."""

        def once() -> Preview:
            moment = self._store.now()
            created = min(moment, after or moment)
            schedule = accepted(spec, created)
            calendars = self._calendars.shared(schedule.business_calendar)
            edits.check_fires(schedule, calendars, created)
            timeline = timeline_of(schedule, calendars)
            items = upcoming(
                schedule,
                timeline,
                since=to_instant(created),
                after=to_instant(after or moment),
                count=count,
                runs_left=schedule.max_runs,
            )
            return Preview(items=items, description=words.describe(schedule))

        return self._store.atomically(once)

    def of_reminder(self, reminder_id: str, *, after: datetime | None, count: int) -> Preview:
        """What a reminder will do after an instant, as things stand; one that is paused, as if it were resumed now.

        PlanRefused when SQL has given it a schedule that cannot be read.
        """

        def once() -> Preview:
            moment = self._store.now()
            reminder = self._store.reminders.get(reminder_id)
            if reminder is None:
                raise NotFound("reminder", reminder_id)
            schedule = reminder.schedule
            try:
                timeline = timeline_of(schedule, self._calendars.shared(schedule.business_calendar), reminder.id)
                description = words.describe(schedule)
            except InvalidField as broken:
                raise PlanRefused("its schedule cannot be read") from broken
            from_then = max(moment, after or moment)
            return Preview(items=_upcoming(reminder, timeline, moment, from_then, count), description=description)

        def readable() -> Preview:
            try:
                return once()
            except (ValueError, TypeError, LookupError, OverflowError) as broken:
                raise PlanRefused("its schedule cannot be read") from broken

        return self._store.atomically(readable)


def _upcoming(
    reminder: Reminder, timeline: Timeline, moment: datetime, after: datetime, count: int
) -> tuple[Item, ...]:
    """When it fires after an instant that is not before `moment`; one that is paused goes on from there."""
    if reminder.status not in (Status.ACTIVE, Status.PAUSED):
        return ()
    since = moment if reminder.status is Status.PAUSED else reminder.planned_through
    return upcoming(
        reminder.schedule,
        timeline,
        since=NEVER if since is None else to_instant(since),
        after=to_instant(after),
        count=count,
        runs_left=reminder.runs_left,
    )
