"""Spans: which days of one week, month or year a recurrence rule means."""

from bisect import bisect_left
from calendar import isleap, monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from copy import copy
from datetime import date, datetime
from functools import cache, lru_cache

from reminders.schedules.days import date_of, day_of
from reminders.schedules.rrule.clocks import is_wanted
from reminders.schedules.rrule.parts import Parts

type Span = Callable[[int], Sequence[int]]
"""The days of a week, month or year, all as running numbers."""


def span(parts: Parts, start: datetime) -> Span:
    """The days of a WEEKLY, MONTHLY or YEARLY rule; what it leaves open follows from its start's wall time."""
    return _SPANS[parts.frequency](parts, start)


def _weeks(parts: Parts, start: datetime) -> Span:
    months = parts.lists.get("BYMONTH")
    weekdays = frozenset(weekday for _, weekday in parts.days) or frozenset({start.weekday()})
    offsets = [offset for offset in range(7) if (parts.week_start + offset) % 7 in weekdays]

    def days(span: int) -> Sequence[int]:
        first = span * 7 - 3 + parts.week_start
        if months is not None:
            begin, end = date_of(first).month, date_of(first + 6).month
            if begin != end:
                found = [first + offset for offset in offsets]
                return [day for day in found if date_of(day).month in months]
            if begin not in months:
                return []
        return [first + offset for offset in offsets]

    return days


def _months(parts: Parts, start: datetime) -> Span:
    months = parts.lists.get("BYMONTH", range(1, 13))
    month_days = parts.lists.get("BYMONTHDAY", None if parts.days else [start.day])
    names = frozenset(parts.days)

    @cache  # there are only 28 different months
    def within(weekday: int, length: int) -> Sequence[int]:
        return [
            day
            for day in range(1, length + 1)
            if (month_days is None or is_wanted(day, length, month_days))
            and (not names or _is_named(day, (weekday + day - 1) % 7, length, names))
        ]

    def days(span: int) -> Sequence[int]:
        year, month = span // 12, span % 12 + 1
        if month not in months:
            return []
        before = day_of(date(year, month, 1)) - 1
        return [before + day for day in within(*monthrange(year, month))]

    return days


