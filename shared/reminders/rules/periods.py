"""The periods of recurrence rules: the wall times that a rule means, as if it had begun long ago.

dateutil says which days of a year are meant by numbers that count through it: weeks, days, the 20th Monday. All else is
worked out here. So the next instant costs the same ten years on, where dateutil alone would walk all the way from the
start, and, where nothing fits, on to the year 9999.
"""

from bisect import bisect_left
from calendar import isleap, monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime
from functools import cache

from dateutil import rrule as dateutil

from reminders.rules.clocks import clock, is_wanted, times_of_day
from reminders.rules.rrule_parts import Parts
from reminders.rules.wall import HORIZON_DAYS, Pattern
from reminders.rules.zones import DAY, wall_of

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LAST_DAY = date.max.toordinal() - _EPOCH_DAY - 366
_KNOWN = 60  # spans that are remembered: a leap day that is a Monday is looked for in 40 of them


def periods(parts: Parts, start: datetime) -> Pattern:
    """The pattern of a rule; what it leaves open follows from the naive wall time of its start."""
    return Spans(parts, start) if parts.frequency in _SPANS else SingleDays(parts, start)


class SingleDays:
    """DAILY, HOURLY and MINUTELY rules: which days, and at which times of them."""

    def __init__(self, parts: Parts, start: datetime) -> None:
        self._months = frozenset(parts.lists.get("BYMONTH", range(1, 13)))
        self._month_days = _by_length(parts.lists["BYMONTHDAY"], range(28, 32)) if "BYMONTHDAY" in parts.lists else None
        self._weekdays = frozenset(weekday for _, weekday in parts.days) or frozenset(range(7))
        self._year_days = _by_length(parts.lists["BYYEARDAY"], (365, 366)) if "BYYEARDAY" in parts.lists else None
        self._clock = clock(parts, start)
        self._step = parts.interval if parts.frequency == "DAILY" else 1
        self._first = wall_of(start) // DAY

    def times(self, day: int) -> Sequence[int]:
        return () if self._wait(day) else self._clock.times(day)

    def next_day(self, day: int) -> int | None:
        last = min(day + HORIZON_DAYS, _LAST_DAY)
        while day <= last:
            if wait := self._wait(day):
                day += wait
                continue
            ticking = self._clock.next_day(day)
            if ticking is None or ticking == day:
                return ticking
            day = ticking
        return None

    def _wait(self, day: int) -> int:
        """0 for a day that the rule means; otherwise for how many days none can come."""
        if wait := (self._first - day) % self._step:
            return wait
        found = date.fromordinal(_EPOCH_DAY + day)
        length = monthrange(found.year, found.month)[1]
        if found.month not in self._months:
            return length - found.day + 1
        if self._year_days and (wait := _until(found.timetuple().tm_yday, self._year_days[365 + isleap(found.year)])):
            return wait
        if self._month_days and (wait := _until(found.day, self._month_days[length])):
            return wait
        return 0 if (day + 3) % 7 in self._weekdays else 1


def _by_length(wanted: Sequence[int], lengths: Iterable[int]) -> Mapping[int, Sequence[int]]:
    """The wanted days of a month or year by its length, ascending, and then the first day of the next."""
    return {
        length: [*(day for day in range(1, length + 1) if is_wanted(day, length, wanted)), length + 1]
        for length in lengths
    }


def _until(number: int, wanted: Sequence[int]) -> int:
    return wanted[bisect_left(wanted, number)] - number


