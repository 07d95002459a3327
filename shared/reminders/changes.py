"""What callers' wishes make of a reminder: new ones, edited ones, ended ones. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reminders import conditions, render
from reminders.errors import InvalidField
from reminders.model import (
    CompletionReason,
    Condition,
    Json,
    Message,
    NaturalKey,
    Reminder,
    Schedule,
    Status,
    new_id,
)
from reminders.schedule import ONE_TIME, RECURRING, first_occurrence


@dataclass(frozen=True, kw_only=True)
class NewReminder:
    """A caller's wish. Without `start_at` a recurring one begins an interval from now."""

    key: NaturalKey
    channel: str
    schedule_type: str
    start_at: datetime | None = None
    interval_minutes: int | None = None
    recipient: str | None = None
    message: Message = field(default_factory=Message)
    condition: Condition | None = None


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A caller's change: fields that are not in `given` stay as they are."""

    given: frozenset[str]
    schedule_type: str | None = None
    start_at: datetime | None = None
    interval_minutes: int | None = None
    recipient: str | None = None
    subject: str | None = None
    body: str | None = None
    payload: dict[str, Json] | None = None
    stop_condition_type: str | None = None
    stop_condition_value: str | None = None


def resolved(condition: Condition | None, key: NaturalKey) -> Condition | None:
    if condition is None:
        return None
    return replace(condition, value=conditions.resolve(condition.type, condition.value, key))


def new(wish: NewReminder, condition: Condition | None, moment: datetime) -> Reminder:
    schedule = _schedule(wish, moment)
    return Reminder(
        id=new_id(moment),
        key=wish.key,
        channel=wish.channel,
        recipient=wish.recipient,
        message=wish.message,
        schedule=schedule,
        condition=condition,
        status=Status.ACTIVE,
        next_run_at=first_occurrence(schedule, moment),
        planned_through=_cursor(schedule, moment),
        occurrence_no=0,
        paused_at=None,
        resumed_at=None,
        completed_at=None,
        completion_reason=None,
        last_error=None,
        version=1,
        created_at=moment,
        updated_at=moment,
    )


def _schedule(wish: NewReminder, moment: datetime) -> Schedule:
    start_at = wish.start_at
    if start_at is None and wish.schedule_type == ONE_TIME:
        raise InvalidField("start_at", "is required for a one_time schedule")
    if start_at is None:
        start_at = moment + timedelta(minutes=wish.interval_minutes or 0)
    return _checked(
        Schedule(schedule_type=wish.schedule_type, start_at=start_at, interval_minutes=wish.interval_minutes)
    )


def _checked(schedule: Schedule) -> Schedule:
    if schedule.schedule_type == RECURRING and schedule.interval_minutes is None:
        raise InvalidField("interval_minutes", "is required for a recurring schedule")
    if schedule.schedule_type == ONE_TIME and schedule.interval_minutes is not None:
        raise InvalidField("interval_minutes", "does not belong to a one_time schedule")
    return schedule


def _cursor(schedule: Schedule, moment: datetime) -> datetime | None:
    """A grid begins after now: what lies before is not missed. A one_time is due even when it has passed."""
    return None if schedule.schedule_type == ONE_TIME else moment


def ended(reminder: Reminder, status: Status, why: CompletionReason | None, moment: datetime) -> Reminder:
    return replace(
        reminder, status=status, completion_reason=why, completed_at=moment, paused_at=None, next_run_at=None
    )


def edited(reminder: Reminder, edit: Edit, moment: datetime) -> Reminder:
    message = replace(reminder.message, **{name: getattr(edit, name) for name in _MESSAGE & edit.given})
    render.check(message, reminder.key, reminder.channel)
    result = replace(
        reminder,
        message=message,
        recipient=edit.recipient if "recipient" in edit.given else reminder.recipient,
        condition=_edited_condition(reminder, edit),
    )
    schedule = _edited_schedule(reminder.schedule, edit)
    if schedule == reminder.schedule:
        return result
    return replace(
        result,
        schedule=schedule,
        next_run_at=first_occurrence(schedule, moment),
        planned_through=_cursor(schedule, moment),
    )


_MESSAGE = frozenset({"subject", "body", "payload"})


def _edited_condition(reminder: Reminder, edit: Edit) -> Condition | None:
    if not edit.given & {"stop_condition_type", "stop_condition_value"}:
        return reminder.condition
    type_, value = (reminder.condition.type, reminder.condition.value) if reminder.condition else (None, None)
    if "stop_condition_type" in edit.given:
        type_ = edit.stop_condition_type
    if "stop_condition_value" in edit.given:
        value = edit.stop_condition_value
    if type_ is None:
        if edit.stop_condition_value is not None:
            raise InvalidField("stop_condition_type", "is required with stop_condition_value")
        return None
    if value is None:
        raise InvalidField("stop_condition_value", "is required with stop_condition_type")
    return resolved(Condition(type=type_, value=value), reminder.key)


def _edited_schedule(before: Schedule, edit: Edit) -> Schedule:
    schedule = before
    if edit.schedule_type is not None and edit.schedule_type != before.schedule_type:
        if edit.schedule_type == ONE_TIME and edit.start_at is None:
            raise InvalidField("start_at", "is required for a one_time schedule")
        schedule = replace(schedule, schedule_type=edit.schedule_type, interval_minutes=None)
    if edit.start_at is not None:
        schedule = replace(schedule, start_at=edit.start_at)
    if edit.interval_minutes is not None:
        schedule = replace(schedule, interval_minutes=edit.interval_minutes)
    return _checked(schedule)
