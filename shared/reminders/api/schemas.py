"""The bodies that come in. Strict: nothing is coerced, unknown fields are refused, every text is bounded."""

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from reminders.api.openapi.glossary import known
from reminders.api.schedules import STRICT, ScheduleFields, ScheduleType, Schema, SendWindowIn, Weekdays, line, unique
from reminders.api.values import ANY_TEXT, WEEKDAYS, Channel, ConditionType, Day, Instant
from reminders.model import Condition, Message, NaturalKey, ScheduleSpec

if TYPE_CHECKING:  # a cold start does without the rules of schedules, which these bring along
    from reminders.lifecycle.edits import Edit, NewReminder

_MAX_BODY = 32_768  # characters
_MAX_HOLIDAYS = 5_000


def _may_be_absent(schema: Schema) -> None:
    """Absent means unchanged, which no default can say."""
    schema.pop("default", None)


def _new_reminder(schema: Schema) -> None:
    from reminders.api.openapi import conditions

    conditions.new_reminder(schema)


def _new_schedule(schema: Schema) -> None:
    from reminders.api.openapi import conditions

    conditions.new_schedule(schema)


class ReminderIn(ScheduleFields):
    """A new reminder. A field that is null counts as absent."""

    model_config = ConfigDict(**STRICT, title="NewReminder", json_schema_extra=_new_reminder)

    entity_type: str = line("entity_type", 100)
    entity_id: str = line("entity_id", 200)
    event_type: str = line("event_type", 100)
    channel: Channel = known("channel")
    schedule_type: ScheduleType = known("schedule_type")
    stop_condition_type: ConditionType | None = known("stop_condition_type", default=None)
    stop_condition_value: str | None = line("stop_condition_value", 500, default=None)
    recipient: str | None = line("recipient", 500, default=None)
    subject: str | None = line("subject", 500, default=None)
    body: str | None = known("body", default=None, max_length=_MAX_BODY, pattern=ANY_TEXT)
    payload: dict[str, Any] | None = known("payload", default=None)

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
            schedule=self.schedule_spec(self.schedule_type),
            recipient=self.recipient,
            message=Message(subject=self.subject, body=self.body, payload=self.payload),
            condition=condition,
        )


def _refused(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("cross_field", "{message}", {"field": field, "message": message})


class ReminderPatch(ScheduleFields):
    """A change. What is absent stays; null removes what may be without."""

    model_config = STRICT

    schedule_type: ScheduleType = known("schedule_type", default=None, json_schema_extra=_may_be_absent)
    stop_condition_type: ConditionType | None = known("stop_condition_type", default=None)
    stop_condition_value: str | None = line("stop_condition_value", 500, default=None)
    recipient: str | None = line("recipient", 500, default=None)
    subject: str | None = line("subject", 500, default=None)
    body: str | None = known("body", default=None, max_length=_MAX_BODY, pattern=ANY_TEXT)
    payload: dict[str, Any] | None = known("payload", default=None)

    def edit(self) -> "Edit":
        """The same in the words of the domain."""
        from reminders.lifecycle.edits import SPEC_FIELDS, Edit

        others = self.model_fields_set - SPEC_FIELDS
        return Edit(
            given=frozenset(self.model_fields_set),
            schedule=self.schedule_spec(self.schedule_type),
            **{name: getattr(self, name) for name in others},
        )


class PreviewIn(ScheduleFields):
    """A schedule to be looked at. A field that is null counts as absent."""

    model_config = ConfigDict(**STRICT, title="SchedulePreview", json_schema_extra=_new_schedule)

    schedule_type: ScheduleType = known("schedule_type")
    after: Instant | None = known("after", default=None)
    count: Annotated[int, Field(ge=1, le=100)] = known("count", default=10)

    def spec(self) -> ScheduleSpec:
        """The schedule in the words of the domain."""
        return self.schedule_spec(self.schedule_type)


class FlagIn(BaseModel):
    """What a flag is set to."""

    model_config = STRICT

    value: bool = known("value")


class CalendarIn(BaseModel):
    """A business calendar."""

    model_config = ConfigDict(**STRICT, title="NewCalendar")

    working_weekdays: Weekdays | None = known(
        "working_weekdays", default_factory=lambda: list(WEEKDAYS[:5]), json_schema_extra=unique
    )
    holidays: Annotated[list[Day], Field(max_length=_MAX_HOLIDAYS)] = known("holidays", default_factory=list)

    def weekdays(self) -> frozenset[int] | None:
        """The working ones, 0 is Monday; None: those that the calendar has."""
        return None if self.working_weekdays is None else frozenset(map(WEEKDAYS.index, self.working_weekdays))


ALL = (SendWindowIn, ReminderIn, ReminderPatch, PreviewIn, FlagIn, CalendarIn)
