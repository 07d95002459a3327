"""The schedule of a reminder as it comes in: its fields, flat, each with its bounds.

Which of them belong together is said once, by the rules of schedules: by them the commands refuse, and from them the
OpenAPI document's combinations are made (`openapi/combinations.py`).
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from reminders.api.openapi.glossary import known
from reminders.api.values import (
    CALENDAR_NAME,
    CLOSES,
    ONE_LINE,
    OPENS,
    STRICT,
    WEEKDAYS,
    Instant,
    Schema,
    Weekdays,
    each_once,
    line,
    minutes_of,
    unique,
)
from reminders.model import SendWindow
from reminders.model.reminder import ScheduleSpec

_MAX_MINUTES = 5_256_000  # ten years


def _new_schedule(schema: Schema) -> None:
    from reminders.api.openapi import combinations

    combinations.new_schedule(schema)


Zone = Annotated[str, Field(min_length=1, max_length=60, pattern=ONE_LINE)]
_Minutes = Annotated[int, Field(ge=1, le=_MAX_MINUTES)]
_Offset = Annotated[str, Field(min_length=2, max_length=50, pattern=ONE_LINE)]
_Offsets = Annotated[list[_Offset], Field(min_length=1, max_length=50), AfterValidator(each_once)]
_Instants = Annotated[list[Instant], Field(max_length=500)]

ScheduleType = Literal["recurring", "one_time", "calendar", "cron", "rrule", "anchored"]


class SendWindowIn(BaseModel):
    """When sending is allowed. A window that ends before it begins crosses midnight."""

    model_config = ConfigDict(**STRICT, title="SendWindow")

    days: Weekdays = known("days", default_factory=lambda: list(WEEKDAYS), json_schema_extra=unique)
    opens: str = known("from", default="00:00", alias="from", pattern=OPENS)
    closes: str = known("to", default="24:00", alias="to", pattern=CLOSES)
    timezone: Zone | None = known("window_timezone", default=None)

    @model_validator(mode="after")
    def _has_a_width(self) -> Self:
        if self.opens == self.closes:
            problem = {"field": "send_window.to", "message": "is the same as from: the window has no width"}
            raise PydanticCustomError("cross_field", "{message}", problem)
        return self

    def window(self) -> SendWindow:
        """The same in the words of the domain."""
        return SendWindow(
            weekdays=frozenset(map(WEEKDAYS.index, self.days)),
            opens=minutes_of(self.opens),
            closes=minutes_of(self.closes),
            timezone=self.timezone,
        )


class ScheduleFields(BaseModel):
    """Everything about a schedule but its type. A field that is null counts as absent, or is removed by a change."""

    model_config = STRICT

    interval_minutes: _Minutes | None = known("interval_minutes", default=None)
    backoff_minutes: Annotated[list[_Minutes], Field(min_length=1, max_length=50)] | None = known(
        "backoff_minutes", default=None
    )
    every: Annotated[int, Field(ge=1, le=1_000)] | None = known("every", default=None)
    unit: Literal["day", "week", "month", "year"] | None = known("unit", default=None)
    month_overflow: Literal["clamp", "skip"] | None = known("month_overflow", default=None)
    cron: str | None = line("cron", 200, default=None)
    rrule: str | None = line("rrule", 1_000, default=None)
    rdates: _Instants | None = known("rdates", default=None)
    exdates: _Instants | None = known("exdates", default=None)
    anchor_at: Instant | None = known("anchor_at", default=None)
    offsets: _Offsets | None = known("offsets", default=None, json_schema_extra=unique)
    past_offset: Literal["skip", "fire"] | None = known("past_offset", default=None)
    start_at: Instant | None = known("start_at", default=None)
    end_at: Instant | None = known("end_at", default=None)
    max_runs: Annotated[int, Field(ge=1, le=1_000_000)] | None = known("max_runs", default=None)
    timezone: Zone | None = known("timezone", default=None)
    dst_gap: Literal["first_valid", "shift", "skip"] | None = known("dst_gap", default=None)
    dst_overlap: Literal["first", "last", "both"] | None = known("dst_overlap", default=None)
    misfire_policy: Literal["fire_once", "skip", "fire_all"] | None = known("misfire_policy", default=None)
    max_catchup: Annotated[int, Field(ge=1, le=10)] | None = known("max_catchup", default=None)
    misfire_grace_minutes: Annotated[int, Field(ge=1, le=525_600)] | None = known("misfire_grace_minutes", default=None)
    send_window: SendWindowIn | None = known("send_window", default=None)
    business_calendar: Annotated[str, Field(pattern=CALENDAR_NAME)] | None = known("business_calendar", default=None)
    window_policy: Literal["defer", "skip"] | None = known("window_policy", default=None)
    jitter_seconds: Annotated[int, Field(ge=0, le=3_600)] | None = known("jitter_seconds", default=None)

    def specification_of(self, schedule_type: str) -> ScheduleSpec:
        """A schedule of a type in the words of the domain: what a new reminder, a change and a preview ask for
        alike."""
        given = self.model_fields_set & _SCHEDULE_FIELDS
        return ScheduleSpec(schedule_type=schedule_type, **{name: _domain(getattr(self, name)) for name in given})


_SCHEDULE_FIELDS = ScheduleFields.model_fields.keys()


class PreviewIn(ScheduleFields):
    """A schedule to be looked at. A field that is null counts as absent."""

    model_config = ConfigDict(**STRICT, title="SchedulePreview", json_schema_extra=_new_schedule)

    schedule_type: ScheduleType = known("schedule_type")
    after: Instant | None = known("after", default=None)
    count: Annotated[int, Field(ge=1, le=100)] = known("count", default=10)

    def specification(self) -> ScheduleSpec:
        """The schedule in the words of the domain."""
        return self.specification_of(self.schedule_type)


def _domain(value: Any) -> Any:
    if isinstance(value, SendWindowIn):
        return value.window()
    return tuple(value) if isinstance(value, list) else value
