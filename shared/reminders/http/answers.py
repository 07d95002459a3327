"""The bodies that go out. They take what the tables hold, also what plain SQL has put there."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from reminders.commands import FlagChange
from reminders.config import Settings
from reminders.http.glossary import known
from reminders.http.values import utc_text
from reminders.model import Flag, Reminder, RunRecord, State, Status
from reminders.store import Health

_INSTANT = {"format": "date-time"}


def _instant(name: str) -> Any:
    return known(name, json_schema_extra=_INSTANT)


class _Answer(BaseModel):
    model_config = ConfigDict(defer_build=True)


class ReminderOut(_Answer):
    """A reminder."""

    model_config = ConfigDict(title="Reminder")

    id: str = known("id", json_schema_extra={"format": "uuid"})
    entity_type: str = known("entity_type")
    entity_id: str = known("entity_id")
    event_type: str = known("event_type")
    channel: str = known("channel")
    schedule_type: str = known("schedule_type")
    interval_minutes: int | None = known("interval_minutes")
    start_at: str | None = _instant("start_at")
    stop_condition_type: str | None = known("stop_condition_type")
    stop_condition_value: str | None = known("stop_condition_value")
    recipient: str | None = known("recipient")
    subject: str | None = known("subject")
    body: str | None = known("body")
    payload: dict[str, Any] | None = known("payload")
    status: Status = known("status")
    next_run_at: str | None = _instant("next_run_at")
    occurrence_no: int = known("occurrence_no")
    completed_at: str | None = _instant("completed_at")
    completion_reason: str | None = known("completion_reason")
    last_error: str | None = known("last_error")
    paused_at: str | None = _instant("paused_at")
    version: int = known("version")
    created_at: str | None = _instant("created_at")
    updated_at: str | None = _instant("updated_at")

    @classmethod
    def of(cls, reminder: Reminder) -> Self:
        key, schedule, message, condition = reminder.key, reminder.schedule, reminder.message, reminder.condition
        return cls(
            id=reminder.id,
            entity_type=key.entity_type,
            entity_id=key.entity_id,
            event_type=key.event_type,
            channel=reminder.channel,
            schedule_type=schedule.schedule_type,
            interval_minutes=schedule.interval_minutes,
            start_at=utc_text(schedule.start_at),
            stop_condition_type=condition.type if condition else None,
            stop_condition_value=condition.value if condition else None,
            recipient=reminder.recipient,
            subject=message.subject,
            body=message.body,
            payload=message.payload,
            status=reminder.status,
            # A paused reminder keeps its place in the table; to a caller it fires at no known time.
            next_run_at=utc_text(reminder.next_run_at) if reminder.status is Status.ACTIVE else None,
            occurrence_no=reminder.occurrence_no,
            completed_at=utc_text(reminder.completed_at),
            completion_reason=reminder.completion_reason,
            last_error=reminder.last_error,
            paused_at=utc_text(reminder.paused_at),
            version=reminder.version,
            created_at=utc_text(reminder.created_at),
            updated_at=utc_text(reminder.updated_at),
        )


class RunOut(_Answer):
    """One occurrence being delivered to one recipient over one channel, as it was rendered."""

    model_config = ConfigDict(title="Run")

    id: str = known("run_id")
    occurrence_no: int = known("occurrence_no")
    step: int = known("step")
    cause: str = known("cause")
    scheduled_for: str | None = _instant("scheduled_for")
    stands_for: int = known("stands_for")
    channel: str = known("channel")
    recipient: str | None = known("recipient")
    subject: str | None = known("subject")
    body: str | None = known("body")
    state: State = known("state")
    attempt: int = known("attempt")
    attempt_at: str | None = _instant("attempt_at")
    reason: str | None = known("reason")
    error: str | None = known("error")
    provider_id: str | None = known("provider_id")
    created_at: str | None = _instant("created_at")
    finished_at: str | None = _instant("finished_at")

    @classmethod
    def of(cls, run: RunRecord) -> Self:
        return cls(
            id=run.key,
            occurrence_no=run.occurrence_no,
            step=run.step,
            cause=run.cause,
            scheduled_for=utc_text(run.scheduled_for),
            stands_for=run.stands_for,
            channel=run.channel,
            recipient=run.recipient,
            subject=run.subject,
            body=run.body,
            state=run.state,
            attempt=run.attempt,
            attempt_at=utc_text(run.attempt_at),
            reason=run.reason,
            error=run.error,
            provider_id=run.provider_id,
            created_at=utc_text(run.created_at),
            finished_at=utc_text(run.finished_at),
        )


class FlagOut(_Answer):
    """A flag."""

    model_config = ConfigDict(title="Flag")

    key: str = known("key")
    value: bool = known("value")
    created_at: str | None = _instant("created_at")
    updated_at: str | None = _instant("updated_at")

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
    def after(cls, change: FlagChange) -> Self:
        return cls(**dict(FlagOut.of(change.flag)), completed=change.completed, more=change.more)


class ReminderPage(_Answer):
    """Reminders, the newest first."""

    items: list[ReminderOut] = known("items")
    next_cursor: str | None = known("next_cursor")


class RunPage(_Answer):
    """A reminder's runs, the newest first."""

    items: list[RunOut] = known("items")
    next_cursor: str | None = known("next_cursor")


class FlagPage(_Answer):
    """Flags in the order of their keys."""

    items: list[FlagOut] = known("items")
    next_cursor: str | None = known("next_cursor")


class HealthOut(_Answer):
    """Whether the engine keeps up."""

    model_config = ConfigDict(title="Health")

    status: str = known("health")
    stage: str = known("stage")
    code_version: str = known("code_version")
    schema_version: str = known("schema_version")
    last_tick_at: str | None = _instant("last_tick_at")
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


class FieldErrorOut(_Answer):
    """What is wrong with one field."""

    model_config = ConfigDict(title="FieldError")

    field: str = known("field")
    message: str = known("message")


class ProblemOut(_Answer):
    """Any answer that is not a success: RFC 9457."""

    model_config = ConfigDict(title="Problem")

    type: str = known("type", json_schema_extra={"format": "uri-reference"})
    title: str = known("title")
    status: int = known("problem_status")
    detail: str = known("detail")
    errors: list[FieldErrorOut] = known("errors", default_factory=list)


ALL = (ReminderOut, RunOut, FlagOut, FlagChangeOut, ReminderPage, RunPage, FlagPage, HealthOut, ProblemOut)
