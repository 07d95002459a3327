"""Cron expressions: five fields as Debian's cron reads them, names, `L`, `LW`, `#`, and `@daily` and the like.

cronsim reads the fields and judges days; it is not asked for instants, since it errs where a zone shifts by part of an
hour.
"""

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache

from cronsim import CronSim, CronSimError

from reminders.errors import InvalidField
from reminders.instants import MINUTE
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules import phrases
from reminders.schedules.days import CENTURY, date_of, day_of
from reminders.schedules.patterns import ELAPSED, Daylight, Pattern
from reminders.schedules.schedule_type import DST_FIELDS, WallClockType, daylight_of

_LAST_DAY = day_of(date.max) - 31
_SOME_TIME = datetime(2000, 1, 1)  # noqa: DTZ001 - cronsim requires a start, which is not used
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_RANGE_WITH_STRIDE = re.compile(r"(?P<first>[A-Z0-9]+)-(?P<last>[A-Z0-9]+)/0*[1-9][0-9]*", re.ASCII | re.IGNORECASE)
_NAMES = {
    name: str(number)
    for names in ("SUN MON TUE WED THU FRI SAT", "_ JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
    for number, name in enumerate(names.split())
}


class CronExpression(WallClockType):
    """Fires at the wall times of a cron expression."""

    name = "cron"
    needed = ("cron",)
    own = ("cron", *DST_FIELDS)
    rule_needs_start = False
    blamed = "cron"

    def check(self, spec: ScheduleSpec) -> None:
        cron(spec.cron or "")

    def with_wall_times(self, schedule: Schedule, *, has_start: bool) -> Schedule:
        return schedule  # its start is only a bound

    def pattern(self, schedule: Schedule) -> Pattern:
        return cron(schedule.cron or "")

    def daylight(self, schedule: Schedule) -> Daylight:
        return ELAPSED if cron(schedule.cron or "").counts_elapsed_time else daylight_of(schedule)

    def describe(self, schedule: Schedule) -> str:
        from cron_descriptor import ExpressionDescriptor, FormatError, Options

        expression = spelled_out(schedule.cron or "")
        options = Options()
        options.locale_code = "en_US"  # not the machine's own
        try:
            described = ExpressionDescriptor(expression, options).get_description()
        except (FormatError, ValueError, IndexError, TypeError):  # it knows less than cron does
            described = f"by the cron expression {expression}"
        return f"{described[0].lower()}{described[1:]}{phrases.zone(schedule)}"


class Cron:
    """The wall times of an expression."""

    def __init__(self, expression: str) -> None:
        if not expression.isascii():  # upper() would turn some other letters into ASCII ones
            raise InvalidField("cron", "must be written in ASCII")
        fields = [",".join(map(_single, field.split(","))) for field in spelled_out(expression).split()]
        if len(fields) != 5:
            raise InvalidField("cron", "must have five fields: minute, hour, day of month, month, day of week")
        try:
            self._sim = CronSim(" ".join(fields), _SOME_TIME)
        except (CronSimError, AssertionError, ValueError, AttributeError, TypeError) as refused:
            raise InvalidField("cron", _reason(refused)) from None
        minutes, hours = sorted(self._sim.minutes), sorted(self._sim.hours)
        self.counts_elapsed_time = "*" in fields[0] or "*" in fields[1]
        """Debian's exception: with a star in its minute or hour it runs through the repeated hour."""
        self._times = tuple((hour * 60 + minute) * MINUTE for hour in hours for minute in minutes)
        self._next: dict[int, int | None] = {}
        self._months: dict[tuple[int, int], Sequence[int]] = {}

    def times(self, day: int) -> Sequence[int]:
        return self._times if self.next_day(day) == day else ()

    def next_day(self, day: int) -> int | None:
        try:
            return self._next[day]
        except KeyError:
            if len(self._next) > 1_000:
                self._next.clear()
            self._next[day] = found = self._search(day)
            if found != day:
                self._next[day + 1] = found  # whoever asks for this day asks for that one next
            return found

    def count(self, first: int, last: int) -> int:
        found, day = 0, first
        while day < last:
            begin = date_of(day)
            days, before = self._days_in(begin), day - begin.day
            found += bisect_left(days, last - before) - bisect_left(days, begin.day)
            day = _next_month(begin)
        return found * len(self._times)

    def _search(self, day: int) -> int | None:
        last = min(day + CENTURY, _LAST_DAY)
        while day <= last:
            begin = date_of(day)
            days = self._days_in(begin)
            place = bisect_left(days, begin.day)
            if place < len(days):
                found = day - begin.day + days[place]
                return found if found <= last else None
            day = _next_month(begin)
        return None

    def _days_in(self, day: date) -> Sequence[int]:
        """The days that are meant in the month of this day."""
        if day.month not in self._sim.months:
            return ()
        shape = monthrange(day.year, day.month)
        if shape not in self._months:  # there are only 28 different months
            days = range(1, shape[1] + 1)
            self._months[shape] = tuple(number for number in days if self._sim.match_day(day.replace(day=number)))
        return self._months[shape]


def spelled_out(expression: str) -> str:
    """The five fields that a word such as `@daily` stands for; anything else as it is."""
    if not expression.startswith("@"):
        return expression
    try:
        return _MACROS[expression.lower()]
    except KeyError:
        raise InvalidField("cron", f"unknown word; known: {', '.join(_MACROS)}") from None


@lru_cache(maxsize=256)  # each has up to 1,440 times, some 60 KB
def cron(expression: str) -> Cron:
    """An expression's pattern; InvalidField when it cannot be one. The same object each time: it remembers its days."""
    return Cron(expression)


def _single(term: str) -> str:
    """A range of one value without its stride: cronsim reads `2-2/4` as `2/4`, every fourth from 2 on."""
    found = _RANGE_WITH_STRIDE.fullmatch(term)
    return found["first"] if found and _value(found["first"]) == _value(found["last"]) else term


def _value(word: str) -> str:
    return _NAMES.get(word.upper(), word.lstrip("0") or "0")


def _next_month(day: date) -> int:
    """The first day of the next month."""
    year, month = divmod(day.year * 12 + day.month, 12)
    return day_of(date(year, month + 1, 1))


def _reason(refused: Exception) -> str:
    name = str(refused).removeprefix("Bad ") if isinstance(refused, CronSimError) else ""
    return f"its {name} field cannot be read, or never comes" if name else "cannot be read"
