"""How parameters are written: instants, JSON, and arrays."""

import json
from collections.abc import Collection
from datetime import datetime

from reminders.model import Json

READ_AT_ONCE = 2_500_000  # bytes of messages and schedules, which take up to twenty times as much as Python's values


def time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def json_text(value: dict[str, Json] | None) -> str | None:
    return None if value is None else json.dumps(value)


# PostgreSQL's arrays are written here, by what C does fastest: a list costs pg8000 several times as much. If all are
# NULL the array is empty, and unnest pads it with NULLs to the length of the longest.


def numbers(values: Collection[float | None]) -> str:
    """An array of numbers."""
    listed = list(values)
    if listed.count(None) == len(listed):
        return "{}"
    return "{" + repr(listed)[1:-1].replace("None", "NULL") + "}"


def words(values: Collection[str | None]) -> str:
    """An array of texts that are known to need no quotes: ids, names of states, and the like."""
    listed = list(values)
    missing = listed.count(None)
    if missing == len(listed):
        return "{}"
    return "{" + ",".join([value or "NULL" for value in listed] if missing else listed) + "}"  # type: ignore[arg-type]


def texts(values: Collection[str | None]) -> str:
    """An array of any texts."""
    return words([None if value is None else _quoted(value) for value in values])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
