"""What callers' requests make of a reminder: new ones, edited ones, ended ones. Pure."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from reminders import conditions
from reminders.errors import InvalidField, PlanRefused
from reminders.instants import new_id, to_instant
from reminders.messages import render
from reminders.model import Condition, Json, Message, NaturalKey
from reminders.model.reminder import Reminder, Schedule, ScheduleSpec
from reminders.schedules import fields
from reminders.schedules.advance import CalendarsByName, due_after, first_due, next_occurrence
from reminders.schedules.fields import accepted
from reminders.schedules.registry import type_of
from reminders.schedules.rule import gate_of
from reminders.states import CompletionReason, Status


@dataclass(frozen=True, kw_only=True)
class NewReminder:
    """What a caller asks for."""

    key: NaturalKey
    channel: str
    schedule: ScheduleSpec
    recipient: str | None = None
    message: Message = field(default_factory=Message)
    condition: Condition | None = None


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A caller's change: fields that are not in `given` stay as they are."""

    given: frozenset[str]
    schedule: ScheduleSpec = field(default_factory=ScheduleSpec)
    recipient: str | None = None
    subject: str | None = None
    body: str | None = None
    payload: dict[str, Json] | None = None
    stop_condition_type: str | None = None
    stop_condition_value: str | None = None


def new(wanted: NewReminder, condition: Condition | None, calendars: CalendarsByName, moment: datetime) -> Reminder:
    """A reminder that begins at `moment`; InvalidField when its schedule has nothing to fire."""
    schedule = accepted(wanted.schedule, moment)
    reminder = Reminder(
        id=new_id(moment),
        key=wanted.key,
        channel=wanted.channel,
        recipient=wanted.recipient,
        message=wanted.message,
        schedule=schedule,
        condition=condition,
        status=Status.ACTIVE,
        next_run_at=None,
        planned_through=None,
        occurrence_no=0,
        runs_left=schedule.max_runs,
        paused_at=None,
        resumed_at=None,
        completed_at=None,
        completion_reason=None,
        last_error=None,
        needs=0,
        unknown_since=None,
        version=1,
        created_at=moment,
        updated_at=moment,
    )
    return _begun(reminder, schedule, calendars, moment)


def _begun(reminder: Reminder, schedule: Schedule, calendars: CalendarsByName, moment: datetime) -> Reminder:
    """The reminder with a new schedule, which begins at `moment`: what lies before is not missed.

    A `one_time` is due even when it has passed, and an anchored one may be told to fire what has.
    """
    kind = type_of(schedule.schedule_type)
    cursor = None if kind.fires_what_has_passed(schedule) else moment
    schedule = kind.begun(schedule, cursor)
    return _due(replace(reminder, schedule=schedule, planned_through=cursor), calendars)


def _due(reminder: Reminder, calendars: CalendarsByName) -> Reminder:
    """The reminder, due when its schedule has its next occurrence; InvalidField when it has none."""
    next_run_at = first_due(reminder.schedule, reminder.planned_through, calendars, reminder.id)
    if next_run_at is None:
        raise _without_occurrence(reminder.schedule)
    return replace(reminder, next_run_at=next_run_at)


def check_fires(schedule: Schedule, calendars: CalendarsByName, moment: datetime) -> None:
    """InvalidField when a schedule never fires, whenever it begins, or its window is never open from `moment` on."""
    gate = gate_of(schedule, calendars)
    never_opens = gate is not None and gate.next_open(to_instant(moment)) is None
    if never_opens or next_occurrence(schedule, _LONG_AGO) is None:
        raise _without_occurrence(schedule)


def _without_occurrence(schedule: Schedule) -> InvalidField:
    """Which field is to blame when nothing would ever fire."""
    blamed = type_of(schedule.schedule_type).blamed
    if schedule.end_at is not None and next_occurrence(replace(schedule, end_at=None), _LONG_AGO) is not None:
        return InvalidField("end_at", "lies before the first occurrence")
    if next_occurrence(schedule, _LONG_AGO) is None:
        return InvalidField(blamed or "schedule_type", "never fires")
    if schedule.send_window is not None:
        return InvalidField("send_window", "is never open when the schedule fires")
    if schedule.business_calendar is not None:
        return InvalidField("business_calendar", "is never open when the schedule fires")
    return InvalidField(blamed or "start_at", "never fires again: all of it has passed")


_LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


