"""The words for where a reminder and a run stand, and why. They are stored and shown as they are."""

from enum import StrEnum

ENGINE_LEVEL = 0
"""What this engine understands. A feature that an older one would get wrong raises it, and `needs` of rows that use
it."""


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
    UNKNOWN_CONDITION = "unknown_condition"
    UNKNOWN_ENDPOINT = "unknown_endpoint"
    RENDER_FAILED = "render_failed"
    UNREADABLE = "unreadable"  # its row holds what the database itself refuses to work with
    MISFIRE = "misfire"  # missed, and too late by the reminder's policy
    MAX_CATCHUP = "max_catchup"  # missed, and more than the policy makes up for
    WINDOW = "window"  # outside of the send window or the working days
    SUPERSEDED = "superseded"  # a retry that the next occurrence overtook
    STOPPED = "stop_condition"
    PAUSED = "paused"
    ENDED = "reminder_ended"
