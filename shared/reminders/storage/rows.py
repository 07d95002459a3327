"""Reminders between rows and values: what the fields are as parameters, and what the columns of a row become."""

import json
from datetime import datetime
from typing import Any

from reminders.model import Condition, Json, Message, NaturalKey
from reminders.model.reminder import Reminder, Schedule, with_fields
from reminders.schedules import stored
from reminders.states import Status
from reminders.storage import jsonb, parameters, timestamptz


def natural_key(key: NaturalKey) -> dict[str, Any]:
    return {"entity_type": key.entity_type, "entity_id": key.entity_id, "event_type": key.event_type}


def columns(reminder: Reminder, before: Reminder | None = None) -> dict[str, Any]:
    """A reminder's columns; message and schedule are NULL where they are as `before`, whose row may hold what only
    PostgreSQL can read."""
    condition, schedule = reminder.condition, reminder.schedule
    keeps_message = before is not None and before.message == reminder.message
    keeps_schedule = before is not None and before.schedule == schedule
    return {
        "id": reminder.id,
        "channel": reminder.channel,
        "recipient": reminder.recipient,
        "message": None if keeps_message else parameters.json_text(reminder.message.as_object()),
        "schedule_type": schedule.schedule_type,
        "interval_minutes": schedule.interval_minutes,
        "start_at": parameters.time(schedule.start_at),
        "schedule": None if keeps_schedule else stored.to_text(schedule),
        "runs_left": reminder.runs_left,
        "next_run_at": parameters.time(reminder.next_run_at),
        "planned_through": parameters.time(reminder.planned_through),
        "stop_condition_type": condition.type if condition else None,
        "stop_condition_value": condition.value if condition else None,
    }


def keeps(reminder: Reminder, before: Reminder) -> dict[str, bool]:
    """Which of the large columns stay as they are."""
    return {
        "keeps_message": before.message == reminder.message,
        "keeps_schedule": before.schedule == reminder.schedule,
    }


def to_reminder(row: dict[str, Any]) -> Reminder:
    """A reminder from a row whose JSON the driver has read."""
    schedule = row["schedule"]
    return _reminder({**row, "schedule": None if schedule is None else json.dumps(schedule)}, row["message"])


def to_reminders(listed: list[list[Any]] | None) -> list[Reminder]:
    """The reminders of `list_reminders`; None is a page with nothing on it."""
    return [_listed(dict(zip(_LISTED, values, strict=True))) for values in listed or ()]


def _listed(row: dict[str, Any]) -> Reminder:
    for name in _LISTED_INSTANTS:
        if (moment := row[name]) is not None:
            row[name] = timestamptz.parse(moment)
    message, schedule = row["message"], row["schedule"]
    if schedule is not None and len(schedule) > jsonb.LONGEST_INTEGER:  # it may hold a number that Python does not read
        row["schedule"] = json.dumps(jsonb.parse(schedule))
    return _reminder(row, None if message is None else jsonb.parse(message))


def _reminder(row: dict[str, Any], message: Json) -> Reminder:
    """Its schedule is still a text, since many reminders have the same. Other columns are called as the fields are; one
    that only a newer schema has becomes an attribute that nobody reads."""
    take = row.pop
    key = {name: take(name) for name in ("entity_type", "entity_id", "event_type")}
    type_, value = take("stop_condition_type"), take("stop_condition_value")
    schedule = _schedule(take("schedule_type"), take("start_at"), take("interval_minutes"), take("schedule"))
    made = {
        "key": NaturalKey(**key),
        "message": _message(message) if isinstance(message, dict) and message else _NO_MESSAGE,
        "schedule": schedule,
        "condition": None if type_ is None else Condition(type=type_, value=value),
        "status": Status(row["status"]),
    }
    return with_fields(Reminder, row | made)


def _message(message: dict[str, Json]) -> Message:
    """What SQL has given another type than it may have counts as absent, as it does for the channels."""
    subject, body, payload = message.get("subject"), message.get("body"), message.get("payload")
    return Message(
        subject=subject if isinstance(subject, str) else None,
        body=body if isinstance(body, str) else None,
        payload=payload if isinstance(payload, dict) else None,
    )


_NO_MESSAGE = Message()


def _schedule(schedule_type: str, start_at: datetime, interval_minutes: int | None, text: str | None) -> Schedule:
    try:
        return stored.to_schedule(schedule_type, start_at, interval_minutes, text)
    except ValueError:  # SQL has put it there: the row can still be shown, and parked when it is due
        return stored.to_schedule(schedule_type, start_at, interval_minutes, None)


_LISTED = (
    *("id", "entity_type", "entity_id", "event_type", "channel", "recipient", "message"),
    *("schedule_type", "interval_minutes", "start_at", "schedule", "runs_left"),
    *("next_run_at", "planned_through", "occurrence_no", "stop_condition_type", "stop_condition_value", "status"),
    *("paused_at", "resumed_at", "completed_at", "completion_reason", "last_error", "needs", "unknown_since"),
    *("version", "created_at", "updated_at"),
)
_LISTED_INSTANTS = (*(name for name in _LISTED if name.endswith("_at")), "planned_through", "unknown_since")
