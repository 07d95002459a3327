"""What the OpenAPI document says of fields that go together. Made of what each schedule type says of itself."""

from collections.abc import Iterator

from reminders.api.values import Schema
from reminders.schedules.fields import COMMON, SPEC_NAMES
from reminders.schedules.registry import TYPES
from reminders.schedules.schedule_type import ScheduleType

_NULL: Schema = {"type": "null"}


def new_schedule(schema: Schema) -> None:
    """A schedule that is whole: for each type what it needs, and nothing of another."""
    schema["allOf"] = _conditions()


def new_reminder(schema: Schema) -> None:
    """The same, and a stop condition that is whole."""
    type_, value = "stop_condition_type", "stop_condition_value"
    schema["allOf"] = [*_conditions(), {"anyOf": [_given(type_, value), _missing(type_, value)]}]


def _conditions() -> list[Schema]:
    return [
        {"oneOf": [option for kind in TYPES.values() for option in _of_type(kind)]},
        {"anyOf": [_missing("max_catchup"), _has("misfire_policy", "fire_all")]},
        {"anyOf": [_missing("window_policy"), _given("send_window"), _given("business_calendar")]},
    ]


def _of_type(kind: ScheduleType) -> list[Schema]:
    """The ways in which a type's fields go together, each excluding the others."""
    foreign = [field for field in SPEC_NAMES if field not in {"schedule_type", *kind.own, *COMMON}]
    options = [_merged(_has("schedule_type", kind.name), _given(*kind.needed), _missing(*foreign))]
    for alternatives in _alternatives(kind):
        options = [_merged(option, alternative) for option in options for alternative in alternatives]
    return options


def _alternatives(kind: ScheduleType) -> Iterator[list[Schema]]:
    """What a schedule of the type must choose from."""
    if kind.one_of:
        yield [_merged(_given(name), _missing(*(n for n in kind.one_of if n != name))) for name in kind.one_of]
    for field, (other, values) in kind.goes_with.items():
        yield [_missing(field), _merged(_given(field), _has(other, *values))]
    if not kind.has_wall_clock:  # then a time zone means something only to a window or a calendar
        with_zone = _given("timezone")
        yield [
            _missing("timezone"),
            _merged(with_zone, _given("send_window")),
            _merged(with_zone, _missing("send_window"), _given("business_calendar")),
        ]


def _given(*names: str) -> Schema:
    """They are there and not null."""
    return {"required": list(names), "properties": {name: {"not": _NULL} for name in names}}


def _missing(*names: str) -> Schema:
    """They are absent or null."""
    return {"properties": dict.fromkeys(names, _NULL)}


def _has(name: str, *values: str) -> Schema:
    return {"required": [name], "properties": {name: {"enum": list(values)}}}


def _merged(*schemas: Schema) -> Schema:
    required = dict.fromkeys(name for schema in schemas for name in schema.get("required", ()))
    properties = {name: part for schema in schemas for name, part in schema["properties"].items()}
    return {"required": list(required), "properties": properties}