def replanned(reminder: Reminder, calendars: CalendarsByName, moment: datetime) -> Reminder:
    """The same reminder, its instants as today's zones and calendars have them. What is due already stays due."""
    schedule = fields.replanned(reminder.schedule)
    due = due_after(schedule, reminder.planned_through, calendars, reminder.id)
    waits = reminder.status is Status.ACTIVE and reminder.next_run_at is not None and reminder.next_run_at > moment
    return replace(reminder, schedule=schedule, next_run_at=due if waits and due else reminder.next_run_at)


def ended(reminder: Reminder, status: Status, why: CompletionReason | None, moment: datetime) -> Reminder:
    return replace(
        reminder, status=status, completion_reason=why, completed_at=moment, paused_at=None, next_run_at=None
    )


def edited(reminder: Reminder, edit: Edit, calendars: CalendarsByName, moment: datetime) -> Reminder:
    message = reminder.message._replace(**{name: getattr(edit, name) for name in _MESSAGE & edit.given})
    if message != reminder.message:  # one that is there already is no reason to refuse another change
        render.check(message, reminder.key, reminder.channel)
    result = replace(
        reminder,
        message=message,
        recipient=edit.recipient if "recipient" in edit.given else reminder.recipient,
        condition=_edited_condition(reminder, edit),
    )
    if not edit.given & SPEC_FIELDS:
        return result
    try:
        return _rescheduled(result, edit, calendars, moment)
    except (ValueError, TypeError, LookupError, OverflowError) as broken:  # not InvalidField, which names what is wrong
        raise PlanRefused("its schedule cannot be read") from broken


def _rescheduled(reminder: Reminder, edit: Edit, calendars: CalendarsByName, moment: datetime) -> Reminder:
    """With the schedule as the edit changes it; one that stays as it is does not begin again."""
    before = reminder.schedule
    spec = fields.spec_of(before)
    if "schedule_type" in edit.given and edit.schedule.schedule_type != before.schedule_type:
        spec = fields.changed(spec, edit.schedule.schedule_type)
    spec = replace(spec, **{name: getattr(edit.schedule, name) for name in SPEC_FIELDS & edit.given})
    if spec == fields.spec_of(before):
        return reminder
    schedule = accepted(spec, moment)
    if schedule.schedule_type == before.schedule_type:
        schedule = _continued(schedule, before, reminder.planned_through)
    fired = 0 if before.max_runs is None or reminder.runs_left is None else before.max_runs - reminder.runs_left
    left = None if schedule.max_runs is None else schedule.max_runs - fired
    if left is not None and left <= 0:
        raise InvalidField("max_runs", f"has fired {fired} times already")
    reminder = replace(reminder, runs_left=left)
    if all(getattr(spec, name) == getattr(before, name) for name in SPEC_FIELDS - {*fields.BESIDE}):
        # What it means is as before: what waits for its window, or is due right now, stays so.
        derived = {name: getattr(before, name) for name in ("fired_offsets", "offsets_from")}
        return _due(replace(reminder, schedule=replace(schedule, **derived)), calendars)
    return _begun(reminder, schedule, calendars, moment)


def _continued(schedule: Schedule, before: Schedule, through: datetime | None) -> Schedule:
    try:
        return type_of(before.schedule_type).continued(schedule, before, through)
    except _UNREADABLE:  # of a schedule that SQL has broken nothing can be remembered
        return schedule


def resumed(reminder: Reminder, calendars: CalendarsByName, moment: datetime) -> Reminder:
    """Goes on after `moment` and replays nothing; without an occurrence the reminder is complete. PlanRefused when its
    schedule cannot be read."""
    schedule = reminder.schedule
    try:
        kind = type_of(schedule.schedule_type)
        schedule = kind.begun(kind.continued(schedule, schedule, reminder.planned_through), moment)
        following = due_after(schedule, moment, calendars, reminder.id)
    except _UNREADABLE as broken:
        raise PlanRefused("its schedule cannot be read") from broken
    reminder = replace(reminder, schedule=schedule, paused_at=None, resumed_at=moment, planned_through=moment)
    if following is None:
        return ended(reminder, Status.COMPLETED, CompletionReason.SCHEDULE_ENDED, moment)
    return replace(reminder, status=Status.ACTIVE, next_run_at=following)


_UNREADABLE = (InvalidField, ValueError, TypeError, LookupError, OverflowError)
"""What comes of a schedule that SQL has broken."""

SPEC_FIELDS = frozenset(fields.SPEC_NAMES)
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
    return conditions.resolved(Condition(type=type_, value=value), reminder.key)
