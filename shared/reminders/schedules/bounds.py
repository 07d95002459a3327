"""What each field of a schedule may be, whoever has written it: with these bounds every search has an end.

The API's bodies are bounded more tightly; a row that SQL has made is held to these when its schedule is worked out.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from reminders.errors import InvalidField
from reminders.model import SendWindow
from reminders.model.reminder import ScheduleSpec

_LONGEST_LIST = 10_000  # of texts that fire or have fired, and of dates
_YEARS = range(1800, 3000)  # wider than what an API takes: an offset may lead a hundred years away


def check(schedule: ScheduleSpec) -> None:
    """InvalidField for the first field that no schedule may have like this."""
    for name, value in vars(schedule).items():
        if value is not None and not _FITS[name](value):
            raise InvalidField(name, "is not what it may be")


def _number(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _text(longest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= longest


def _each(fits: Callable[[Any], bool], longest: int = _LONGEST_LIST, least: int = 0) -> Callable[[Any], bool]:
    return lambda values: isinstance(values, tuple) and least <= len(values) <= longest and all(map(fits, values))


def _is_instant(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None and value.year in _YEARS


def _is_wall_time(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is None and value.year in _YEARS


def _is_window(value: Any) -> bool:
    if not isinstance(value, SendWindow):
        return False
    times = _number(0, 1440)
    has_zone = value.timezone is None or isinstance(value.timezone, str)
    return has_zone and times(value.opens) and times(value.closes) and all(map(_number(0, 6), value.weekdays))


_MINUTES = _number(1, 5_256_000)
_WORD = _text(20)
_FITS: Mapping[str, Callable[[Any], bool]] = {
    "schedule_type": _WORD,
    "start_at": _is_instant,
    "interval_minutes": _MINUTES,
    "backoff_minutes": _each(_MINUTES, least=1),
    "every": _number(1, 100_000),
    "unit": _WORD,
    "month_overflow": _WORD,
    "cron": _text(1_000),
    "rrule": _text(5_000),
    "rdates": _each(_is_instant),
    "exdates": _each(_is_instant),
    "anchor_at": _is_instant,
    "offsets": _each(_text(50)),
    "past_offset": _WORD,
    "timezone": _text(100),
    "end_at": _is_instant,
    "max_runs": _number(1, 2**31 - 1),
    "dst_gap": _WORD,
    "dst_overlap": _WORD,
    "misfire_policy": _WORD,
    "max_catchup": _number(1, 1_000),
    "misfire_grace_minutes": _number(0, 5_256_000),
    "send_window": _is_window,
    "business_calendar": _text(100),
    "window_policy": _WORD,
    "jitter_seconds": _number(0, 86_400),
    "start_local": _is_wall_time,
    "anchor_local": _is_wall_time,
    "rdates_local": _each(_is_wall_time),
    "exdates_local": _each(_is_wall_time),
    "rrule_until": lambda value: isinstance(value, datetime) and value.tzinfo is None,  # UNTIL may name any year
    "fired_offsets": _each(_text(50)),
    "offsets_from": _is_instant,
}
