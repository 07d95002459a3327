"""A reminder and its schedule, with all that is stored of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reminders.model import Condition, Message, NaturalKey, SendWindow
from reminders.states import Status


def with_fields[T](kind: type[T], values: dict[str, Any]) -> T:
    """A frozen dataclass whose fields are given in a dictionary that becomes its own; one that is missing has its
    default, which the class holds.

    Its own constructor takes several times as long, since it sets them one by one, and a list makes a hundred.
    """
    made = object.__new__(kind)
    object.__setattr__(made, "__dict__", values)
    return made


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
    needs: int  # the lowest level of engine that understands it
    unknown_since: datetime | None  # engines have come upon something in it that they do not know
    version: int
    created_at: datetime
    updated_at: datetime
