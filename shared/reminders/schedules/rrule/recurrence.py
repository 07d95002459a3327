"""Recurrence rules of RFC 5545 as wall times: a rule's periods, from its start to its end, with RDATE and EXDATE."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from reminders.instants import DAY
from reminders.schedules.days import CENTURY
from reminders.schedules.rrule.parts import Parts
from reminders.schedules.rrule.periods import LAST_DAY, periods
from reminders.schedules.zones import moment_of, wall_of

_AT_ONCE = 366  # days that are counted together


class Recurrence:
    """The wall times of a rule that begins at a naive wall time, with further ones added and excepted ones left out."""

    def __init__(
        self,
        text: str,
        start: datetime,
        *,
        until: datetime | None = None,
        rdates: Sequence[datetime] = (),
        exdates: Sequence[datetime] = (),
    ) -> None:
        """`until` is the last wall time that the rule's own COUNT or UNTIL permits, if it is known."""
        self._start = wall_of(start)
        self._periods = periods(Parts(text), start)
        self._until = None if until is None else wall_of(until)
        self._more = _by_day(rdates)
        self._not = _by_day(exdates)
        self._more_days = sorted(self._more)
        self._gap = (0, 0)  # from the first of these days until before the second, the rule's periods have nothing

    def times(self, day: int) -> Sequence[int]:
        found = self._periods.times(day)
        if day <= self._start // DAY:
            found = [time for time in found if day * DAY + time >= self._start]
        if self._until is not None and day >= self._until // DAY:
            found = [time for time in found if day * DAY + time <= self._until]
        if day in self._more:
            found = sorted({*found, *self._more[day]})
        if day in self._not:
            found = [time for time in found if time not in self._not[day]]
        return found

    def next_day(self, day: int) -> int | None:
        last = day + CENTURY
        while day <= last:
            found = self._candidate(day)
            if found is None:
                return None
            if self.times(found):
                return found
            day = found + 1
        return None

    def count(self, first: int, last: int) -> int:
        """How many times the days in [first, last) have together: by the periods, corrected on the days that differ."""
        last = min(last, LAST_DAY + 1)
        start, end = self._start // DAY, None if self._until is None else self._until // DAY
        begin, stop = max(first, start), last if end is None else min(last, end + 1)
        found = self._periods.count(begin, stop)
        for day in {start, start if end is None else end, *self._more, *self._not}:
            if first <= day < last:
                found += len(self.times(day)) - (len(self._periods.times(day)) if begin <= day < stop else 0)
        return found

    def _candidate(self, day: int) -> int | None:
        place = bisect_left(self._more_days, day)
        found = [*self._more_days[place : place + 1], *self._ruled(max(day, self._start // DAY))]
        return min(found, default=None)

    def _ruled(self, day: int) -> Sequence[int]:
        """The rule's own first day from this one on, if there is one."""
        last = None if self._until is None else self._until // DAY
        if last is not None and day > last:
            return ()
        found = self._period_day(day)
        return () if found is None or (last is not None and found > last) else (found,)

    def _period_day(self, day: int) -> int | None:
        """The first day of the periods from this one on.

        What has been searched is not searched again: a rule that seldom fires may have further dates each day.
        """
        gap = self._gap  # read once: another thread may replace it at any moment
        begin, end = gap if gap[0] <= day <= gap[1] else (day, day)
        if end > day + CENTURY:
            return None
        found = self._periods.next_day(end)
        self._gap = begin, end + CENTURY + 1 if found is None else found
        return found if found is not None and found <= day + CENTURY else None


@lru_cache(maxsize=128)  # each remembers up to some 200 KB
def recurrence(
    text: str, start: datetime, until: datetime | None, rdates: tuple[datetime, ...], exdates: tuple[datetime, ...]
) -> Recurrence:
    """A rule's pattern; InvalidField when it cannot be one. The same object each time: it remembers its periods."""
    return Recurrence(text, start, until=until, rdates=rdates, exdates=exdates)


def last_permitted(text: str, start: datetime, to_wall: Callable[[datetime], datetime]) -> datetime | None:
    """The last wall time that UNTIL or COUNT permit; None when neither ends the rule within a hundred years.

    `to_wall` gives the wall time of an aware instant. COUNT is walked once, here, so that nothing else has to count.
    """
    parts = Parts(text)
    if parts.count is None:
        return parts.last_wall_time(to_wall)
    rule, first = Recurrence(text, start), wall_of(start) // DAY
    left = parts.count
    for begin in range(first, first + CENTURY + 1, _AT_ONCE):
        counted = rule.count(begin, begin + _AT_ONCE)
        if counted >= left:
            return _wall_number(rule, begin, left)
        left -= counted
    return None


def ever_fires(text: str, start: datetime, until: datetime | None) -> bool:
    """Whether a rule has any wall time by itself within a hundred years of its start."""
    return Recurrence(text, start, until=until).next_day(wall_of(start) // DAY) is not None


def _wall_number(rule: Recurrence, day: int, number: int) -> datetime | None:
    """One of the wall times that a rule has from a day on, counted from 1."""
    while (found := rule.next_day(day)) is not None:
        times = rule.times(found)
        if number <= len(times):
            return moment_of(found * DAY + times[number - 1])
        number -= len(times)
        day = found + 1
    return None


def _by_day(moments: Sequence[datetime]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for moment in moments:
        day, time = divmod(wall_of(moment), DAY)
        found.setdefault(day, set()).add(time)
    return found
