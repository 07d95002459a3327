"""Between rows and values: what the fields of a value are as parameters, and what the columns of a row become."""

import json
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from reminders.lifecycle.stops import RunFacts
from reminders.model import (
    BusinessCalendar,
    Condition,
    Due,
    Flag,
    Json,
    Message,
    NamedCalendar,
    NaturalKey,
    Reminder,
    Schedule,
    with_fields,
)
from reminders.runs import Run, RunRecord
from reminders.schedules import stored
from reminders.states import State, Status
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
    """Its schedule is still a text, since many reminders have the same."""
    condition = None
    if row["stop_condition_type"] is not None:
        condition = Condition(type=row["stop_condition_type"], value=row["stop_condition_value"])
    made = {
        "key": NaturalKey(entity_type=row["entity_type"], entity_id=row["entity_id"], event_type=row["event_type"]),
        "message": _message(message) if isinstance(message, dict) and message else _NO_MESSAGE,
        "schedule": _schedule(row["schedule_type"], row["start_at"], row["interval_minutes"], row["schedule"]),
        "condition": condition,
        "status": Status(row["status"]),
    }
    return with_fields(Reminder, {name: row[name] for name in _SAME_NAME} | made)


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


def to_calendar(text: str) -> BusinessCalendar | None:
    """A business calendar's days; None when they cannot be read."""
    return to_calendars(f'{{"": {text}}}').get("")


def to_named_calendar(row: dict[str, Any]) -> NamedCalendar:
    """A calendar as it is shown: without what cannot be read."""
    days: dict[str, list[Json]] = json.loads(row["days"])
    shown = BusinessCalendar(
        weekdays=frozenset(int(day) for day in days["weekdays"] if day in _WEEKDAYS and isinstance(day, int | float)),
        holidays=frozenset(day for text in days["holidays"] if (day := _date(text)) is not None),
    )
    return NamedCalendar(name=row["name"], days=shown, created_at=row["created_at"], updated_at=row["updated_at"])


def to_calendars(text: str | None) -> dict[str, BusinessCalendar]:
    """Business calendars by name, those that can be read."""
    found: dict[str, BusinessCalendar] = {}
    for name, days in {} if text is None else json.loads(text).items():
        with suppress(
            ValueError, TypeError, KeyError
        ):  # SQL has put it there: it harms those that use it, and no others
            found[name] = BusinessCalendar(
                weekdays=frozenset(days["weekdays"]), holidays=frozenset(map(date.fromisoformat, days["holidays"]))
            )
    return found


def calendar_text(calendar: BusinessCalendar) -> str:
    """A business calendar's days as they are stored."""
    days = {"weekdays": sorted(calendar.weekdays), "holidays": [day.isoformat() for day in sorted(calendar.holidays)]}
    return json.dumps(days)


_WEEKDAYS = range(7)


def _date(text: Json) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


_SAME_NAME = (
    "id",
    "channel",
    "recipient",
    "next_run_at",
    "planned_through",
    "occurrence_no",
    "runs_left",
    "paused_at",
    "resumed_at",
    "completed_at",
    "completion_reason",
    "last_error",
    "version",
    "created_at",
    "updated_at",
)

_LISTED = (
    *("id", "entity_type", "entity_id", "event_type", "channel", "recipient", "message"),
    *("schedule_type", "interval_minutes", "start_at", "schedule", "runs_left"),
    *("next_run_at", "planned_through", "occurrence_no", "stop_condition_type", "stop_condition_value", "status"),
    *("paused_at", "resumed_at", "completed_at", "completion_reason", "last_error", "version"),
    *("created_at", "updated_at"),
)
_LISTED_INSTANTS = (*(name for name in _LISTED if name.endswith("_at")), "planned_through")


def to_record(row: dict[str, Any]) -> RunRecord:
    message = _message(row["message"]) if isinstance(row["message"], dict) else _NO_MESSAGE
    return RunRecord(
        key=f"{row['reminder_id']}_{row['occurrence_no']}_{row['step']}",
        subject=message.subject,
        body=message.body,
        state=State(row["state"]),
        **{name: row[name] for name in _SAME_NAME_IN_RUN},
    )


_SAME_NAME_IN_RUN = (
    "occurrence_no",
    "step",
    "cause",
    "scheduled_for",
    "stands_for",
    "channel",
    "recipient",
    "attempt",
    "attempt_at",
    "reason",
    "error",
    "provider_id",
    "created_at",
    "finished_at",
)


def to_flag(row: dict[str, Any]) -> Flag:
    return Flag(key=row["key"], value=row["value"], created_at=row["created_at"], updated_at=row["updated_at"])


def to_due(columns: list[str | None]) -> list[Due]:
    """Claimed reminders: one JSON array a column, in the order of the fields; NULLs when nothing was due."""
    if columns[0] is None:
        return []
    return list(map(Due._make, zip(*map(jsonb.parse_each, columns), strict=True)))  # type: ignore[arg-type]


def to_run_facts(found: str) -> list[RunFacts]:
    return [RunFacts._make(row) for row in json.loads(found)]


def to_runs(found: str | None) -> list[Run]:
    """Leased runs, one JSON array each."""
    if not found:
        return []
    return [Run._make(jsonb.parse_each(row) if isinstance(row, str) else row) for row in jsonb.parse_each(found)]
