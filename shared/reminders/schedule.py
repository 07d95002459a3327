"""When reminders fire: pure arithmetic on instants, no clock of its own."""

from datetime import datetime

from reminders.model import Due, Instant, Schedule, to_datetime, to_instant

ONE_TIME = "one_time"
RECURRING = "recurring"

_MINUTE: Instant = 60_000_000


def next_occurrence(schedule: Schedule, after: datetime, occurrence_no: int = 0) -> datetime | None:
    """The first instant of the schedule strictly after `after`, in UTC; None when there is none.

    `occurrence_no` is how many have been planned already; a fixed grid does not depend on it.
    """
    start = to_instant(schedule.start_at)
    found = _next(schedule.schedule_type, start, schedule.interval_minutes, to_instant(after))
    return None if found is None else to_datetime(found)


def first_occurrence(schedule: Schedule, now: datetime) -> datetime | None:
    """Where a new or edited schedule begins: its first instant after `now`; a `one_time` that has passed is due at once."""
    if schedule.schedule_type == ONE_TIME:
        return schedule.start_at
    return next_occurrence(schedule, now)


type Window = tuple[int, Instant | None, Instant | None]
"""How many instants lie in (planned_through, now], the last of them, and the first after now (None at the end)."""


def window(due: Due, now: Instant) -> Window:
    """What a claimed reminder's schedule has to offer at `now`.

    A cursor of None means that nothing was planned yet: the window then begins with the anchor.
    """
    start, cursor = due.start_at, due.planned_through
    if now < start:
        return 0, None, start
    if due.schedule_type == ONE_TIME:
        return (1, start, None) if cursor is None or cursor < start else (0, None, None)
    step = _step(due.interval_minutes)
    last = (now - start) // step
    latest = start + last * step
    missed = last + 1 if cursor is None or cursor < start else last - (cursor - start) // step
    return (missed, latest, latest + step) if missed > 0 else (0, None, latest + step)


def _next(schedule_type: str, start: Instant, interval_minutes: int | None, after: Instant) -> Instant | None:
    if after < start:
        return start
    if schedule_type == ONE_TIME:
        return None
    step = _step(interval_minutes)
    return start + ((after - start) // step + 1) * step


def _step(interval_minutes: int | None) -> Instant:
    if not interval_minutes:
        raise ValueError("a recurring schedule has no interval")
    return interval_minutes * _MINUTE
