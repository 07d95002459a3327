"""Reminders as they come in. Strict: nothing is coerced, unknown fields are refused, every text is bounded."""

from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from reminders.api.openapi.glossary import known
from reminders.api.schedules.bodies import ScheduleFields, ScheduleType
from reminders.api.values import ANY_TEXT, STRICT, Channel, ConditionType, Schema, line
from reminders.model import Condition, Message, NaturalKey

if TYPE_CHECKING:  # a cold start does without the rules of schedules, which these bring along
    from reminders.lifecycle.edits import Edit, NewReminder

_MAX_BODY = 32_768  # characters


def _may_be_absent(schema: Schema) -> None:
    """Absent means unchanged, which no default can say."""
    schema.pop("default", None)


def _new_reminder(schema: Schema) -> None:
    from reminders.api.openapi import combinations

    combinations.new_reminder(schema)


class _New(BaseModel):
    """What only a new reminder says: what it is about, and how it is delivered."""

    model_config = STRICT

    entity_type: str = line("entity_type", 100)
    entity_id: str = line("entity_id", 200)
    event_type: str = line("event_type", 100)
    channel: Channel = known("channel")
    schedule_type: ScheduleType = known("schedule_type")


class _Changed(BaseModel):
    """A schedule's type, which may stay as it is."""

    model_config = STRICT

    schedule_type: ScheduleType = known("schedule_type", default=None, json_schema_extra=_may_be_absent)


class _Content(BaseModel):
    """What a new reminder and a change may say alike."""

    model_config = STRICT

    stop_condition_type: ConditionType | None = known("stop_condition_type", default=None)
    stop_condition_value: str | None = line("stop_condition_value", 500, default=None)
    recipient: str | None = line("recipient", 500, default=None)
    subject: str | None = line("subject", 500, default=None)
    body: str | None = known("body", default=None, max_length=_MAX_BODY, pattern=ANY_TEXT)
    payload: dict[str, Any] | None = known("payload", default=None)


# Of the bases the last one's fields come first: in this order they are documented, and errors in them reported.
class ReminderIn(_Content, _New, ScheduleFields):
    """A new reminder. A field that is null counts as absent."""

    model_config = ConfigDict(**STRICT, title="NewReminder", json_schema_extra=_new_reminder)

    @model_validator(mode="after")
    def _condition_is_whole(self) -> Self:
        type_, value = self.stop_condition_type, self.stop_condition_value
        if type_ is None and value is not None:
            raise _refused("stop_condition_type", "is required with stop_condition_value")
        if type_ is not None and value is None:
            raise _refused("stop_condition_value", "is required with stop_condition_type")
        return self

    def new_reminder(self) -> "NewReminder":
        """The same in the words of the domain."""
        from reminders.lifecycle.edits import NewReminder

        condition = None
        if self.stop_condition_type is not None and self.stop_condition_value is not None:
            condition = Condition(type=self.stop_condition_type, value=self.stop_condition_value)
        return NewReminder(
            key=NaturalKey(entity_type=self.entity_type, entity_id=self.entity_id, event_type=self.event_type),
            channel=self.channel,
            schedule=self.specification_of(self.schedule_type),
            recipient=self.recipient,
            message=Message(subject=self.subject, body=self.body, payload=self.payload),
            condition=condition,
        )


def _refused(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("cross_field", "{message}", {"field": field, "message": message})


class ReminderPatch(_Content, _Changed, ScheduleFields):
    """A change. What is absent stays; null removes what may be without."""

    def edit(self) -> "Edit":
        """The same in the words of the domain."""
        from reminders.lifecycle.edits import Edit

        others = self.model_fields_set & _CONTENT_FIELDS
        return Edit(
            given=frozenset(self.model_fields_set),
            schedule=self.specification_of(self.schedule_type),
            **{name: getattr(self, name) for name in others},
        )


_CONTENT_FIELDS = _Content.model_fields.keys()
