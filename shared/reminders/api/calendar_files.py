"""Holidays out of an iCalendar file (RFC 5545): its all-day events, each of their days, and what repeats of them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

from icalendar import Calendar
from icalendar.cal.component import Component

from reminders.api.refusals import FieldError, InvalidRequest
from reminders.errors import InvalidField
from reminders.instants import DAY
from reminders.schedules.rrule.parts import Parts
from reminders.schedules.rrule.recurrence import Recurrence, last_permitted
from reminders.schedules.zones import moment_of, wall_of

MAX_DAYS = 60  # of one event: anything longer is not a holiday
MAX_HOLIDAYS = 5_000
YEARS_BACK, YEARS_AHEAD = 10, 20  # that count: what repeats may do so for ever
_MAX_RULES = 50  # of all events: one that seldom fires costs as much as a hundred single days
_MAX_NAMED = 10 * MAX_HOLIDAYS  # days, also those that are named again, or excepted, or do not count
_YEAR = timedelta(days=366)
_OF_A_DAY = {"BYHOUR", "BYMINUTE", "BYSECOND"}  # parts that mean nothing to an event without a time of day
_DAYS = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE")  # what says when an event is


def holidays(raw: bytes, today: date) -> list[date]:
    """The days off that a file means in the years around today; InvalidRequest when it cannot be read, or means none,
    or too many. Events with a time of day, and cancelled ones, do not count."""
    events = [event for event in _events(raw) if _counts(event)]
    if not events:
        raise _refused("has no all-day events")
    if sum(len(_each(event, "RRULE")) for event in events) > _MAX_RULES:
        raise _refused(f"has more than {_MAX_RULES} rules by which events repeat")
    first, last = today - _YEAR * YEARS_BACK, today + _YEAR * YEARS_AHEAD
    found: set[date] = set()
    for named, day in enumerate(chain.from_iterable(_days(event, first, last) for event in events)):
        if day is not None and first <= day <= last:
            found.add(day)
        if len(found) > MAX_HOLIDAYS or named >= _MAX_NAMED:
            raise _refused(f"names more than {MAX_HOLIDAYS} days, or the same ones too often")
    if not found:
        raise _refused("names no days within the years that count")
    return sorted(found)


def _events(raw: bytes) -> list[Component]:
    try:
        text = raw.decode("utf-8-sig")
        parsed = Calendar.from_ical(text)
        if parsed.name != "VCALENDAR":
            raise _refused("is no iCalendar file: it begins with BEGIN:VCALENDAR")
        return list(parsed.walk("VEVENT"))
    except InvalidRequest:
        raise
    except Exception:  # the library's own are of many kinds, and a file may be anything
        raise _refused("cannot be read as an iCalendar file in UTF-8") from None


def _counts(event: Component) -> bool:
    """Whether it is an all-day event that takes place; a begin that cannot be read is refused."""
    if any(name in _DAYS for name, _ in event.errors):
        raise _refused("has an event whose days cannot be read")
    return _is_day(_value(event, "DTSTART")) and str(event.get("STATUS", "")).upper() != "CANCELLED"


def _value(event: Component, name: str) -> Any:
    """What a property says; None when it is not there, or is there more than once."""
    return getattr(event.get(name), "dt", None)


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _days(event: Component, earliest: date, latest: date) -> Iterator[date | None]:
    """Lazily, and some of them more than once; None for one that is excepted, since it costs as much."""
    begin = _value(event, "DTSTART")
    length = _length(event, begin)
    excepted = _dates(event, "EXDATE")
    for first in chain([begin], _dates(event, "RDATE"), _repeats(event, begin, earliest, latest)):
        if first in excepted:
            yield None
            continue
        try:
            yield from [first + timedelta(days=number) for number in range(length)]
        except OverflowError:
            raise _refused("names a day beyond the year 9999") from None


def _length(event: Component, begin: date) -> int:
    """In days: the end is not part of it, and without an end it is one day."""
    end, duration = _value(event, "DTEND"), _value(event, "DURATION")
    length = duration.days if isinstance(duration, timedelta) else 1
    if "DTEND" in event:
        length = (end - begin).days if _is_day(end) else -1
    if not 0 <= length <= MAX_DAYS:
        raise _refused(f"has an all-day event that does not last for 1 to {MAX_DAYS} days")
    return max(1, length)


def _repeats(event: Component, begin: date, earliest: date, latest: date) -> Iterator[date]:
    first, last = (wall_of(datetime.combine(day, time())) // DAY for day in (max(begin, earliest), latest))
    for rule in _each(event, "RRULE"):
        pattern = _pattern(rule.to_ical().decode(), datetime.combine(begin, time()))
        day = pattern.next_day(first)
        while day is not None and day <= last:
            yield moment_of(day * DAY).date()
            day = pattern.next_day(day + 1)


def _pattern(text: str, start: datetime) -> Recurrence:
    try:
        parts = Parts(text)
        if parts.frequency in ("HOURLY", "MINUTELY") or _OF_A_DAY & parts.lists.keys():
            raise _refused("repeats an all-day event within a day")
        until = last_permitted(text, start, lambda moment: moment.astimezone(UTC).replace(tzinfo=None))
        return Recurrence(text, start, until=until)
    except InvalidField as refused:
        raise _refused(f"repeats an event by a rule that is none: {refused.message}") from None


def _dates(event: Component, name: str) -> set[date]:
    """The dates of RDATE or EXDATE; those with a time of day belong to no all-day event."""
    return {moment.dt for some in _each(event, name) for moment in some.dts if _is_day(moment.dt)}


def _each(event: Component, name: str) -> list[Any]:
    """The values of a property that may be there several times."""
    found = event.get(name, [])
    return list(found) if isinstance(found, list) else [found]


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest([FieldError("body", message)])
