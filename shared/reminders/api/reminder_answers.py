"""The bodies that go out about reminders, their runs and their schedules. What SQL has put there is shown as far as it makes sense."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import ConfigDict, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from reminders.api.answers import Answer, instant
from reminders.api.openapi.glossary import known
from reminders.api.values import Weekday, time_text, utc_text, weekday_texts
from reminders.model import Reminder, RunRecord, Schedule, ScheduleSpec, SendWindow
from reminders.states import Cause, State, Status

if TYPE_CHECKING:  # a cold start does without the commands
    from reminders.commands.previews import Preview

_LATE = timedelta(minutes=5)


def _or_null(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Plain SQL may have put anything into a schedule: the reminder can still be shown."""
    try:
        return validate(value)
    except ValidationError:
        return None


type _Shown[T] = Annotated[T | None, WrapValidator(_or_null)]


class SendWindowOut(Answer):
    """When sending is allowed."""

    model_config = ConfigDict(title="SendWindow", populate_by_name=True)

    days: list[Weekday] = known("days")
    opens: str = known("from", alias="from")
    closes: str = known("to", alias="to")
    timezone: str | None = known("window_timezone")

    @classmethod
    def of(cls, window: SendWindow) -> Self:
        return cls(
            days=weekday_texts(window.weekdays),
            opens=time_text(window.opens),
            closes=time_text(window.closes),
            timezone=window.timezone,
        )


class ReminderOut(Answer):
    """A reminder."""

    model_config = ConfigDict(title="Reminder")

    id: str = known("id", json_schema_extra={"format": "uuid"})
    entity_type: str = known("entity_type")
    entity_id: str = known("entity_id")
    event_type: str = known("event_type")
    channel: str = known("channel")
    schedule_type: str = known("schedule_type")
    interval_minutes: int | None = known("interval_minutes")
    backoff_minutes: _Shown[list[int]] = known("backoff_minutes")
    every: _Shown[int] = known("every")
    unit: _Shown[str] = known("unit")
    month_overflow: _Shown[str] = known("month_overflow")
    cron: _Shown[str] = known("cron")
    rrule: _Shown[str] = known("rrule")
    rdates: _Shown[list[str]] = known("rdates")
    exdates: _Shown[list[str]] = known("exdates")
    anchor_at: str | None = instant("anchor_at")
    offsets: _Shown[list[str]] = known("offsets")
    past_offset: _Shown[str] = known("past_offset")
    start_at: str | None = instant("start_at")
    end_at: str | None = instant("end_at")
    max_runs: _Shown[int] = known("max_runs")
    timezone: _Shown[str] = known("timezone")
    dst_gap: _Shown[str] = known("dst_gap")
    dst_overlap: _Shown[str] = known("dst_overlap")
    misfire_policy: _Shown[str] = known("misfire_policy")
    max_catchup: _Shown[int] = known("max_catchup")
    misfire_grace_minutes: _Shown[int] = known("misfire_grace_minutes")
    send_window: SendWindowOut | None = known("send_window")
    business_calendar: _Shown[str] = known("business_calendar")
    window_policy: _Shown[str] = known("window_policy")
    jitter_seconds: _Shown[int] = known("jitter_seconds")
    stop_condition_type: str | None = known("stop_condition_type")
    stop_condition_value: str | None = known("stop_condition_value")
    recipient: str | None = known("recipient")
    subject: str | None = known("subject")
    body: str | None = known("body")
    payload: dict[str, Any] | None = known("payload")
    status: Status = known("status")
    next_run_at: str | None = instant("next_run_at")
    occurrence_no: int = known("occurrence_no")
    runs_left: int | None = known("runs_left")
    completed_at: str | None = instant("completed_at")
    completion_reason: str | None = known("completion_reason")
    last_error: str | None = known("last_error")
    paused_at: str | None = instant("paused_at")
    version: int = known("version")
    created_at: str | None = instant("created_at")
    updated_at: str | None = instant("updated_at")

    @classmethod
    def of(cls, reminder: Reminder) -> Self:
        key, message, condition = reminder.key, reminder.message, reminder.condition
        return cls(
            id=reminder.id,
            entity_type=key.entity_type,
            entity_id=key.entity_id,
            event_type=key.event_type,
            channel=reminder.channel,
            **_schedule(reminder.schedule),
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
            runs_left=reminder.runs_left,
            completed_at=utc_text(reminder.completed_at),
            completion_reason=reminder.completion_reason,
            last_error=reminder.last_error,
            paused_at=utc_text(reminder.paused_at),
            version=reminder.version,
            created_at=utc_text(reminder.created_at),
            updated_at=utc_text(reminder.updated_at),
        )


