"""Calendar units: every so many days, weeks, months or years at the anchor's wall-clock time."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime

from reminders.schedules.patterns import HORIZON_DAYS
from reminders.schedules.zones import DAY, wall_of

_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Days:
    """Every so many days at one time of the day."""

    def __init__(self, anchor: datetime, step: int) -> None:
        self._day, time = divmod(wall_of(anchor), DAY)
        self._step = step
        self._times = (time,)

    def times(self, day: int) -> Sequence[int]:
        return self._times if day >= self._day and (day - self._day) % self._step == 0 else ()

    def next_day(self, day: int) -> int | None:
        found = max(self._day, day + (self._day - day) % self._step)
        return found if found <= max(self._day, day + HORIZON_DAYS) else None


class Months:
    """Every so many months on the anchor's day of the month; where a month lacks it, on its last day or not at all."""

    def __init__(self, anchor: datetime, step: int, overflow: str) -> None:
        _, time = divmod(wall_of(anchor), DAY)
        self._anchor = anchor
        self._step = step
        self._clamps = overflow == "clamp"
        self._times = (time,)

    def times(self, day: int) -> Sequence[int]:
        return self._times if self._day_in(_month_of(day)) == day else ()

    def next_day(self, day: int) -> int | None:
        first = _month_of(day)
        month = max(self._begin, first + (self._begin - first) % self._step)
        while month <= first + HORIZON_DAYS // 30:
            found = self._day_in(month)
            if found is not None and found >= day:
                return found
            month += self._step
        return None

    def is_clamped(self, day: int) -> bool:
        """Whether a day is the last of a month that is too short."""
        return date.fromordinal(_EPOCH_DAY + day).day != self._anchor.day

    @property
    def _begin(self) -> int:
        return self._anchor.year * 12 + self._anchor.month - 1

    def _day_in(self, month: int) -> int | None:
        """The day that belongs to a month, both counted through; None when there is none."""
        if month < self._begin or (month - self._begin) % self._step:
            return None
        year, index = divmod(month, 12)
        if year > date.max.year:
            return None
        length = monthrange(year, index + 1)[1]
        if self._anchor.day > length and not self._clamps:
            return None
        return date(year, index + 1, min(self._anchor.day, length)).toordinal() - _EPOCH_DAY


def every(unit: str, step: int, anchor: datetime, overflow: str) -> Days | Months:
    """The pattern of a `calendar` schedule; `anchor` is a naive wall time."""
    match unit:
        case "day":
            return Days(anchor, step)
        case "week":
            return Days(anchor, 7 * step)
        case "month":
            return Months(anchor, step, overflow)
        case "year":
            return Months(anchor, 12 * step, overflow)
    raise ValueError("unit is day, week, month or year")


def _month_of(day: int) -> int:
    found = date.fromordinal(_EPOCH_DAY + day)
    return found.year * 12 + found.month - 1
