"""Recurrence rules of RFC 5545 as wall times.

dateutil says which days of one week, month or year a rule means; the times of the day, BYSETPOS, and how far apart the
periods are, are worked out here. So the next instant costs the same ten years on, where dateutil alone would walk all
the way from the start.
"""

import re
from bisect import bisect_left
from calendar import isleap, monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from dateutil import rrule as dateutil

from reminders.errors import InvalidField
from reminders.rules.wall import HORIZON_DAYS, Pattern
from reminders.rules.zones import DAY, SECOND, moment_of, wall_of

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = re.compile(r"(?P<nth>[+-]?[0-9]{1,2})?(?P<name>MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?", re.ASCII)

# Each list's least and greatest value; whether it may count from the end.
_LISTS = {
    "BYMONTH": (1, 12, False),
    "BYWEEKNO": (1, 53, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 59, False),
    "BYSETPOS": (1, 366, True),
}
_FREQUENCIES = ("MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# RFC 5545, 3.3.10: what may not stand beside a frequency.
_OUT_OF_PLACE = {
    "BYWEEKNO": {"MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY"},
    "BYYEARDAY": {"DAILY", "WEEKLY", "MONTHLY"},
    "BYMONTHDAY": {"WEEKLY"},
}
_DATEUTIL = {"WEEKLY": dateutil.WEEKLY, "MONTHLY": dateutil.MONTHLY, "YEARLY": dateutil.YEARLY}


class Parts:
    """A rule's parts, read strictly: whatever RFC 5545 does not permit is refused by name."""

    def __init__(self, text: str) -> None:
        self._given = _split(text)
        self.frequency = self._word("FREQ", _FREQUENCIES)
        self.interval = self._count("INTERVAL") or 1
        self.count = self._count("COUNT")
        self.until = self._given.pop("UNTIL", None)
        self.week_start = _WEEKDAYS.index(self._word("WKST", _WEEKDAYS, "MO"))
        self.lists = {name: self._numbers(name, *bounds) for name, bounds in _LISTS.items() if name in self._given}
        self.days = [_day(word) for word in self._given.pop("BYDAY", "").split(",") if word]
        if self._given:
            raise _refused(f"{sorted(self._given)[0][:20]} cannot be read")
        self._check()

    def _check(self) -> None:
        if self.count is not None and self.until is not None:
            raise _refused("has COUNT and UNTIL: only one of them may be there")
        if self.until is not None and not _UNTIL.fullmatch(self.until):
            raise _refused("UNTIL is a date such as 20261224 or a time such as 20261224T090000Z")
        for name, frequencies in _OUT_OF_PLACE.items():
            if name in self.lists and self.frequency in frequencies:
                raise _refused(f"{name} does not go with FREQ={self.frequency}")
        if any(nth for nth, _ in self.days) and (
            self.frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in self.lists
        ):
            raise _refused("BYDAY with a number goes with FREQ=MONTHLY or YEARLY, without BYWEEKNO")
        if len(self.lists.get("BYSECOND", ())) > 1:
            raise _refused("BYSECOND names one second: nothing fires more often than each minute")
        if "BYSETPOS" in self.lists and not self.days and len(self.lists) == 1:
            raise _refused("BYSETPOS needs another BY part beside it")

    def _word(self, name: str, known: Sequence[str], default: str | None = None) -> str:
        word = self._given.pop(name, default)
        if word is None or word not in known:
            raise _refused(f"{name} is one of {', '.join(known)}")
        return word

    def _count(self, name: str) -> int | None:
        text = self._given.pop(name, None)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) > 0):
            raise _refused(f"{name} is a whole number from 1 on")
        return int(text)

    def _numbers(self, name: str, least: int, most: int, from_the_end: bool) -> list[int]:
        words = self._given.pop(name).split(",")
        if not all(_NUMBER.fullmatch(word) for word in words):
            raise _refused(f"{name} is a list of whole numbers")
        found = sorted({int(word) for word in words})
        if not all(least <= (abs(number) if from_the_end else number) <= most for number in found):
            raise _refused(f"{name} lies between {least} and {most}")
        return found


