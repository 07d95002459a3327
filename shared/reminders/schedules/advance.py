"""When reminders fire: pure arithmetic on instants, no clock of its own.

Plain intervals and single instants are worked out here, in the fewest steps: a tick does it a thousand times at once.
Everything else is up to `rules/`, which is loaded when the first such schedule is met: a cold start does without it.
"""

from collections.abc import Mapping
from datetime import datetime

from reminders.errors import PlanRefused
from reminders.instants import MINUTE, Instant, to_datetime, to_instant
from reminders.model import BusinessCalendar, Due, Schedule
from reminders.schedules.step import Step

ONE_TIME = "one_time"
RECURRING = "recurring"

NEVER: Instant = -(2**62)
"""A cursor that lies before everything: nothing was planned yet."""
_LOOKS = 5  # at closed stretches before the first occurrence that is let through, sixty at a time

type CalendarsByName = Mapping[str, BusinessCalendar]


def next_occurrence(schedule: Schedule, after: datetime, occurrence_no: int = 0) -> datetime | None:
    """The first instant of the schedule strictly after `after`, in UTC; None when there is none.

    `occurrence_no` is how many have fired already, which max_runs bounds. Windows and jitter are not in it: they
    say when an occurrence is due, see `due_after`.
    """
    from reminders.schedules.rule import rule_of

    if schedule.max_runs is not None and occurrence_no >= schedule.max_runs:
        return None
    found = rule_of(schedule).following(to_instant(after))
    return None if found is None else to_datetime(found)


def due_after(
    schedule: Schedule, cursor: datetime | None, calendars: CalendarsByName, reminder_id: str | None = None
) -> datetime | None:
    """When the first occurrence after the cursor is due, in UTC: windows and jitter applied; None when there is none."""
    from reminders.schedules.rule import timeline_of

    timeline = timeline_of(schedule, calendars, reminder_id)
    found = timeline.following(NEVER if cursor is None else to_instant(cursor))
    return None if found is None else to_datetime(found.due)


def first_due(
    schedule: Schedule, cursor: datetime | None, calendars: CalendarsByName, reminder_id: str
) -> datetime | None:
    """The same for a schedule that begins; None also when its window lets nothing through for as far as can be looked."""
    from reminders.schedules.rule import timeline_of

    timeline = timeline_of(schedule, calendars, reminder_id)
    first = coming = timeline.following(NEVER if cursor is None else to_instant(cursor))
    for _ in range(_LOOKS):
        if first is None or coming is None or timeline.never_opens_for(coming):
            return None
        if coming.stands_for:
            return to_datetime(first.due)
        coming = timeline.following(coming.last)
    return None


def step(due: Due, now: Instant, calendars: CalendarsByName) -> Step:
    """What a claimed reminder does at `now`; PlanRefused when its schedule would not advance."""
    found = _plain(due, now) if due.schedule is None else _by_rule(due, now, calendars)
    _check_advance(found, due.planned_through, now)
    return found


def _check_advance(found: Step, cursor: Instant | None, now: Instant) -> None:
    """A schedule that stood still would send without end."""
    if found.cursor is None:
        stands_still = found.next_due is not None and found.next_due <= now
    else:
        stands_still = cursor is not None and found.cursor <= cursor
    if stands_still:
        raise PlanRefused(
            f"the schedule does not advance: from {cursor} to {found.cursor}, next due at {found.next_due}"
        )


def _plain(due: Due, now: Instant) -> Step:
    """A cursor of None means that nothing was planned yet: then the anchor is the first that was missed."""
    start, cursor = due.start_at, due.planned_through
    if now < start:
        return Step(True, None, now, 1, None, start)
    if due.schedule_type == ONE_TIME:
        if cursor is None or cursor < start:
            return Step(True, None, start, 1, start, None)
        return Step(True, None, now, 1, None, None)
    if not due.interval_minutes:
        raise PlanRefused(f"a {due.schedule_type} schedule lacks what it needs")
    width = due.interval_minutes * MINUTE
    last = (now - start) // width
    latest = start + last * width
    missed = last + 1 if cursor is None or cursor < start else last - (cursor - start) // width
    if missed > 0:
        return Step(True, None, latest, missed, latest, latest + width)
    return Step(True, None, now, 1, None, latest + width)


def _by_rule(due: Due, now: Instant, calendars: CalendarsByName) -> Step:
    from reminders.schedules import misfires
    from reminders.schedules.rule import timeline_of_row

    timeline, schedule = timeline_of_row(due, calendars)
    cursor = NEVER if due.planned_through is None else due.planned_through
    return misfires.step(timeline, misfires.policy_of(schedule), cursor, now)