class Spans:
    """WEEKLY, MONTHLY and YEARLY rules: which days of one week, month or year are meant."""

    def __init__(self, parts: Parts, start: datetime) -> None:
        self._parts = parts
        self._times = times_of_day(parts, start)
        self._days_of = _SPANS[parts.frequency](parts, start)
        self._frequency = parts.frequency
        self._phase = self._span_of(wall_of(start) // DAY)
        self._known: dict[int, Mapping[int, Sequence[int]]] = {}

    def times(self, day: int) -> Sequence[int]:
        return self._days(self._span_of(day)).get(day, ())

    def next_day(self, day: int) -> int | None:
        span = self._span_of(day)
        last = self._span_of(min(day + HORIZON_DAYS, _LAST_DAY))
        span += (self._phase - span) % self._parts.interval
        while span <= last:
            found = next((each for each in self._days(span) if each >= day), None)
            if found is not None:
                return found
            span += self._parts.interval
        return None

    def _days(self, span: int) -> Mapping[int, Sequence[int]]:
        if (span - self._phase) % self._parts.interval:
            return {}
        found = self._known.get(span)
        if found is None:
            if len(self._known) > _KNOWN:
                self._known.clear()
            self._known[span] = found = self._expand(span)
        return found

    def _expand(self, span: int) -> Mapping[int, Sequence[int]]:
        days = self._days_of(span)
        positions = self._parts.lists.get("BYSETPOS")
        return dict.fromkeys(days, self._times) if positions is None else self._at_positions(days, positions)

    def _at_positions(self, days: Sequence[int], positions: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """Those of a period's wall times that BYSETPOS chooses, by day. Never all of them: a year may have 525,600."""
        a_day = len(self._times)
        total = len(days) * a_day
        places = sorted({place - 1 if place > 0 else total + place for place in positions if abs(place) <= total})
        chosen: dict[int, list[int]] = {}
        for place in places:
            chosen.setdefault(days[place // a_day], []).append(self._times[place % a_day])
        return dict(chosen)

    def _span_of(self, day: int) -> int:
        """The week, month or year of a day, counted through."""
        if self._frequency == "WEEKLY":
            return (day + 3 - self._parts.week_start) // 7
        found = date.fromordinal(_EPOCH_DAY + day)
        return found.year if self._frequency == "YEARLY" else found.year * 12 + found.month - 1


type _Span = Callable[[int], Sequence[int]]


def _weeks(parts: Parts, start: datetime) -> _Span:
    months = parts.lists.get("BYMONTH")
    weekdays = frozenset(weekday for _, weekday in parts.days) or frozenset({start.weekday()})

    def days(span: int) -> Sequence[int]:
        first = span * 7 - 3 + parts.week_start
        found = [day for day in range(first, first + 7) if (day + 3) % 7 in weekdays]
        return found if months is None else [d for d in found if date.fromordinal(_EPOCH_DAY + d).month in months]

    return days


def _months(parts: Parts, start: datetime) -> _Span:
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
        before = date(year, month, 1).toordinal() - _EPOCH_DAY - 1
        return [before + day for day in within(*monthrange(year, month))]

    return days


def _is_named(day: int, weekday: int, length: int, names: Set[tuple[int, int]]) -> bool:
    """Whether BYDAY means a day of a month: each such weekday, or the one of a number from the begin or the end."""
    by_number = ((day + 6) // 7, weekday) in names or (-((length - day) // 7) - 1, weekday) in names
    return by_number or (0, weekday) in names


def _years(parts: Parts, start: datetime) -> _Span:
    of_the_year = any(nth for nth, _ in parts.days) and "BYMONTH" not in parts.lists
    if of_the_year or {"BYWEEKNO", "BYYEARDAY"} & parts.lists.keys():
        return _whole_years(parts, start)
    of_a_month = _months(parts, start)
    one_month = not parts.days and not {"BYMONTH", "BYMONTHDAY"} & parts.lists.keys()
    months = [start.month - 1] if one_month else range(12)
    return lambda span: [day for month in months for day in of_a_month(span * 12 + month)]


def _whole_years(parts: Parts, start: datetime) -> _Span:
    """By numbers that count through a year: dateutil knows them."""
    by = {key.lower(): value for key, value in parts.lists.items() if key in _DAYS_OF_A_YEAR}
    weekdays = [dateutil.weekday(weekday, nth or None) for nth, weekday in parts.days]
    if by.keys() - {"bymonth"} == {"byweekno"} and not weekdays:
        weekdays = [dateutil.weekday(start.weekday())]
    # Of weekdays with a number and without dateutil would mean those that are both: so each kind by itself.
    kinds: list[object] = [kind for kind in ([d for d in weekdays if d.n], [d for d in weekdays if not d.n]) if kind]

    known: dict[object, Sequence[int]] = {}  # weeks also depend on the year before: there are only 21 different years

    def days(span: int) -> Sequence[int]:
        before = date(span, 1, 1).toordinal() - _EPOCH_DAY - 1
        like = before % 7, isleap(span), isleap(span - 1)
        if like not in known:
            known[like] = sorted({day for kind in kinds or [None] for day in _year(span, by, kind, parts.week_start)})
        return [before + day for day in known[like]]

    return days


_DAYS_OF_A_YEAR = ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY")


def _year(year: int, by: Mapping[str, object], weekdays: object, week_start: int) -> Iterator[int]:
    # Where nothing fits, dateutil would try one year after the other up to 9999: so its next one lies beyond.
    first = datetime(year, 1, 1)  # noqa: DTZ001 - a wall time
    rule = dateutil.rrule(dateutil.YEARLY, dtstart=first, interval=10_000, wkst=week_start, byweekday=weekdays, **by)
    return (moment.timetuple().tm_yday for moment in rule)


_SPANS: Mapping[str, Callable[[Parts, datetime], _Span]] = {"WEEKLY": _weeks, "MONTHLY": _months, "YEARLY": _years}
