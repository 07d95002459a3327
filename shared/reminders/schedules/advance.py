"""When reminders fire: pure arithmetic on instants, no clock of its own.

Plain intervals and single instants are worked out here, in as few operations as possible: a tick does it a thousand
times at once. Everything else is left to the other modules of this folder, which are loaded when the first such
schedule is met: a cold start does without them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from reminders.errors import PlanRefused
from reminders.instants import MINUTE, Instant, to_datetime, to_instant
from reminders.model import BusinessCalendar, Due
from reminders.states import Reason

if TYPE_CHECKING:  # a tick with plain schedules only does without it
    from reminders.model.reminder import Schedule

ONE_TIME = "one_time"
RECURRING = "recurring"
_PLAIN = (ONE_TIME, RECURRING)

NEVER: Instant = -(2**62)
"""A cursor before everything: nothing has been planned yet."""
_LOOKS = 5  # searches across closed stretches, sixty at a time, for the first occurrence that is let through

type CalendarsByName = Mapping[str, BusinessCalendar]


class Advance(NamedTuple):
    """What the schedule does with a due reminder: one run, one recorded skip, or nothing yet.

    Built by `__new__`, since calling a class with keywords takes twice as long, and a tick does it a thousand times.
    """

    fires: bool
    skipped: Reason | None  # why a skip is recorded instead of a run
    scheduled_at: Instant | None
    stands_for: int  # occurrences, itself included
    cursor: Instant | None  # everything up to here is planned; None: as before
    next_due: Instant | None  # None: nothing is left
    supersedes: bool  # earlier runs are no longer retried

    @staticmethod
    def fire(
        *,
        at: Instant,
        stands_for: int = 1,
        cursor: Instant | None = None,
        next_due: Instant | None,
        supersedes: bool = True,
    ) -> "Advance":
        """One run; without a cursor, an extra one that a person has asked for."""
        return Advance.__new__(
            Advance,
            fires=True,
            skipped=None,
            scheduled_at=at,
            stands_for=stands_for,
            cursor=cursor,
            next_due=next_due,
            supersedes=supersedes,
        )

    @staticmethod
    def skip(*, reason: Reason, at: Instant, stands_for: int, cursor: Instant, next_due: Instant | None) -> "Advance":
        """Occurrences are passed over, and one record says why."""
        return Advance.__new__(
            Advance,
            fires=False,
            skipped=reason,
            scheduled_at=at,
            stands_for=stands_for,
            cursor=cursor,
            next_due=next_due,
            supersedes=True,
        )

    @staticmethod
    def wait(*, until: Instant | None) -> "Advance":
        """Nothing yet; with None, nothing ever."""
        return Advance.__new__(
            Advance,
            fires=False,
            skipped=None,
            scheduled_at=None,
            stands_for=0,
            cursor=None,
            next_due=until,
            supersedes=True,
        )


def next_occurrence(schedule: "Schedule", after: datetime, occurrence_no: int = 0) -> datetime | None:
    """The first instant of the schedule strictly after `after`, in UTC; None when there is none.

    `occurrence_no` is how many have fired already, which max_runs bounds. Windows and jitter are left out:
    they say when an occurrence is due, see `due_after`.
    """
    from reminders.schedules.rule import rule_of

    if schedule.max_runs is not None and occurrence_no >= schedule.max_runs:
        return None
    found = rule_of(schedule).following(to_instant(after))
    return None if found is None else to_datetime(found)


def due_after(
    schedule: "Schedule", cursor: datetime | None, calendars: CalendarsByName, reminder_id: str | None = None
) -> datetime | None:
    """When the first occurrence after the cursor is due, in UTC, with windows and jitter; None when there is none."""
    from reminders.schedules.rule import timeline_of

    timeline = timeline_of(schedule, calendars, reminder_id)
    found = timeline.following(NEVER if cursor is None else to_instant(cursor))
    return None if found is None else to_datetime(found.due)


def first_due(
    schedule: "Schedule", cursor: datetime | None, calendars: CalendarsByName, reminder_id: str
) -> datetime | None:
    """The same for a schedule that is just beginning; also None when its window lets nothing through for years."""
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


def of(due: Due, now: Instant, calendars: CalendarsByName) -> Advance:
    """What a claimed reminder does at `now`; PlanRefused when its schedule would not advance, NotKnownHere."""
    is_plain = due.schedule is None and due.schedule_type in _PLAIN
    found = _plain(due, now) if is_plain else _by_rule(due, now, calendars)
    before, cursor = due.planned_through, found.cursor
    if cursor is None or (before is not None and cursor <= before):  # most have moved on: no call is needed
        _check_advance(found, before, now)
    return found


def _check_advance(found: Advance, cursor: Instant | None, now: Instant) -> None:
    """A schedule that stood still would send without end."""
    if found.cursor is None:
        stands_still = found.next_due is not None and found.next_due <= now
    else:
        stands_still = cursor is not None and found.cursor <= cursor
    if stands_still:
        raise PlanRefused(
            f"the schedule does not advance: from {cursor} to {found.cursor}, next due at {found.next_due}"
        )


def _plain(due: Due, now: Instant) -> Advance:
    """A cursor of None means that nothing has been planned yet: then the anchor is the first one missed."""
    start, cursor = due.start_at, due.planned_through
    if now < start:
        return Advance.fire(at=now, next_due=start)
    if due.schedule_type == ONE_TIME:
        if cursor is None or cursor < start:
            return Advance.fire(at=start, cursor=start, next_due=None)
        return Advance.fire(at=now, next_due=None)
    if not due.interval_minutes:
        raise PlanRefused(f"a {due.schedule_type} schedule lacks what it needs")
    width = due.interval_minutes * MINUTE
    last = (now - start) // width
    latest = start + last * width
    missed = last + 1 if cursor is None or cursor < start else last - (cursor - start) // width
    if missed > 0:
        return Advance.fire(at=latest, stands_for=missed, cursor=latest, next_due=latest + width)
    return Advance.fire(at=now, next_due=latest + width)


def _by_rule(due: Due, now: Instant, calendars: CalendarsByName) -> Advance:
    from reminders.schedules import misfires
    from reminders.schedules.rule import timeline_of_row

    timeline, schedule = timeline_of_row(due, calendars)
    cursor = NEVER if due.planned_through is None else due.planned_through
    return misfires.advance(timeline, misfires.policy_of(schedule), cursor, now)
