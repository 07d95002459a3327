"""Calendar units: every so many days, weeks, months or years at the anchor's wall-clock time."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar

from reminders.errors import InvalidField
from reminders.instants import DAY, Instant
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules import phrases
from reminders.schedules.days import CENTURY, date_of, day_of
from reminders.schedules.patterns import Pattern, Zoned
from reminders.schedules.schedule_type import DST_FIELDS, WallClockType, local_start
from reminders.schedules.zones import wall_of

_MOST = {"day": CENTURY, "week": 5_217, "month": 1_200, "year": 100}  # in a hundred years


class CalendarUnits(WallClockType):
    """Fires every so many days, weeks, months or years."""

    name = "calendar"
    needed = ("unit", "start_at")
    own = ("every", "unit", "month_overflow", *DST_FIELDS)
    goes_with: ClassVar = {"month_overflow": ("unit", ("month", "year"))}
    blamed = "unit"

    def check(self, spec: ScheduleSpec) -> None:
        if spec.every is not None and spec.unit in _MOST and spec.every > _MOST[spec.unit]:
            raise InvalidField("every", "is longer than a hundred years")

    def pattern(self, schedule: Schedule) -> Pattern:
        overflow = schedule.month_overflow or "clamp"
        return every(schedule.unit or "", schedule.every or 1, local_start(schedule), overflow)

    def is_clamped(self, rule: Zoned, instant: Instant) -> bool:
        return isinstance(rule.pattern, Months) and rule.pattern.is_clamped(rule.zone.wall(instant) // DAY)

    def describe(self, schedule: Schedule) -> str:
        start, unit = schedule.start_local or schedule.start_at, schedule.unit or ""
        places = {
            "week": f" on {phrases.WEEKDAYS[start.weekday()]}",
            "month": f" on day {start.day}",
            "year": f" on {start.day} {phrases.MONTHS[start.month - 1]}",
        }
        place = places.get(unit, "")
        may_lack_it = (unit == "month" and start.day > 28) or (unit == "year" and (start.month, start.day) == (2, 29))
        if may_lack_it:
            place += ", or not at all" if schedule.month_overflow == "skip" else ", or the month's last"
        time = f"{phrases.clock(start)}{phrases.zone(schedule)}"
        return f"{phrases.every(schedule.every or 1, unit)}{place} at {time} from {start.date()}"


class Days:
    """Every so many days at one time of the day."""

    def __init__(self, anchor: datetime, interval: int) -> None:
        self._day, time = divmod(wall_of(anchor), DAY)
        self._interval = interval
        self._times = (time,)

    def times(self, day: int) -> Sequence[int]:
        return self._times if day >= self._day and (day - self._day) % self._interval == 0 else ()

    def next_day(self, day: int) -> int | None:
        found = max(self._day, day + (self._day - day) % self._interval)
        return found if found <= max(self._day, day + CENTURY) else None


class Months:
    """Every so many months on the anchor's day of the month; in a month without it, on the last day or not at all."""

    def __init__(self, anchor: datetime, interval: int, overflow: str) -> None:
        _, time = divmod(wall_of(anchor), DAY)
        self._anchor = anchor
        self._interval = interval
        self._clamps = overflow == "clamp"
        self._times = (time,)

    def times(self, day: int) -> Sequence[int]:
        return self._times if self._day_in(_month_of(day)) == day else ()

    def next_day(self, day: int) -> int | None:
        first = _month_of(day)
        month = max(self._begin, first + (self._begin - first) % self._interval)
        while month <= first + CENTURY // 30:
            found = self._day_in(month)
            if found is not None and found >= day:
                return found
            month += self._interval
        return None

    def is_clamped(self, day: int) -> bool:
        """Whether a day is the last of a month that is too short."""
        return date_of(day).day != self._anchor.day

    @property
    def _begin(self) -> int:
        return self._anchor.year * 12 + self._anchor.month - 1

    def _day_in(self, month: int) -> int | None:
        """The day that belongs to a month, both as running numbers; None when there is none."""
        if month < self._begin or (month - self._begin) % self._interval:
            return None
        year, index = divmod(month, 12)
        if year > date.max.year:
            return None
        length = monthrange(year, index + 1)[1]
        if self._anchor.day > length and not self._clamps:
            return None
        return day_of(date(year, index + 1, min(self._anchor.day, length)))


def every(unit: str, interval: int, anchor: datetime, overflow: str) -> Days | Months:
    """The pattern of a `calendar` schedule; `anchor` is a naive wall time."""
    match unit:
        case "day":
            return Days(anchor, interval)
        case "week":
            return Days(anchor, 7 * interval)
        case "month":
            return Months(anchor, interval, overflow)
        case "year":
            return Months(anchor, 12 * interval, overflow)
    raise ValueError("unit is day, week, month or year")


def _month_of(day: int) -> int:
    found = date_of(day)
    return found.year * 12 + found.month - 1
