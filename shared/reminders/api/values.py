"""Validated values: each text and instant that a caller may send is one of these."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

from reminders import conditions
from reminders.api.openapi.glossary import known

STRICT = ConfigDict(strict=True, extra="forbid", defer_build=True)
"""Of all bodies: nothing is coerced, unknown fields are refused. Deferred, so that a body costs a cold start nothing
until a request needs it."""

type Schema = dict[str, Any]
"""A JSON Schema, while the OpenAPI document is being made."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
"""No control characters, no line and paragraph separators. The bounds of length stand beside it."""
UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
ANY_TEXT = r"^[^\u0000]*$"
"""What PostgreSQL can store; the guard has seen to lone surrogates."""

OPENS = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
CLOSES = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
CALENDAR_NAME = r"^[A-Za-z0-9._:@+=-]{1,100}$"
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MAX_DISTANCE = timedelta(days=36_525)  # 100 years

# RFC 3339; digits of ASCII only, and an offset always.
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def instant(text: object) -> datetime:
    """An RFC 3339 text with a UTC offset, within 100 years of now, as a datetime in UTC."""
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        raise PydanticCustomError("instant", "must be RFC 3339 with a UTC offset, such as 2026-03-02T09:00:00Z")
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("instant", "there is no such date or time") from None
    if abs(moment - datetime.now(UTC)) > MAX_DISTANCE:
        raise PydanticCustomError("instant", "must be within 100 years of now")
    return moment


def day(text: object) -> date:
    """A date as `2026-12-25`, within 100 years of now."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise PydanticCustomError("day", "must be a date such as 2026-12-25")
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("day", "there is no such date") from None
    if abs(found - datetime.now(UTC).date()) > MAX_DISTANCE:
        raise PydanticCustomError("day", "must be within 100 years of now")
    return found


def line(name: str, longest: int, **settings: Any) -> Any:
    """A field of one line that is not empty."""
    return known(name, min_length=1, max_length=longest, pattern=ONE_LINE, **settings)


def each_once[T](values: list[T]) -> list[T]:
    """The same list, in which nothing stands twice."""
    if len(set(values)) < len(values):
        raise PydanticCustomError("unique", "names something twice")
    return values


def unique(schema: Schema) -> None:
    """Says of a list in the OpenAPI document that nothing stands in it twice; also within a union with null."""
    for part in [schema, *schema.get("anyOf", [])]:
        if part.get("type") == "array":
            part["uniqueItems"] = True


Instant = Annotated[datetime, BeforeValidator(instant)]
Day = Annotated[date, BeforeValidator(day)]
Weekdays = Annotated[list[Weekday], Field(min_length=1, max_length=7), AfterValidator(each_once)]


class _OneOf:
    """Says in the OpenAPI document which names a registry knows: it is asked when the document is made."""

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "enum": sorted(self._names())}


def _channels() -> Iterable[str]:
    # Imported only then: the registry brings the channels' libraries along.
    from reminders.channels import known_channels

    return known_channels()


def _condition(name: str) -> str:
    if name not in conditions.known_types():
        raise PydanticCustomError("unknown", f"unknown; known types: {', '.join(conditions.known_types())}")
    return name


Channel = Annotated[str, Field(min_length=1, max_length=50, pattern=ONE_LINE), _OneOf(_channels)]
"""The commands say whether there is such a channel."""
ConditionType = Annotated[str, AfterValidator(_condition), _OneOf(conditions.known_types)]


def utc_text(moment: datetime | None) -> str | None:
    """An instant as it is answered: UTC with `Z`, microseconds only if there are any.

    What SQL has set beyond the year 9999 comes from the driver as PostgreSQL's own text and is answered as that.
    """
    if not isinstance(moment, datetime):
        return moment
    return _written(moment if moment.tzinfo is UTC else moment.astimezone(UTC))


@lru_cache(maxsize=4_096)  # a new reminder has one instant in four fields
def _written(moment: datetime) -> str:
    # Without its zone: writing "+00:00" takes longer than everything else.
    return moment.replace(tzinfo=None).isoformat() + "Z"


def minutes_of(text: str) -> int:
    """`09:30` as minutes of the day."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def time_text(minutes: int) -> str:
    """Minutes of the day as `09:30`; the day's end is `24:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def weekday_texts(weekdays: Iterable[int]) -> list[Weekday]:
    """Weekdays as they are answered, Monday first."""
    return [WEEKDAYS[number] for number in sorted(weekdays)]
