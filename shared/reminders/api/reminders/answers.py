"""Reminders as they are answered."""

from typing import Annotated, Any, TypedDict

from pydantic import with_config

from reminders.api import cursors
from reminders.api.openapi.glossary import known, known_instant
from reminders.api.replies import page
from reminders.api.schedules.answers import ScheduleOut, shown_schedule
from reminders.api.values import utc_text
from reminders.model.reminder import Reminder
from reminders.states import Status


class _Subject(TypedDict):
    """What a reminder is about, and how it is delivered."""

    id: Annotated[str, known("id", json_schema_extra={"format": "uuid"})]
    entity_type: Annotated[str, known("entity_type")]
    entity_id: Annotated[str, known("entity_id")]
    event_type: Annotated[str, known("event_type")]
    channel: Annotated[str, known("channel")]


@with_config(title="Reminder")
class ReminderOut(_Subject, ScheduleOut):
    """A reminder."""

    stop_condition_type: Annotated[str | None, known("stop_condition_type")]
    stop_condition_value: Annotated[str | None, known("stop_condition_value")]
    recipient: Annotated[str | None, known("recipient")]
    subject: Annotated[str | None, known("subject")]
    body: Annotated[str | None, known("body")]
    payload: Annotated[dict[str, Any] | None, known("payload")]
    status: Annotated[Status, known("status")]
    next_run_at: Annotated[str | None, known_instant("next_run_at")]
    occurrence_no: Annotated[int, known("occurrence_no")]
    runs_left: Annotated[int | None, known("runs_left")]
    completed_at: Annotated[str | None, known_instant("completed_at")]
    completion_reason: Annotated[str | None, known("completion_reason")]
    last_error: Annotated[str | None, known("last_error")]
    unknown_since: Annotated[str | None, known_instant("unknown_since")]
    paused_at: Annotated[str | None, known_instant("paused_at")]
    version: Annotated[int, known("version")]
    created_at: Annotated[str | None, known_instant("created_at")]
    updated_at: Annotated[str | None, known_instant("updated_at")]


class ReminderPage(TypedDict):
    """Reminders, the newest first."""

    items: Annotated[list[ReminderOut], known("items")]
    next_cursor: Annotated[str | None, known("next_cursor")]


def shown_reminder(reminder: Reminder) -> ReminderOut:
    """A reminder as a caller sees it."""
    key, message, condition = reminder.key, reminder.message, reminder.condition
    return {
        "id": reminder.id,
        "entity_type": key.entity_type,
        "entity_id": key.entity_id,
        "event_type": key.event_type,
        "channel": reminder.channel,
        **shown_schedule(reminder.schedule),
        "stop_condition_type": condition.type if condition else None,
        "stop_condition_value": condition.value if condition else None,
        "recipient": reminder.recipient,
        "subject": message.subject,
        "body": message.body,
        "payload": message.payload,
        "status": reminder.status,
        # A paused reminder keeps its place in the table; to a caller it fires at no known time.
        "next_run_at": utc_text(reminder.next_run_at) if reminder.status is Status.ACTIVE else None,
        "occurrence_no": reminder.occurrence_no,
        "runs_left": reminder.runs_left,
        "completed_at": utc_text(reminder.completed_at),
        "completion_reason": reminder.completion_reason,
        "last_error": reminder.last_error,
        "unknown_since": utc_text(reminder.unknown_since),
        "paused_at": utc_text(reminder.paused_at),
        "version": reminder.version,
        "created_at": utc_text(reminder.created_at),
        "updated_at": utc_text(reminder.updated_at),
    }


shown_page = page(shown_reminder, lambda reminder: cursors.after_reminder(reminder.id), cursors.after_reminder)