def _is_named(day: int, weekday: int, length: int, names: Set[tuple[int, int]]) -> bool:
    """Whether BYDAY means a day of a month or year: each such weekday, or the nth from the beginning or the end."""
    by_number = ((day + 6) // 7, weekday) in names or (-((length - day) // 7) - 1, weekday) in names
    return by_number or (0, weekday) in names


def _years(parts: Parts, start: datetime) -> Span:
    by_week, fixed = "BYWEEKNO" in parts.lists, {"BYMONTHDAY", "BYYEARDAY"} & parts.lists.keys()
    if by_week and not fixed and not parts.days:
        parts = copy(parts)
        parts.days = [(0, start.weekday())]
    of_the_year = any(nth for nth, _ in parts.days) and "BYMONTH" not in parts.lists
    of_a_month = _months(parts, start)
    one_month = not parts.days and not {"BYMONTH", "BYMONTHDAY"} & parts.lists.keys()
    months = [start.month - 1] if one_month else range(12)

    def by_months(span: int) -> Sequence[int]:
        return [day for month in months for day in of_a_month(span * 12 + month)]

    days = years(parts).days if of_the_year or "BYYEARDAY" in parts.lists else by_months
    return _in_weeks(days, parts.lists["BYWEEKNO"], parts.week_start) if by_week else days


def _in_weeks(days: Span, wanted: Sequence[int], week_start: int) -> Span:
    """The days of a calendar year that lie in certain weeks: the first week's may be in the December before."""

    known: dict[tuple[int, bool, bool], Sequence[int]] = {}  # there are only 28 different years, with the one before

    def within(year: int) -> Sequence[int]:
        first = date(year, 1, 1)
        before, kind = day_of(first) - 1, (first.weekday(), isleap(year), isleap(year - 1))
        if kind not in known:
            begins = [(day, day - (day + 3 - week_start) % 7) for day in days(year)]
            weeks = {begin for begin in {begin for _, begin in begins} if is_wanted(*_week(begin), wanted)}
            known[kind] = [day - before for day, begin in begins if begin in weeks]
        return [before + number for number in known[kind]]

    return within


def _week(begin: int) -> tuple[int, int]:
    """The number of the week that begins on a day, and how many its year has.

    The first is the one with four days of the year or more, which is the one with 4 January, whatever day begins it.
    """
    year = date_of(begin + 3).year
    before, end = (day_of(date(y, 1, 1)) for y in (year, year + 1))
    last = end - 4  # 28 December is in the last week
    return (begin + 3 - before) // 7 + 1, (last - (last - begin) % 7 + 3 - before) // 7 + 1


class Years:
    """The days of each year that BYMONTH, BYYEARDAY, BYMONTHDAY and BYDAY, where given, mean together."""

    def __init__(self, lists: Mapping[str, Set[int]], names: Set[tuple[int, int]]) -> None:
        self._lists = lists
        self._names = names
        self._kinds: dict[tuple[int, bool], Sequence[int]] = {}
        self._known: dict[int, tuple[int, Sequence[int]]] = {}

    def days(self, year: int) -> Sequence[int]:
        """Those of one year."""
        before, numbers = self._of(year)
        return [before + number for number in numbers]

    def next_day(self, day: int, last: int) -> int | None:
        """The first of them from one day through another; None when there is none."""
        begin, end = (date_of(each).year for each in (day, last))
        for year in range(begin, end + 1):
            before, numbers = self._of(year)
            place = bisect_left(numbers, day - before)
            if place < len(numbers):
                found = before + numbers[place]
                return found if found <= last else None
        return None

    def _of(self, year: int) -> tuple[int, Sequence[int]]:
        """The day before a year, and the numbers of its days that are meant."""
        found = self._known.get(year)
        if found is None:
            first = date(year, 1, 1)
            kind = first.weekday(), isleap(year)  # there are only 14 different years
            if kind not in self._kinds:
                self._kinds[kind] = tuple(self._numbers(year))
            self._known[year] = found = day_of(first) - 1, self._kinds[kind]
        return found

    def _numbers(self, year: int) -> Iterator[int]:
        months, month_days, year_days = (self._lists.get(key) for key in ("BYMONTH", "BYMONTHDAY", "BYYEARDAY"))
        weekday, number, days = date(year, 1, 1).weekday(), 0, 365 + isleap(year)
        for month in range(1, 13):
            length = monthrange(year, month)[1]
            for day in range(1, length + 1) if months is None or month in months else ():
                at = number + day
                if year_days is not None and not is_wanted(at, days, year_days):
                    continue
                if month_days is not None and not is_wanted(day, length, month_days):
                    continue
                within = (at, days) if months is None else (day, length)
                if not self._names or _is_named(within[0], (weekday + at - 1) % 7, within[1], self._names):
                    yield at
            number += length


def years(parts: Parts) -> Years:
    """A rule's days of each year. The same object for rules that mean the same days: it remembers them."""
    lists = ((key, frozenset(parts.lists[key])) for key in ("BYMONTH", "BYMONTHDAY", "BYYEARDAY") if key in parts.lists)
    return years_of(tuple(lists), frozenset(parts.days))


@lru_cache(maxsize=128)  # each has fourteen different years, some 100 KB
def years_of(lists: tuple[tuple[str, frozenset[int]], ...], names: frozenset[tuple[int, int]]) -> Years:
    return Years(dict(lists), names)


_SPANS: Mapping[str, Callable[[Parts, datetime], Span]] = {"WEEKLY": _weeks, "MONTHLY": _months, "YEARLY": _years}
FREQUENCIES = frozenset(_SPANS)
"""Those whose rules go from span to span; the others go from day to day."""
