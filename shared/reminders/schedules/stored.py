"""A schedule as the database keeps it: type, anchor and interval are columns, everything else is one JSON object."""

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from reminders.model import Json, SendWindow
from reminders.model.reminder import Schedule, with_fields

_COLUMNS = ("schedule_type", "start_at", "interval_minutes")
_MOMENTS = frozenset(
    {"anchor_at", "end_at", "start_local", "anchor_local", "rrule_until", "offsets_from"}
)  # written as ISO 8601; a naive one is a wall time
_LISTS_OF_MOMENTS = frozenset({"rdates", "exdates", "rdates_local", "exdates_local"})
_LISTS = frozenset({"backoff_minutes", "offsets", "fired_offsets"})
_OTHERS = tuple(field.name for field in fields(Schedule) if field.name not in _COLUMNS)

_NAMES = frozenset(_OTHERS)
_SHORT = 500  # characters of a text that is remembered


def to_text(schedule: Schedule) -> str | None:
    """The JSON of what the columns do not hold; None when that is nothing."""
    given = {name: value for name in _OTHERS if (value := getattr(schedule, name)) is not None}
    return json.dumps({name: _written(name, value) for name, value in given.items()}) if given else None


def to_schedule(schedule_type: str, start_at: datetime, interval_minutes: int | None, text: str | None) -> Schedule:
    """The schedule that a row holds; ValueError when it is no object. A value that cannot be read is kept as it is, for
    `bounds` to refuse when the schedule is worked out."""
    others = {} if text is None else _known(text) if len(text) <= _SHORT else _read(text)
    columns = {"schedule_type": schedule_type, "start_at": start_at, "interval_minutes": interval_minutes}
    return with_fields(Schedule, {**others, **columns})


def _read(text: str) -> dict[str, Any]:
    """What its fields mean."""
    try:
        stored = json.loads(text)
    except RecursionError as deep:
        raise ValueError("a schedule is nested too deeply") from deep
    if not isinstance(stored, dict):
        raise ValueError("a schedule is a JSON object")
    return {name: _value(name, value) for name, value in stored.items() if name in _NAMES}


_known = lru_cache(maxsize=2_048)(_read)  # many reminders have the same text, but no long one


def _value(name: str, value: Any) -> Any:
    try:
        return _reading(name)(value)
    except (ValueError, TypeError, KeyError):
        return value


def _reading(name: str) -> Callable[[Any], Any]:
    if name in _MOMENTS:
        return datetime.fromisoformat
    if name in _LISTS_OF_MOMENTS:
        return lambda texts: tuple(map(datetime.fromisoformat, texts))
    if name in _LISTS:
        return tuple
    if name == "send_window":
        return lambda window: SendWindow(**{**window, "weekdays": frozenset(window["weekdays"])})
    return lambda value: () if isinstance(value, list | dict) else value  # nothing that a field may be


def _written(name: str, value: Any) -> Json:
    if name in _MOMENTS:
        return str(value.isoformat())
    if name in _LISTS_OF_MOMENTS:
        return [moment.isoformat() for moment in value]
    if name in _LISTS:
        return list(value)
    if isinstance(value, SendWindow):
        return {**value._asdict(), "weekdays": sorted(value.weekdays)}
    return value  # type: ignore[no-any-return]
