"""The bodies that come in. Strict: nothing is coerced, unknown fields are refused, every text is bounded."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from reminders.changes import Edit, NewReminder
from reminders.http.glossary import known
from reminders.http.values import ANY_TEXT, ONE_LINE, Channel, ConditionType, Instant
from reminders.model import Condition, Message, NaturalKey, ScheduleWish

# `defer_build`: a model costs a cold start nothing until a request needs it.
_STRICT = ConfigDict(strict=True, extra="forbid", defer_build=True)

_MAX_INTERVAL_MINUTES = 5_256_000  # ten years
_MAX_BODY = 32_768  # characters


type Schema = dict[str, Any]
"""A JSON Schema, while the OpenAPI document is being made."""


def _line(name: str, longest: int, **settings: Any) -> Any:
    return known(name, min_length=1, max_length=longest, pattern=ONE_LINE, **settings)


def _may_be_absent(schema: Schema) -> None:
    """Absent means unchanged, which no default can say."""
    schema.pop("default", None)


ScheduleType = Literal["recurring", "one_time"]

_NULL: Schema = {"type": "null"}
_GIVEN: Schema = {"not": _NULL}
_FIELDS_FIT_TOGETHER: Schema = {
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


class ReminderIn(BaseModel):
    """A new reminder. A field that is null counts as absent."""

    model_config = ConfigDict(**_STRICT, title="NewReminder", json_schema_extra=_FIELDS_FIT_TOGETHER)

    entity_type: str = _line("entity_type", 100)
    entity_id: str = _line("entity_id", 200)
    event_type: str = _line("event_type", 100)
    channel: Channel = known("channel")
    schedule_type: ScheduleType = known("schedule_type")
    interval_minutes: int | None = known("interval_minutes", default=None, ge=1, le=_MAX_INTERVAL_MINUTES)
    start_at: Instant | None = known("start_at", default=None)
    stop_condition_type: ConditionType | None = known("stop_condition_type", default=None)
    stop_condition_value: str | None = _line("stop_condition_value", 500, default=None)
    recipient: str | None = _line("recipient", 500, default=None)
    subject: str | None = _line("subject", 500, default=None)
    body: str | None = known("body", default=None, max_length=_MAX_BODY, pattern=ANY_TEXT)
    payload: dict[str, Any] | None = known("payload", default=None)

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        """The same rules as in _FIELDS_FIT_TOGETHER, each naming its field."""
        recurring, type_, value = self.schedule_type == "recurring", self.stop_condition_type, self.stop_condition_value
        if recurring and self.interval_minutes is None:
            raise _refused("interval_minutes", "is required for a recurring schedule")
        if not recurring and self.interval_minutes is not None:
            raise _refused("interval_minutes", "does not belong to a one_time schedule")
        if not recurring and self.start_at is None:
            raise _refused("start_at", "is required for a one_time schedule")
        if type_ is None and value is not None:
            raise _refused("stop_condition_type", "is required with stop_condition_value")
        if type_ is not None and value is None:
            raise _refused("stop_condition_value", "is required with stop_condition_type")
        return self

    def wish(self) -> NewReminder:
        """The same in the words of the domain."""
        condition = None
        if self.stop_condition_type is not None and self.stop_condition_value is not None:
            condition = Condition(type=self.stop_condition_type, value=self.stop_condition_value)
        return NewReminder(
            key=NaturalKey(entity_type=self.entity_type, entity_id=self.entity_id, event_type=self.event_type),
            channel=self.channel,
            schedule=ScheduleWish(
                schedule_type=self.schedule_type, start_at=self.start_at, interval_minutes=self.interval_minutes
            ),
            recipient=self.recipient,
            message=Message(subject=self.subject, body=self.body, payload=self.payload),
            condition=condition,
        )


def _refused(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("cross_field", "{message}", {"field": field, "message": message})


class ReminderPatch(BaseModel):
    """A change. What is absent stays; null removes what may be without: recipient, message and condition."""

    model_config = ConfigDict(**_STRICT)

    schedule_type: ScheduleType = known("schedule_type", default=None, json_schema_extra=_may_be_absent)
    interval_minutes: int = known(
        "interval_minutes", default=None, ge=1, le=_MAX_INTERVAL_MINUTES, json_schema_extra=_may_be_absent
    )
    start_at: Instant = known("start_at", default=None, json_schema_extra=_may_be_absent)
    stop_condition_type: ConditionType | None = known("stop_condition_type", default=None)
    stop_condition_value: str | None = _line("stop_condition_value", 500, default=None)
    recipient: str | None = _line("recipient", 500, default=None)
    subject: str | None = _line("subject", 500, default=None)
    body: str | None = known("body", default=None, max_length=_MAX_BODY, pattern=ANY_TEXT)
    payload: dict[str, Any] | None = known("payload", default=None)

    def edit(self) -> Edit:
        """The same in the words of the domain."""
        return Edit(
            given=frozenset(self.model_fields_set), **{name: getattr(self, name) for name in self.model_fields_set}
        )


class FlagIn(BaseModel):
    """What a flag is set to."""

    model_config = ConfigDict(**_STRICT)

    value: bool = known("value")


ALL = (ReminderIn, ReminderPatch, FlagIn)
