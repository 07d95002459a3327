"""The values that everything else works with. Frozen; no behaviour beyond what follows from their own fields."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from reminders.instants import Instant
from reminders.states import Status

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None


def with_fields[T](kind: type[T], values: dict[str, Any]) -> T:
    """A frozen dataclass whose fields are given in a dictionary that becomes its own; one that is missing has its
    default, which the class holds.

    Its own constructor takes several times as long, since it sets them one by one, and a list makes a hundred.
    """
    made = object.__new__(kind)
    object.__setattr__(made, "__dict__", values)
    return made


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent, as given by the caller: `subject` and `body` may hold `{{placeholders}}`."""

    subject: str | None = None
    body: str | None = None
    payload: dict[str, Json] | None = None

    def as_object(self) -> dict[str, Json] | None:
        """As it is stored: only what was given; None for nothing."""
        given = {"subject": self.subject, "body": self.body, "payload": self.payload}
        return {name: value for name, value in given.items() if value is not None} or None


@dataclass(frozen=True, kw_only=True)
class SendWindow:
    """When sending is allowed: from `opens` to before `closes`, both in minutes of the day, on these weekdays.

    A window that does not close after it opens crosses midnight, and belongs to the day on which it opens.
    """

    weekdays: frozenset[int] = frozenset(range(7))  # 0 is Monday
    opens: int = 0
    closes: int = 1440
    timezone: str | None = None  # None: the schedule's own


@dataclass(frozen=True, kw_only=True)
class BusinessCalendar:
    """A shared calendar: the working weekdays (0 is Monday), and the dates that are days off all the same."""

    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ScheduleSpec:
    """When a reminder is to fire, as a caller states it; a type's class in `schedules/` says which fields it has."""

    schedule_type: str = ""
    start_at: datetime | None = None  # the anchor; nothing fires before it
    interval_minutes: int | None = None  # recurring
    backoff_minutes: tuple[int, ...] | None = None  # recurring: gaps instead of the interval, the last one repeats
    every: int | None = None  # calendar: so many units
    unit: str | None = None  # calendar: day, week, month or year
    month_overflow: str | None = None  # calendar: clamp or skip a day that the month does not have
    cron: str | None = None
    rrule: str | None = None  # RFC 5545
    rdates: tuple[datetime, ...] | None = None
    exdates: tuple[datetime, ...] | None = None
    anchor_at: datetime | None = None  # anchored
    offsets: tuple[str, ...] | None = None  # ISO 8601 durations from the anchor
    past_offset: str | None = None  # skip or fire those that have passed at creation
    timezone: str | None = None  # IANA; None: UTC
    end_at: datetime | None = None  # nothing fires after it
    max_runs: int | None = None
    dst_gap: str | None = None  # first_valid, shift or skip
    dst_overlap: str | None = None  # first, last or both
    misfire_policy: str | None = None  # fire_once, skip or fire_all
    max_catchup: int | None = None  # with fire_all
    misfire_grace_minutes: int | None = None
    send_window: SendWindow | None = None
    business_calendar: str | None = None
    window_policy: str | None = None  # defer or skip
    jitter_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Schedule(ScheduleSpec):
    """When a reminder fires: a specification that was accepted, and what follows from it.

    What was meant on a wall clock is kept that way: the fields that end in `_local` are naive wall times in `timezone`,
    from which the instants are worked out again when a zone's rules change.
    """

    start_at: datetime
    start_local: datetime | None = None
    anchor_local: datetime | None = None
    rdates_local: tuple[datetime, ...] | None = None
    exdates_local: tuple[datetime, ...] | None = None
    rrule_until: datetime | None = None  # wall time of the last one that COUNT or UNTIL permits
    fired_offsets: tuple[str, ...] | None = None  # they do not fire again when the anchor moves
    offsets_from: datetime | None = None  # what lay at or before this instant was passed over; None: nothing was


class Condition(NamedTuple):
    """What ends a reminder: for `db_check` the key of a flag."""

    type: str
    value: str


@dataclass(frozen=True, kw_only=True)
class NaturalKey:
    """Who and what: one live reminder for each."""

    entity_type: str
    entity_id: str
    event_type: str


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """A row of `reminder_jobs`. `version` counts callers' edits."""

    id: str
    key: NaturalKey
    channel: str
    recipient: str | None
    message: Message
    schedule: Schedule
    condition: Condition | None
    status: Status
    next_run_at: datetime | None
    planned_through: datetime | None
    occurrence_no: int
    runs_left: int | None  # of max_runs; None: no limit
    paused_at: datetime | None
    resumed_at: datetime | None
    completed_at: datetime | None
    completion_reason: str | None
    last_error: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class Due(NamedTuple):
    """A claimed reminder: what a decision needs, in the order in which `claim_due.sql` reads it.

    A tuple, since a tick makes a thousand at a time: a frozen dataclass costs six times as much.
    """

    tid: str  # the row's place, valid while it is locked
    id: str
    run_id: int  # the id that its run will get
    entity_type: str
    entity_id: str
    event_type: str
    channel: str
    recipient: str | None
    message: dict[str, Json] | None
    schedule_type: str
    interval_minutes: int | None
    start_at: Instant
    next_run_at: Instant
    planned_through: Instant | None
    occurrence_no: int
    condition_type: str | None
    condition_value: str | None
    schedule: str | None  # the schedule's other fields as JSON; None for a plain interval or instant
    runs_left: int | None

    @property
    def condition(self) -> Condition | None:
        type_, value = self.condition_type, self.condition_value
        return None if type_ is None or value is None else Condition(type_, value)


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A row of `status_flags`."""

    key: str
    value: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class NamedCalendar:
    """A row of `business_calendars`."""

    name: str
    days: BusinessCalendar
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReminderFilter:
    """Which reminders a list shows: those that match all that is given."""

    status: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    event_type: str | None = None
    channel: str | None = None
    due_before: datetime | None = None  # next_run_at lies before it


@dataclass(frozen=True, kw_only=True)
class Page[T]:
    """A part of a list, and where the next one begins: None on the last."""

    items: tuple[T, ...]
    next_cursor: str | None
