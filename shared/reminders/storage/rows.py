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


def columns(reminder: Reminder) -> dict[str, Any]:
    condition, schedule = reminder.condition, reminder.schedule
    return {
        "id": reminder.id,
        "channel": reminder.channel,
        "recipient": reminder.recipient,
        "message": parameters.json_text(reminder.message.as_object()),
        "schedule_type": schedule.schedule_type,
        "interval_minutes": schedule.interval_minutes,
        "start_at": parameters.time(schedule.start_at),
        "schedule": stored.to_text(schedule),
        "runs_left": reminder.runs_left,
        "next_run_at": parameters.time(reminder.next_run_at),
        "planned_through": parameters.time(reminder.planned_through),
        "stop_condition_type": condition.type if condition else None,
        "stop_condition_value": condition.value if condition else None,
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


def _reminder(row: dict[str, Any], message: dict[str, Json] | None) -> Reminder:
    """Its schedule is still a text, since many reminders have the same. Other columns are called as the fields are; one
    that only a newer schema has becomes an attribute that nobody reads."""
    take = row.pop
    key = {name: take(name) for name in ("entity_type", "entity_id", "event_type")}
    type_, value = take("stop_condition_type"), take("stop_condition_value")
    schedule = _schedule(take("schedule_type"), take("start_at"), take("interval_minutes"), take("schedule"))
    made = {
        "key": with_fields(NaturalKey, key),
        "message": _message(message) if message else _NO_MESSAGE,
        "schedule": schedule,
        "condition": None if type_ is None else Condition(type=type_, value=value),
        "status": Status(row["status"]),
    }
    return with_fields(Reminder, row | made)


def _message(message: dict[str, Any]) -> Message:
    return Message(subject=message.get("subject"), body=message.get("body"), payload=message.get("payload"))


_NO_MESSAGE = Message()


def _schedule(schedule_type: str, start_at: datetime, interval_minutes: int | None, text: str | None) -> Schedule:
    try:
        return stored.to_schedule(schedule_type, start_at, interval_minutes, text)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ):  # SQL has put it there: the row can still be shown, and parked when it is due
        return stored.to_schedule(schedule_type, start_at, interval_minutes, None)


def to_calendar(text: str) -> BusinessCalendar:
    """A business calendar's days."""
    return _calendar(json.loads(text))


def to_named_calendar(row: dict[str, Any]) -> NamedCalendar:
    return NamedCalendar(
        name=row["name"], days=to_calendar(row["days"]), created_at=row["created_at"], updated_at=row["updated_at"]
    )


def to_calendars(text: str | None) -> dict[str, BusinessCalendar]:
    """Business calendars by name, those that can be read."""
    found: dict[str, BusinessCalendar] = {}
    for name, days in {} if text is None else json.loads(text).items():
        with suppress(
            ValueError, TypeError, KeyError
        ):  # SQL has put it there: it harms those that use it, and no others
            found[name] = _calendar(days)
    return found


def calendar_text(calendar: BusinessCalendar) -> str:
    """A business calendar's days as they are stored."""
    days = {"weekdays": sorted(calendar.weekdays), "holidays": [day.isoformat() for day in sorted(calendar.holidays)]}
    return json.dumps(days)


def _calendar(days: dict[str, Any]) -> BusinessCalendar:
    return BusinessCalendar(
        weekdays=frozenset(days["weekdays"]), holidays=frozenset(map(date.fromisoformat, days["holidays"]))
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
    message = row["message"] or {}
    return RunRecord(
        key=f"{row['reminder_id']}_{row['occurrence_no']}_{row['step']}",
        subject=message.get("subject"),
        body=message.get("body"),
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
    return list(map(Due._make, zip(*map(jsonb.parse, columns), strict=True)))  # type: ignore[arg-type]


def to_run_facts(found: str) -> list[RunFacts]:
    return [RunFacts._make(row) for row in json.loads(found)]


def to_runs(found: str | None) -> list[Run]:
    return [Run._make(row) for row in jsonb.parse(found)] if found else []
