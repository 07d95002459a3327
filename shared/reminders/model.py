"""The values that everything else speaks of. Frozen; no behaviour beyond what follows from their own fields."""

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None

type Instant = int
"""Microseconds since 1970-01-01T00:00:00Z. Inside a tick instants are integers: exact, as PostgreSQL keeps them, and cheap."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_instant(moment: datetime) -> Instant:
    """An aware datetime as microseconds since the epoch."""
    return (moment - EPOCH) // MICROSECOND


def to_datetime(instant: Instant) -> datetime:
    """Microseconds since the epoch as a datetime in UTC."""
    return EPOCH + timedelta(microseconds=instant)


def new_id(moment: datetime) -> str:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then chance. Ids sort by creation."""
    milliseconds = to_instant(moment) // 1000
    number = milliseconds << 80 | int.from_bytes(os.urandom(10))
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


class Status(StrEnum):
    """Where a reminder stands. The first two are live."""

    ACTIVE = "ACTIVE"  # fires when next_run_at comes
    PAUSED = "PAUSED"  # keeps its place, does not fire
    COMPLETED = "COMPLETED"  # ended as it was meant to: completion_reason says by what
    CANCELLED = "CANCELLED"  # ended by a caller's DELETE
    FAILED = "FAILED"  # parked by the engine: last_error says why


class State(StrEnum):
    """Where a run stands. The first two are unfinished."""

    PENDING = "PENDING"  # waits for a worker, not before attempt_at
    SENDING = "SENDING"  # leased to a worker until attempt_at
    SENT = "SENT"  # the channel took it
    DEAD = "DEAD"  # not tried again without a person
    SKIPPED = "SKIPPED"  # an occurrence that was passed over, recorded
    CANCELLED = "CANCELLED"  # stopped, paused, cancelled or superseded before it was sent


class Cause(StrEnum):
    """What made a run."""

    SCHEDULE = "schedule"  # the grid, or a person who set next_run_at
    TRIGGER = "trigger"  # POST /reminders/{id}/trigger


class CompletionReason(StrEnum):
    """Why a reminder has ended."""

    STOP_CONDITION = "stop_condition"
    SCHEDULE_ENDED = "schedule_ended"  # its last occurrence has been planned
    MAX_RUNS = "max_runs"  # it has fired as often as it may
    COMPLETED_BY_CALLER = "completed_by_caller"
    DELIVERY_FAILED = "delivery_failed"  # its last run ended DEAD


class Reason(StrEnum):
    """Why a run is not SENT (yet)."""

    RETRY = "retry"  # the last attempt failed
    UNKNOWN = "unknown"  # the last attempt may have arrived: its result was lost
    EXHAUSTED = "attempts_exhausted"  # the last permitted attempt failed
    PERMANENT = "permanent_failure"  # the channel says that trying again is useless
    GONE = "gone"  # the receiver says that it wants no more
    NO_RECIPIENT = "no_recipient"
    UNKNOWN_CHANNEL = "unknown_channel"
    RENDER_FAILED = "render_failed"
    MISFIRE = "misfire"  # missed, and too late by the reminder's policy
    MAX_CATCHUP = "max_catchup"  # missed, and more than the policy makes up for
    WINDOW = "window"  # outside of the send window or the working days
    SUPERSEDED = "superseded"  # a retry that the next occurrence overtook
    STOPPED = "stop_condition"
    PAUSED = "paused"
    ENDED = "reminder_ended"


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

    A window whose end is not after its begin crosses midnight and belongs to the day on which it begins.
    """

    weekdays: frozenset[int] = frozenset(range(7))  # 0 is Monday
    opens: int = 0
    closes: int = 1440
    timezone: str | None = None  # None: the schedule's own


@dataclass(frozen=True, kw_only=True)
class BusinessCalendar:
    """A shared calendar: the weekdays on which work is done (0 is Monday), and the days of these on which it is not."""

    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ScheduleWish:
    """When a reminder shall fire, as a caller says it. Which fields belong to which type stands in `rules/fields.py`."""

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
class Schedule(ScheduleWish):
    """When a reminder fires: a wish that was accepted, and what follows from it.

    What was meant by a wall clock is kept as such: the fields that end in `_local` are naive wall times in `timezone`, from
    which the instants are worked out again when a zone's rules change.
    """

    start_at: datetime
    start_local: datetime | None = None
    anchor_local: datetime | None = None
    rdates_local: tuple[datetime, ...] | None = None
    exdates_local: tuple[datetime, ...] | None = None
    rrule_until: datetime | None = None  # wall time of the last one that COUNT or UNTIL permits
    fired_offsets: tuple[str, ...] | None = None  # they do not fire again when the anchor moves
    offsets_from: datetime | None = None  # what lay at or before this instant was passed over; None: nothing was


@dataclass(frozen=True, kw_only=True)
class Condition:
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


class Run(NamedTuple):
    """A run that a worker has leased, with the facts of its reminder that a channel may need."""

    id: int
    reminder_id: str
    occurrence_no: int
    step: int
    attempt: int  # the fence: 1 for the first send
    scheduled_at: Instant
    stands_for: int
    channel: str
    recipient: str | None
    message: dict[str, Json] | None  # as rendered
    entity_type: str
    entity_id: str
    event_type: str

    @property
    def key(self) -> str:
        """The receiver's id for this run, the same on each repeat."""
        return f"{self.reminder_id}_{self.occurrence_no}_{self.step}"

    @property
    def scheduled_for(self) -> datetime:
        """When the occurrence was meant, in UTC."""
        return to_datetime(self.scheduled_at)

    @property
    def subject(self) -> str | None:
        return self._text("subject")

    @property
    def body(self) -> str | None:
        return self._text("body")

    @property
    def payload(self) -> dict[str, Json]:
        payload = (self.message or {}).get("payload")
        return payload if isinstance(payload, dict) else {}

    def _text(self, name: str) -> str | None:
        text = (self.message or {}).get(name)
        return text if isinstance(text, str) else None


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A row of `reminder_runs` as the history shows it."""

    key: str
    occurrence_no: int
    step: int
    cause: str
    scheduled_for: datetime
    stands_for: int
    channel: str
    recipient: str | None
    subject: str | None
    body: str | None
    state: State
    attempt: int
    attempt_at: datetime | None
    reason: str | None
    error: str | None
    provider_id: str | None
    created_at: datetime
    finished_at: datetime | None


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
class Page[T]:
    """A part of a list, and where the next one begins: None on the last."""

    items: tuple[T, ...]
    next_cursor: str | None
