"""The periods of recurrence rules: the wall times that a rule means, as if it had begun long ago.

Gaps between periods, and BYSETPOS, are worked out here. So the next instant costs the same ten years on, and where
nothing fits, no more than a hundred years are searched.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache, cached_property

from reminders.instants import DAY
from reminders.schedules.days import CENTURY, date_of, day_of
from reminders.schedules.patterns import Counting
from reminders.schedules.rrule.clocks import clock, times_of_day
from reminders.schedules.rrule.parts import Parts
from reminders.schedules.rrule.spans import FREQUENCIES, span, years
from reminders.schedules.zones import wall_of

LAST_DAY = day_of(date.max) - 366  # no rule is searched beyond it
_KNOWN = 60  # spans that are remembered: a leap day that is a Monday is looked for in 40 of them
_KNOWN_TIMES = 500  # and so many of their days and chosen times together


def periods(parts: Parts, start: datetime) -> Counting:
    """The pattern of a rule; what it leaves open follows from the naive wall time of its start."""
    return Spans(parts, start) if parts.frequency in FREQUENCIES else SingleDays(parts, start)


class SingleDays:
    """DAILY, HOURLY and MINUTELY rules: which days, and at which times of them."""

    def __init__(self, parts: Parts, start: datetime) -> None:
        self._years = years(parts)
        self._clock = clock(parts, start)

    def times(self, day: int) -> Sequence[int]:
        return () if self._years.next_day(day, day) is None else self._clock.times(day)

    def next_day(self, day: int) -> int | None:
        last = min(day + CENTURY, LAST_DAY)
        while day <= last:
            meant = self._years.next_day(day, last)
            ticking = None if meant is None else self._clock.next_day(meant)
            if ticking is None or ticking == meant:
                return ticking
            day = ticking
        return None

    def count(self, first: int, last: int) -> int:
        found, day = 0, first
        while day < last:
            year = date_of(day).year
            days = self._years.days(year)
            found += self._clock.count(days[bisect_left(days, day) : bisect_left(days, last)])
            day = day_of(date(year + 1, 1, 1))
        return found


class Spans:
    """WEEKLY, MONTHLY and YEARLY rules: which days of one week, month or year are meant."""

    def __init__(self, parts: Parts, start: datetime) -> None:
        self._parts = parts
        self._times = times_of_day(parts, start)
        self._days_of = span(parts, start)
        self._frequency = parts.frequency
        self._phase = self._span_of(wall_of(start) // DAY)
        self._known: dict[int, Mapping[int, Sequence[int]]] = {}
        self._weight = 0  # of these
        self._places = cache(self._places_in)

    def times(self, day: int) -> Sequence[int]:
        return self._days(self._span_of(day)).get(day, ())

    def next_day(self, day: int) -> int | None:
        if day > LAST_DAY or not self._may_fit:
            return None
        span = self._span_of(day)
        last = self._span_of(min(day + CENTURY, LAST_DAY))
        span += (self._phase - span) % self._parts.interval
        while span <= last:
            found = next((each for each in self._days(span) if each >= day), None)
            if found is not None:
                return found
            span += self._parts.interval
        return None

    def count(self, first: int, last: int) -> int:
        if first >= last or not self._may_fit:
            return 0
        span, end, found = self._span_of(first), self._span_of(last - 1), 0
        span += (self._phase - span) % self._parts.interval
        while span <= end:
            found += self._count(span, first, last)
            span += self._parts.interval
        return found

    def _count(self, span: int, first: int, last: int) -> int:
        days = self._days_of(span)
        if "BYSETPOS" not in self._parts.lists:
            return (bisect_left(days, last) - bisect_left(days, first)) * len(self._times)
        if days and first <= days[0] and days[-1] < last:
            return len(self._places(len(days) * len(self._times)))
        return sum(len(times) for day, times in self._expand(span).items() if first <= day < last)

    @cached_property
    def _may_fit(self) -> bool:
        """Whether a week has enough times for BYSETPOS, worked out instead of searching 5,218 of them."""
        positions = self._parts.lists.get("BYSETPOS", ())
        if self._frequency != "WEEKLY" or not positions:
            return True
        return min(map(abs, positions)) <= (len(set(self._parts.days)) or 1) * len(self._times)

    def _days(self, span: int) -> Mapping[int, Sequence[int]]:
        if (span - self._phase) % self._parts.interval:
            return {}
        found = self._known.get(span)
        if found is None:
            if len(self._known) > _KNOWN or self._weight > _KNOWN_TIMES:
                self._known.clear()
                self._weight = 0
            self._known[span] = found = self._expand(span)
            self._weight += sum(1 if times is self._times else len(times) for times in found.values())
        return found

    def _expand(self, span: int) -> Mapping[int, Sequence[int]]:
        days = self._days_of(span)
        return self._at_positions(days) if "BYSETPOS" in self._parts.lists else dict.fromkeys(days, self._times)

    def _at_positions(self, days: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """The wall times of a period that BYSETPOS chooses, by day. All are never listed: a year may have 525,600."""
        a_day = len(self._times)
        chosen: dict[int, list[int]] = {}
        for place in self._places(len(days) * a_day):
            chosen.setdefault(days[place // a_day], []).append(self._times[place % a_day])
        return dict(chosen)

    def _places_in(self, total: int) -> Sequence[int]:
        """The places that BYSETPOS chooses among so many wall times."""
        positions = [place for place in self._parts.lists["BYSETPOS"] if abs(place) <= total]
        return sorted({place - 1 if place > 0 else total + place for place in positions})

    def _span_of(self, day: int) -> int:
        """The week, month or year of a day, as a running number."""
        if self._frequency == "WEEKLY":
            return (day + 3 - self._parts.week_start) // 7
        found = date_of(day)
        return found.year if self._frequency == "YEARLY" else found.year * 12 + found.month - 1
