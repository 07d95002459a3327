"""Times of day: at which times of a day a recurrence rule fires, and which of the days have one."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from math import gcd
from typing import Protocol

from reminders.rules.rrule_parts import Parts
from reminders.rules.wall import HORIZON_DAYS
from reminders.rules.zones import SECOND, wall_of

_MINUTE = 60 * SECOND


class Clock(Protocol):
    """Days are counted from 1970-01-01, times in microseconds since a day's midnight, ascending."""

    def times(self, day: int) -> Sequence[int]: ...

    def next_day(self, day: int) -> int | None:
        """The first day from this one on that has times; None when there is none within HORIZON_DAYS."""


class Daily:
    """The same times each day."""

    def __init__(self, times: Sequence[int]) -> None:
        self._times = tuple(times)

    def times(self, day: int) -> Sequence[int]:
        return self._times

    def next_day(self, day: int) -> int | None:
        return day if self._times else None


class Stepped:
    """Every so many hours or minutes, counted through from the start; what is not wanted of a day is left out."""

    def __init__(self, *, first: int, step: int, wanted: Mapping[int, Sequence[int]], a_day: int) -> None:
        """`first` is the start's hour or minute since 1970, of which a day has `a_day`; `wanted` gives each its times."""
        self._first = first
        self._step = step
        self._wanted = wanted
        self._a_day = a_day
        self._from = lru_cache(maxsize=1_440)(self._times_from)

    def times(self, day: int) -> Sequence[int]:
        return self._from(self._wait(day))

    def next_day(self, day: int) -> int | None:
        period, days = self._cycle
        if not days:
            return None
        phase = day % period
        place = bisect_left(days, phase)
        found = day - phase + (days[place] if place < len(days) else days[0] + period)
        return found if found <= day + HORIZON_DAYS else None

    @cached_property
    def _cycle(self) -> tuple[int, Sequence[int]]:
        """After how many days the times of day come again, and the days of such a period that have one.

        That a step falls on an hour or minute of a day is a linear congruence: solved here, not searched for day by day.
        """
        common = gcd(self._step, self._a_day)
        period = self._step // common
        inverse = pow(self._a_day // common, -1, period)
        away = (self._first - at for at, times in self._wanted.items() if times)
        return period, sorted({a // common * inverse % period for a in away if a % common == 0})

    def _wait(self, day: int) -> int:
        """From a day's midnight to the next step."""
        return (self._first - day * self._a_day) % self._step

    def _times_from(self, wait: int) -> tuple[int, ...]:
        steps = range(wait, self._a_day, self._step)
        return tuple(time for at in steps if at in self._wanted for time in self._wanted[at])


def clock(parts: Parts, start: datetime) -> Clock:
    """The times of day of a DAILY, HOURLY or MINUTELY rule."""
    return _CLOCKS[parts.frequency](parts, start)


def times_of_day(parts: Parts, start: datetime) -> tuple[int, ...]:
    """Each hour with each minute, at the rule's one second; what is left open follows from the start."""
    hours = parts.lists.get("BYHOUR", [start.hour])
    minutes = parts.lists.get("BYMINUTE", [start.minute])
    return tuple((hour * 60 + minute) * _MINUTE + _seconds(parts, start) for hour in hours for minute in minutes)


def is_wanted(number: int, length: int, wanted: Sequence[int]) -> bool:
    """Whether a number from 1 to `length` is among those that are wanted, counted from the begin or from the end."""
    return number in wanted or number - length - 1 in wanted


def _seconds(parts: Parts, start: datetime) -> int:
    if "BYSECOND" in parts.lists:
        return parts.lists["BYSECOND"][0] * SECOND
    return start.second * SECOND + start.microsecond


def _daily(parts: Parts, start: datetime) -> Clock:
    times = times_of_day(parts, start)
    return Daily([time for place, time in enumerate(times, 1) if _at_position(parts, place, len(times))])


def _hourly(parts: Parts, start: datetime) -> Clock:
    minutes = parts.lists.get("BYMINUTE", [start.minute])
    chosen = [minute for place, minute in enumerate(minutes, 1) if _at_position(parts, place, len(minutes))]
    seconds = _seconds(parts, start)
    hours = parts.lists.get("BYHOUR", range(24))
    wanted = {hour: [(hour * 60 + minute) * _MINUTE + seconds for minute in chosen] for hour in hours}
    return Stepped(first=wall_of(start) // (60 * _MINUTE), step=parts.interval, wanted=wanted, a_day=24)


def _minutely(parts: Parts, start: datetime) -> Clock:
    seconds = _seconds(parts, start)
    hours, minutes = parts.lists.get("BYHOUR", range(24)), parts.lists.get("BYMINUTE", range(60))
    all_of_them = [hour * 60 + minute for hour in hours for minute in minutes] if _at_position(parts, 1, 1) else []
    wanted = {at: [at * _MINUTE + seconds] for at in all_of_them}
    return Stepped(first=wall_of(start) // _MINUTE, step=parts.interval, wanted=wanted, a_day=1_440)


def _at_position(parts: Parts, place: int, length: int) -> bool:
    positions = parts.lists.get("BYSETPOS")
    return positions is None or is_wanted(place, length, positions)


_CLOCKS: Mapping[str, Callable[[Parts, datetime], Clock]] = {"DAILY": _daily, "HOURLY": _hourly, "MINUTELY": _minutely}
