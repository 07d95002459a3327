"""The bodies that go out, but for those about reminders. They take what the tables hold, also what plain SQL has put there."""

from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict

from reminders.api.openapi.glossary import known
from reminders.api.values import Weekday, utc_text, weekday_texts
from reminders.model import Flag, NamedCalendar
from reminders.settings import Settings
from reminders.storage.scheduler import Health

if TYPE_CHECKING:  # a cold start does without the commands
    from reminders.commands.flags import FlagChange

_INSTANT = {"format": "date-time"}


def instant(name: str) -> Any:
    return known(name, json_schema_extra=_INSTANT)


class Answer(BaseModel):
    model_config = ConfigDict(defer_build=True)


class CalendarOut(Answer):
    """A business calendar."""

    model_config = ConfigDict(title="Calendar")

    name: str = known("name")
    working_weekdays: list[Weekday] = known("working_weekdays")
    holidays: list[str] = known("holidays")
    created_at: str | None = instant("created_at")
    updated_at: str | None = instant("updated_at")

    @classmethod
    def of(cls, calendar: NamedCalendar) -> Self:
        return cls(
            name=calendar.name,
            working_weekdays=weekday_texts(calendar.days.weekdays),
            holidays=[day.isoformat() for day in sorted(calendar.days.holidays)],
            created_at=utc_text(calendar.created_at),
            updated_at=utc_text(calendar.updated_at),
        )


class FlagOut(Answer):
    """A flag."""

    model_config = ConfigDict(title="Flag")

    key: str = known("key")
    value: bool = known("value")
    created_at: str | None = instant("created_at")
    updated_at: str | None = instant("updated_at")

    @classmethod
    def of(cls, flag: Flag) -> Self:
        return cls(
            key=flag.key, value=flag.value, created_at=utc_text(flag.created_at), updated_at=utc_text(flag.updated_at)
        )


class FlagChangeOut(FlagOut):
    """A flag that was set, and what that has done."""

    model_config = ConfigDict(title="FlagChange")

    completed: int = known("completed")
    more: bool = known("more")

    @classmethod
    def after(cls, change: "FlagChange") -> Self:
        return cls(**dict(FlagOut.of(change.flag)), completed=change.completed, more=change.more)


class FlagPage(Answer):
    """Flags in the order of their keys."""

    items: list[FlagOut] = known("items")
    next_cursor: str | None = known("next_cursor")


class CalendarPage(Answer):
    """Business calendars in the order of their names."""

    items: list[CalendarOut] = known("items")
    next_cursor: str | None = known("next_cursor")


class HealthOut(Answer):
    """Whether the engine keeps up."""

    model_config = ConfigDict(title="Health")

    status: str = known("health")
    stage: str = known("stage")
    code_version: str = known("code_version")
    schema_version: str = known("schema_version")
    last_tick_at: str | None = instant("last_tick_at")
    oldest_due_seconds: float = known("oldest_due_seconds")

    @classmethod
    def of(cls, health: Health, settings: Settings) -> Self:
        return cls(
            status="ok",
            stage=settings.stage,
            code_version=settings.code_version,
            schema_version=health.schema_version,
            last_tick_at=utc_text(health.last_tick_at),
            oldest_due_seconds=health.oldest_due_seconds,
        )


class FieldErrorOut(Answer):
    """What is wrong with one field."""

    model_config = ConfigDict(title="FieldError")

    field: str = known("field")
    message: str = known("message")


class ProblemOut(Answer):
    """Any answer that is not a success: RFC 9457."""

    model_config = ConfigDict(title="Problem")

    type: str = known("type", json_schema_extra={"format": "uri-reference"})
    title: str = known("title")
    status: int = known("problem_status")
    detail: str = known("detail")
    errors: list[FieldErrorOut] = known("errors", default_factory=list)


ALL = (
    FlagOut,
    FlagChangeOut,
    CalendarOut,
    FlagPage,
    CalendarPage,
    HealthOut,
    ProblemOut,
)