def _schedule(schedule: Schedule) -> dict[str, Any]:
    """A schedule's fields as a caller gave them."""
    from reminders.schedules.fields import spec_of  # the commands have loaded it by now

    spec = spec_of(schedule)
    return {name: _text(getattr(spec, name)) for name in ScheduleSpec.__dataclass_fields__}


def _text(value: object) -> object:
    match value:
        case datetime():
            return utc_text(value)
        case SendWindow():
            return _window(value)
        case tuple():
            return [_text(each) for each in value]
    return value


def _window(window: SendWindow) -> SendWindowOut | None:
    try:
        return SendWindowOut.of(window)
    except (ValueError, TypeError, IndexError):  # put there by SQL
        return None


class RunOut(Answer):
    """One occurrence being delivered to one recipient over one channel, as it was rendered."""

    model_config = ConfigDict(title="Run")

    id: str = known("run_id")
    occurrence_no: int = known("occurrence_no")
    step: int = known("step")
    cause: str = known("cause")
    scheduled_for: str | None = instant("scheduled_for")
    stands_for: int = known("stands_for")
    late: bool = known("late")
    channel: str = known("channel")
    recipient: str | None = known("recipient")
    subject: str | None = known("subject")
    body: str | None = known("body")
    state: State = known("state")
    attempt: int = known("attempt")
    attempt_at: str | None = instant("attempt_at")
    reason: str | None = known("reason")
    error: str | None = known("error")
    provider_id: str | None = known("provider_id")
    created_at: str | None = instant("created_at")
    finished_at: str | None = instant("finished_at")

    @classmethod
    def of(cls, run: RunRecord) -> Self:
        return cls(
            id=run.key,
            occurrence_no=run.occurrence_no,
            step=run.step,
            cause=run.cause,
            scheduled_for=utc_text(run.scheduled_for),
            stands_for=run.stands_for,
            late=_is_late(run),
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


def _is_late(run: RunRecord) -> bool:
    times = run.created_at, run.scheduled_for
    if run.cause != Cause.SCHEDULE or run.state is State.SKIPPED or not all(isinstance(at, datetime) for at in times):
        return False
    return run.stands_for > 1 or run.created_at - run.scheduled_for > _LATE


class PreviewItemOut(Answer):
    """One instant at which a reminder would fire."""

    model_config = ConfigDict(title="PreviewItem")

    at: str = instant("at")
    local: str = known("local")
    notes: list[str] = known("notes")


class PreviewOut(Answer):
    """The next instants of a schedule, in their order; fewer than were asked for if it ends."""

    model_config = ConfigDict(title="Preview")

    items: list[PreviewItemOut] = known("items")
    description: str = known("description")

    @classmethod
    def of(cls, preview: "Preview") -> Self:
        items = [
            PreviewItemOut(at=utc_text(item.at) or "", local=item.local.isoformat(), notes=list(item.notes))
            for item in preview.items
        ]
        return cls(items=items, description=preview.description)


class ReminderPage(Answer):
    """Reminders, the newest first."""

    items: list[ReminderOut] = known("items")
    next_cursor: str | None = known("next_cursor")


class RunPage(Answer):
    """A reminder's runs, the newest first."""

    items: list[RunOut] = known("items")
    next_cursor: str | None = known("next_cursor")


ALL = (ReminderOut, RunOut, PreviewOut, ReminderPage, RunPage)
