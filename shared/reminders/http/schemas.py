"""The bodies that come in and go out. Strict: nothing is coerced, unknown fields are refused, every text is bounded."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from reminders import conditions
from reminders.changes import Edit, NewReminder
from reminders.commands import FlagChange
from reminders.http.glossary import known
from reminders.http.values import ANY_TEXT, ONE_LINE, Instant, utc_text
from reminders.model import Condition, Flag, Message, NaturalKey, Reminder, RunRecord
from reminders.store import Health

ScheduleType = Literal["recurring", "one_time"]

# `defer_build`: a model costs a cold start nothing until a request needs it.
_IN = ConfigDict(strict=True, extra="forbid", defer_build=True)
_OUT = ConfigDict(defer_build=True)


def _known_channels(schema: dict[str, Any]) -> None:
    # Imported when the document is made: it is the only reader here, and channels bring their libraries along.
    from reminders.channels import known_channels

    schema["enum"] = sorted(known_channels())


def _known_conditions(schema: dict[str, Any]) -> None:
    options = schema.get("anyOf", [schema])
    options[0]["enum"] = list(conditions.known_types())


def _may_be_absent(schema: dict[str, Any]) -> None:
    """Absent means unchanged, which no default can say."""
    schema.pop("default", None)


def _together(field: str, given: str, other: str) -> dict[str, Any]:
    """JSON Schema for: `other` is there with `field`, and only then."""
    return {
        "if": {"required": [field], "properties": {field: given}},
        "then": {"required": [other], "properties": {other: {"not": {"type": "null"}}}},
        "else": {"properties": {other: {"type": "null"}}},
    }


_NULL = {"type": "null"}
_GIVEN = {"not": _NULL}
_CROSS_FIELD_RULES = {
    "allOf": [
        {
            "if": {"properties": {"schedule_type": {"const": "recurring"}}},
            "then": {"required": ["interval_minutes"], "properties": {"interval_minutes": _GIVEN}},
            "else": {"required": ["start_at"], "properties": {"start_at": _GIVEN, "interval_minutes": _NULL}},
        },
        {
            "if": {"required": ["stop_condition_type"], "properties": {"stop_condition_type": _GIVEN}},
            "then": {"required": ["stop_condition_value"], "properties": {"stop_condition_value": _GIVEN}},
            "else": {"properties": {"stop_condition_value": _NULL}},
        },
    ]
}


def _refused(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("cross_field", "{message}", {"field": field, "message": message})


class ReminderIn(BaseModel):
    """A new reminder. A field that is null counts as absent."""

    model_config = ConfigDict(**_IN, title="NewReminder", json_schema_extra=_CROSS_FIELD_RULES)

    entity_type: str = known("entity_type", min_length=1, max_length=100, pattern=ONE_LINE)
    entity_id: str = known("entity_id", min_length=1, max_length=200, pattern=ONE_LINE)
    event_type: str = known("event_type", min_length=1, max_length=100, pattern=ONE_LINE)
    channel: str = known("channel", min_length=1, max_length=50, pattern=ONE_LINE, json_schema_extra=_known_channels)
    schedule_type: ScheduleType = known("schedule_type")
    interval_minutes: int | None = known("interval_minutes", default=None, ge=1, le=5_256_000)
    start_at: Instant | None = known("start_at", default=None)
    stop_condition_type: str | None = known("stop_condition_type", default=None, max_length=50, json_schema_extra=_known_conditions)
    stop_condition_value: str | None = known("stop_condition_value", default=None, min_length=1, max_length=500, pattern=ONE_LINE)
    recipient: str | None = known("recipient", default=None, min_length=1, max_length=500, pattern=ONE_LINE)
    subject: str | None = known("subject", default=None, min_length=1, max_length=500, pattern=ONE_LINE)
    body: str | None = known("body", default=None, max_length=32_768, pattern=ANY_TEXT)
    payload: dict[str, Any] | None = known("payload", default=None)

    @model_validator(mode="after")
    def _fields_fit_together(self) -> Self:
        if self.schedule_type == "recurring" and self.interval_minutes is None:
            raise _refused("interval_minutes", "is required for a recurring schedule")
        if self.schedule_type == "one_time" and self.interval_minutes is not None:
            raise _refused("interval_minutes", "does not belong to a one_time schedule")
        if self.schedule_type == "one_time" and self.start_at is None:
            raise _refused("start_at", "is required for a one_time schedule")
        if self.stop_condition_type is None and self.stop_condition_value is not None:
            raise _refused("stop_condition_type", "is required with stop_condition_value")
        if self.stop_condition_type is not None and self.stop_condition_value is None:
            raise _refused("stop_condition_value", "is required with stop_condition_type")
        return self