class Recurrence:
    """The wall times of a rule that begins at a naive wall time, with further ones and without excepted ones."""

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
        self._periods = _periods(Parts(text), start)
        self._until = None if until is None else wall_of(until)
        self._more = _by_day(rdates)
        self._not = _by_day(exdates)
        self._more_days = sorted(self._more)

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
        last = day + HORIZON_DAYS
        while day <= last:
            found = self._candidate(day)
            if found is None:
                return None
            if self.times(found):
                return found
            day = found + 1
        return None

    def _candidate(self, day: int) -> int | None:
        ruled = self._periods.next_day(max(day, self._start // DAY))
        if ruled is not None and self._until is not None and ruled > self._until // DAY:
            ruled = None
        place = bisect_left(self._more_days, day)
        more = self._more_days[place : place + 1]
        return min([*more, *([] if ruled is None else [ruled])], default=None)


@lru_cache(maxsize=1_024)
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
    if parts.until is not None:
        return _until(parts.until, to_wall)
    if parts.count is None:
        return None
    rule = Recurrence(text, start)
    left, day = parts.count, rule.next_day(wall_of(start) // DAY)
    while day is not None:
        times = rule.times(day)
        if left <= len(times):
            return moment_of(day * DAY + times[left - 1])
        left -= len(times)
        day = rule.next_day(day + 1) if day - wall_of(start) // DAY < HORIZON_DAYS else None
    return None


def _until(text: str, to_wall: Callable[[datetime], datetime]) -> datetime:
    """A date means the whole of that day; a time with Z is an instant, without it a wall time."""
    try:
        if len(text) == 8:
            return datetime.strptime(text, "%Y%m%d") + timedelta(days=1, microseconds=-1)  # noqa: DTZ007
        if text.endswith("Z"):
            return to_wall(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
        return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except (ValueError, OverflowError):
        raise _refused("UNTIL names no such date or time") from None


# Periods: the set of wall times that a rule means, as if it had begun long ago


class _Daily:
    """DAILY, HOURLY and MINUTELY rules: which days, and at which times of them."""

    def __init__(self, parts: Parts, start: datetime) -> None:
        self._months = frozenset(parts.lists.get("BYMONTH", range(1, 13)))
        self._month_days = parts.lists.get("BYMONTHDAY")
        self._year_days = parts.lists.get("BYYEARDAY")
        self._weekdays = frozenset(weekday for _, weekday in parts.days) or frozenset(range(7))
        self._clock = _CLOCKS[parts.frequency](parts, start)
        self._step = parts.interval if parts.frequency == "DAILY" else 1
        self._first = wall_of(start) // DAY

    def times(self, day: int) -> Sequence[int]:
        if (day - self._first) % self._step or not self._fits(date.fromordinal(_EPOCH_DAY + day)):
            return ()
        return self._clock(day)

    def next_day(self, day: int) -> int | None:
        last = min(day + HORIZON_DAYS, date.max.toordinal() - _EPOCH_DAY)
        while day <= last:
            found = date.fromordinal(_EPOCH_DAY + day)
            if found.month not in self._months:
                day += monthrange(found.year, found.month)[1] - found.day + 1
            elif (wait := (self._first - day) % self._step) or not self._fits(found):
                day += wait or 1
            elif self._clock(day):
                return day
            else:
                day += 1
        return None

    def _fits(self, day: date) -> bool:
        return (
            day.weekday() in self._weekdays
            and day.month in self._months
            and (self._month_days is None or _counted(day.day, monthrange(day.year, day.month)[1], self._month_days))
            and (self._year_days is None or _counted(day.timetuple().tm_yday, 365 + isleap(day.year), self._year_days))
        )


def _counted(number: int, length: int, wanted: Sequence[int]) -> bool:
    """Whether a number is among those that are wanted, counted from the begin or from the end."""
    return number in wanted or number - length - 1 in wanted


class _Spans:
    """WEEKLY, MONTHLY and YEARLY rules: dateutil says which days of one span are meant."""

    def __init__(self, parts: Parts, start: datetime) -> None:
        self._parts = parts
        self._times = _clock_times(parts, start)
        self._by = _day_parts(parts, start)
        self._frequency = parts.frequency
        self._phase = self._span_of(wall_of(start) // DAY)
        self._known: dict[int, dict[int, Sequence[int]]] = {}

    def times(self, day: int) -> Sequence[int]:
        return self._days(self._span_of(day)).get(day, ())

    def next_day(self, day: int) -> int | None:
        span = self._span_of(day)
        last = self._span_of(min(day + HORIZON_DAYS, date.max.toordinal() - _EPOCH_DAY - 366))
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
        if span not in self._known:
            if len(self._known) > 200:
                self._known.clear()
            self._known[span] = self._expand(span)
        return self._known[span]

    def _expand(self, span: int) -> dict[int, Sequence[int]]:
        first, last = self._edges(span)
        months = self._parts.lists.get("BYMONTH")
        if months and self._frequency != "YEARLY" and not {first.month, last.month} & set(months):
            return {}
        rule = dateutil.rrule(
            _DATEUTIL[self._frequency], dtstart=first, until=last, wkst=self._parts.week_start, **self._by
        )
        days = [moment.toordinal() - _EPOCH_DAY for moment in rule]
        positions = self._parts.lists.get("BYSETPOS")
        if positions is None:
            return dict.fromkeys(days, self._times)
        return _at_positions([(day, time) for day in days for time in self._times], positions)

    def _span_of(self, day: int) -> int:
        """The week, month or year of a day, counted through."""
        if self._frequency == "WEEKLY":
            return (day + 3 - self._parts.week_start) // 7
        found = date.fromordinal(_EPOCH_DAY + day)
        return found.year if self._frequency == "YEARLY" else found.year * 12 + found.month - 1

    def _edges(self, span: int) -> tuple[datetime, datetime]:
        """A span's first and last day."""
        if self._frequency == "WEEKLY":
            first = datetime.fromordinal(_EPOCH_DAY + span * 7 - 3 + self._parts.week_start)
            return first, first + timedelta(days=6)
        if self._frequency == "YEARLY":
            return datetime(span, 1, 1), datetime(span, 12, 31)  # noqa: DTZ001
        year, month = span // 12, span % 12 + 1
        return datetime(year, month, 1), datetime(year, month, monthrange(year, month)[1])  # noqa: DTZ001


def _periods(parts: Parts, start: datetime) -> Pattern:
    return _Spans(parts, start) if parts.frequency in _DATEUTIL else _Daily(parts, start)


def _day_parts(parts: Parts, start: datetime) -> dict[str, object]:
    """What dateutil takes to choose days; what the rule leaves open follows from its start."""
    lists, days = parts.lists, parts.days
    by: dict[str, object] = {
        key.lower(): lists[key] for key in ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY") if key in lists
    }
    if days:
        by["byweekday"] = [dateutil.weekday(weekday, nth or None) for nth, weekday in days]
    elif parts.frequency == "WEEKLY" or "BYWEEKNO" in lists:
        by["byweekday"] = start.weekday()
    elif not by.keys() - {"bymonth"}:
        by["bymonthday"] = start.day
        if parts.frequency == "YEARLY" and "bymonth" not in by:
            by["bymonth"] = start.month
    return by


def _at_positions(walls: Sequence[tuple[int, int]], positions: Sequence[int]) -> dict[int, Sequence[int]]:
    """Those of a period's wall times that BYSETPOS chooses, by day."""
    chosen: dict[int, list[int]] = {}
    for place, (day, time) in enumerate(walls, 1):
        if _counted(place, len(walls), positions):
            chosen.setdefault(day, []).append(time)
    return dict(chosen)


# Clocks: the times of a day


def _clock_times(parts: Parts, start: datetime) -> tuple[int, ...]:
    """Each hour with each minute, at the rule's one second."""
    hours = parts.lists.get("BYHOUR", [start.hour])
    minutes = parts.lists.get("BYMINUTE", [start.minute])
    return tuple((hour * 60 + minute) * 60 * SECOND + _seconds(parts, start) for hour in hours for minute in minutes)


def _seconds(parts: Parts, start: datetime) -> int:
    (second,) = parts.lists.get("BYSECOND", [start.second])
    return second * SECOND + (start.microsecond if "BYSECOND" not in parts.lists else 0)


type _Clock = Callable[[int], Sequence[int]]


def _daily_clock(parts: Parts, start: datetime) -> _Clock:
    times = _clock_times(parts, start)
    if positions := parts.lists.get("BYSETPOS"):
        times = tuple(time for place, time in enumerate(times, 1) if _counted(place, len(times), positions))
    return lambda day: times


def _hourly_clock(parts: Parts, start: datetime) -> _Clock:
    minutes = parts.lists.get("BYMINUTE", [start.minute])
    if positions := parts.lists.get("BYSETPOS"):
        minutes = [m for place, m in enumerate(minutes, 1) if _counted(place, len(minutes), positions)]
    hours = frozenset(parts.lists.get("BYHOUR", range(24)))
    seconds, step = _seconds(parts, start), parts.interval
    first = wall_of(start) // (3_600 * SECOND)

    @lru_cache(maxsize=1_440)
    def times(phase: int) -> tuple[int, ...]:
        fitting = [hour for hour in range(phase, 24, step) if hour in hours]
        return tuple((hour * 60 + minute) * 60 * SECOND + seconds for hour in fitting for minute in minutes)

    return lambda day: times((first - day * 24) % step)


def _minutely_clock(parts: Parts, start: datetime) -> _Clock:
    if not {1, -1} & set(parts.lists.get("BYSETPOS", [1])):
        return lambda day: ()
    hours = frozenset(parts.lists.get("BYHOUR", range(24)))
    minutes = frozenset(parts.lists.get("BYMINUTE", range(60)))
    seconds, step = _seconds(parts, start), parts.interval
    first = wall_of(start) // (60 * SECOND)

    @lru_cache(maxsize=1_440)
    def times(phase: int) -> tuple[int, ...]:
        fitting = [at for at in range(phase, 1_440, step) if at // 60 in hours and at % 60 in minutes]
        return tuple(at * 60 * SECOND + seconds for at in fitting)

    return lambda day: times((first - day * 1_440) % step)


_CLOCKS: Mapping[str, Callable[[Parts, datetime], _Clock]] = {
    "DAILY": _daily_clock,
    "HOURLY": _hourly_clock,
    "MINUTELY": _minutely_clock,
}


# Reading


def _split(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not (equals and name and value):
            raise _refused("is parts such as FREQ=DAILY, parted by semicolons")
        if name in given:
            raise _refused(f"{name[:20]} is given more than once")
        given[name] = value
    return given


def _day(word: str) -> tuple[int, int]:
    """A weekday and which of them, as (number or 0, weekday)."""
    found = _DAY.fullmatch(word)
    if found is None or (found["nth"] and not 1 <= abs(int(found["nth"])) <= 53):
        raise _refused("BYDAY is a list of weekdays such as MO or -1FR")
    return int(found["nth"] or 0), _WEEKDAYS.index(found["name"])


def _by_day(moments: Sequence[datetime]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for moment in moments:
        day, time = divmod(wall_of(moment), DAY)
        found.setdefault(day, set()).add(time)
    return found


def _refused(message: str) -> InvalidField:
    return InvalidField("rrule", message)
