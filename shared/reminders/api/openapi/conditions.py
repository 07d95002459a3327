"""What the OpenAPI document says of fields that go together. Made of the rules' own tables, when it is asked for."""

from reminders.api.values import Schema
from reminders.schedules import fields
from reminders.schedules.fields import COMMON, NEEDED, OWN, SPEC_NAMES, TYPES

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
        {"oneOf": [option for name in TYPES for option in _of_type(name)]},
        {"anyOf": [_missing("max_catchup"), _has("misfire_policy", "fire_all")]},
        {"anyOf": [_missing("window_policy"), _given("send_window"), _given("business_calendar")]},
    ]


def _of_type(name: str) -> list[Schema]:
    """The ways in which a type's fields go together, each excluding the others."""
    foreign = [field for field in SPEC_NAMES if field not in {"schedule_type", *OWN[name], *COMMON}]
    whole = _merged(_has("schedule_type", name), _given(*NEEDED[name]), _missing(*foreign))
    match name:
        case fields.ONE_TIME:
            return _of_elapsed_time(whole)
        case fields.RECURRING:
            one, other = OWN[name]
            ways = ((one, other), (other, one))  # it needs one of the two
            return [
                option
                for needed, unwanted in ways
                for option in _of_elapsed_time(whole, _given(needed), _missing(unwanted))
            ]
        case fields.CALENDAR:
            with_overflow = _merged(whole, _given("month_overflow"), _has("unit", "month", "year"))
            return [_merged(whole, _missing("month_overflow")), with_overflow]
    return [whole]


def _of_elapsed_time(*whole: Schema) -> list[Schema]:
    """Without a wall clock a time zone means something only to a window or a calendar."""
    with_zone = _given("timezone")
    return [
        _merged(*whole, _missing("timezone")),
        _merged(*whole, with_zone, _given("send_window")),
        _merged(*whole, with_zone, _missing("send_window"), _given("business_calendar")),
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
