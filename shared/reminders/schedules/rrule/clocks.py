"""Times of day: at which times of a day a recurrence rule fires, and which of the days have one."""

from bisect import bisect_left
from collections.abc import Callable, Container, Mapping, Sequence, Set
from datetime import datetime
from functools import cached_property, lru_cache
from math import gcd
from typing import Protocol

from reminders.instants import DAY, MINUTE, SECOND
from reminders.schedules.days import CENTURY, weekday_of
from reminders.schedules.rrule.parts import Parts
from reminders.schedules.zones import wall_of


class Clock(Protocol):
    """Days are counted from 1970-01-01, times in microseconds since a day's midnight, ascending."""

    def times(self, day: int) -> Sequence[int]:
        """The times of a day; empty when there are none."""

    def next_day(self, day: int) -> int | None:
        """The first day from this one on that has times; None when there is none within a hundred years."""

    def count(self, days: Sequence[int]) -> int:
        """How many times these days have together."""


class Cycle:
    """Days that come again every so many days."""

    def __init__(self, period: int, days: Sequence[int], weekdays: Set[int]) -> None:
        """`days` are those of the first period, ascending; if it is whole weeks, days on other weekdays are dropped."""
        self.period = period
        self.days = days if period % 7 else [day for day in days if weekday_of(day) in weekdays]

    def next_day(self, day: int) -> int | None:
        """The first of them from this day on; None when there is none within a hundred years."""
        if not self.days:
            return None
        phase = day % self.period
        place = bisect_left(self.days, phase)
        found = day - phase + (self.days[place] if place < len(self.days) else self.days[0] + self.period)
        return found if found <= day + CENTURY else None


class Daily:
    """The same times every so many days."""

    def __init__(self, *, first: int, interval: int, times: Sequence[int], weekdays: Set[int]) -> None:
        self._first = first
        self._interval = interval
        self._times = tuple(times)
        self._cycle = Cycle(interval, [first % interval] if times else [], weekdays)

    def times(self, day: int) -> Sequence[int]:
        return () if (day - self._first) % self._interval else self._times

    def next_day(self, day: int) -> int | None:
        return self._cycle.next_day(day)

    def count(self, days: Sequence[int]) -> int:
        interval, phase = self._interval, self._first % self._interval
        return len(self._times) * (len(days) if interval == 1 else sum(day % interval == phase for day in days))


class Counted:
    """Every so many hours or minutes, counted from the start across days; times that are not wanted are left out."""

    def __init__(
        self, *, first: int, interval: int, wanted: Mapping[int, Sequence[int]], a_day: int, weekdays: Set[int]
    ) -> None:
        """`first` is the start's hour or minute since 1970, `a_day` are in a day; `wanted` gives each its times."""
        self._first = first
        self._interval = interval
        self._wanted = wanted
        self._a_day = a_day
        self._weekdays = weekdays
        self._from = lru_cache(maxsize=1_440)(self._times_from)

    def times(self, day: int) -> Sequence[int]:
        return self._from(self._wait(day))

    def next_day(self, day: int) -> int | None:
        return self._cycle.next_day(day)

    def count(self, days: Sequence[int]) -> int:
        period, lengths = self._cycle.period, self._lengths
        return lengths.get(0, 0) * len(days) if period == 1 else sum(lengths.get(day % period, 0) for day in days)

    @cached_property
    def _lengths(self) -> Mapping[int, int]:
        """How many times the days of the cycle have."""
        return {day: len(self._times_from(self._wait(day))) for day in self._cycle.days}

    @cached_property
    def _cycle(self) -> Cycle:
        """The days that have a time of day.

        Whether the count falls on an hour or minute of a day is a linear congruence: solved, not searched day by day.
        """
        common = gcd(self._interval, self._a_day)
        period = self._interval // common
        inverse = pow(self._a_day // common, -1, period)
        away = (self._first - at for at, times in self._wanted.items() if times)
        days = sorted({a // common * inverse % period for a in away if a % common == 0})
        return Cycle(period, days, self._weekdays)

    def _wait(self, day: int) -> int:
        """From a day's midnight to the first of its places."""
        return (self._first - day * self._a_day) % self._interval

    def _times_from(self, wait: int) -> tuple[int, ...]:
        places = range(wait, self._a_day, self._interval)
        return tuple(time for at in places if at in self._wanted for time in self._wanted[at])


def clock(parts: Parts, start: datetime) -> Clock:
    """The times of day of a DAILY, HOURLY or MINUTELY rule."""
    return _CLOCKS[parts.frequency](parts, start)


def times_of_day(parts: Parts, start: datetime) -> tuple[int, ...]:
    """Each hour with each minute, at the rule's one second; what is left open follows from the start."""
    hours = parts.lists.get("BYHOUR", [start.hour])
    minutes = parts.lists.get("BYMINUTE", [start.minute])
    return tuple((hour * 60 + minute) * MINUTE + _seconds(parts, start) for hour in hours for minute in minutes)


def is_wanted(number: int, length: int, wanted: Container[int]) -> bool:
    """Whether a number from 1 to `length` is among those wanted, counted from the beginning or from the end."""
    return number in wanted or number - length - 1 in wanted


def _seconds(parts: Parts, start: datetime) -> int:
    if "BYSECOND" in parts.lists:
        return parts.lists["BYSECOND"][0] * SECOND
    return start.second * SECOND + start.microsecond


def _daily(parts: Parts, start: datetime) -> Clock:
    times = times_of_day(parts, start)
    chosen = [time for place, time in enumerate(times, 1) if _at_position(parts, place, len(times))]
    return Daily(first=wall_of(start) // DAY, interval=parts.interval, times=chosen, weekdays=_weekdays(parts))


def _hourly(parts: Parts, start: datetime) -> Clock:
    minutes = parts.lists.get("BYMINUTE", [start.minute])
    chosen = [minute for place, minute in enumerate(minutes, 1) if _at_position(parts, place, len(minutes))]
    seconds = _seconds(parts, start)
    hours = parts.lists.get("BYHOUR", range(24))
    wanted = {hour: [(hour * 60 + minute) * MINUTE + seconds for minute in chosen] for hour in hours}
    first = wall_of(start) // (60 * MINUTE)
    return Counted(first=first, interval=parts.interval, wanted=wanted, a_day=24, weekdays=_weekdays(parts))


def _minutely(parts: Parts, start: datetime) -> Clock:
    seconds = _seconds(parts, start)
    hours, minutes = parts.lists.get("BYHOUR", range(24)), parts.lists.get("BYMINUTE", range(60))
    all_of_them = [hour * 60 + minute for hour in hours for minute in minutes] if _at_position(parts, 1, 1) else []
    wanted = {at: [at * MINUTE + seconds] for at in all_of_them}
    first = wall_of(start) // MINUTE
    return Counted(first=first, interval=parts.interval, wanted=wanted, a_day=1_440, weekdays=_weekdays(parts))


def _weekdays(parts: Parts) -> Set[int]:
    return {weekday for _, weekday in parts.days} or set(range(7))


def _at_position(parts: Parts, place: int, length: int) -> bool:
    positions = parts.lists.get("BYSETPOS")
    return positions is None or is_wanted(place, length, positions)


_CLOCKS: Mapping[str, Callable[[Parts, datetime], Clock]] = {"DAILY": _daily, "HOURLY": _hourly, "MINUTELY": _minutely}
