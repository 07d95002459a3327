"""What stops a run that a worker has leased but not begun to send. Pure."""

from typing import NamedTuple

from reminders import conditions
from reminders.conditions import Facts
from reminders.instants import MINUTE, Instant
from reminders.model import Condition
from reminders.states import Cause, CompletionReason, Reason, Status

# Their last run is still delivered and retried.
_ENDED_BY_SCHEDULE = frozenset({CompletionReason.SCHEDULE_ENDED, CompletionReason.MAX_RUNS})


class RunFacts(NamedTuple):
    """What may stop a run, as read for it at one instant."""

    run_id: int
    owned: bool  # the run is still SENDING and at this worker's attempt
    has_successor: bool  # it is a retry, and a later occurrence of its schedule has been planned
    cause: str
    attempt: int
    scheduled_at: Instant
    created_at: Instant
    status: str | None  # the reminder's; None when it was removed
    completion_reason: str | None
    paused_at: Instant | None
    resumed_at: Instant | None
    next_run_at: Instant | None
    planned_through: Instant | None
    condition_type: str | None
    condition_value: str | None
    catches_up: bool  # each occurrence counts, so none overtakes another's retries

    @property
    def condition(self) -> Condition | None:
        type_, value = self.condition_type, self.condition_value
        return None if type_ is None or value is None else Condition(type=type_, value=value)


class Lost(Exception):
    """The run now belongs to somebody else: its outcome is theirs to record."""


def forbids(run: RunFacts, facts: Facts, now: Instant) -> Reason | None:
    """Why a leased run that has not begun must no longer be sent; None when it may. Lost when it is not ours."""
    if not run.owned:
        raise Lost
    if run.cause == Cause.SCHEDULE and run.created_at < _passed(run.resumed_at, now):
        return Reason.PAUSED
    if run.status == Status.PAUSED:
        triggered_since = run.cause == Cause.TRIGGER and run.created_at >= _passed(run.paused_at, now)
        if not triggered_since:
            return Reason.PAUSED
    elif run.status != Status.ACTIVE and run.completion_reason not in _ENDED_BY_SCHEDULE:
        return Reason.ENDED if run.completion_reason != CompletionReason.STOP_CONDITION else Reason.STOPPED
    if conditions.is_met(run.condition, facts):
        return Reason.STOPPED
    if run.attempt > 1 and not run.catches_up and _is_overtaken(run, now):
        return Reason.SUPERSEDED
    return None


def _passed(moment: Instant | None, now: Instant) -> Instant:
    """The instant of a pause or of its end; 0 for one that is still to come, since the clock was ahead when it was
    written: what waited then was cancelled with it."""
    return 0 if moment is None or moment > now + MINUTE else moment


def _is_overtaken(run: RunFacts, now: Instant) -> bool:
    # The cursor alone does not tell: an edit of the schedule moves it too, and plans nothing.
    if run.has_successor and run.planned_through is not None and run.planned_through > run.scheduled_at:
        return True
    return run.status == Status.ACTIVE and run.next_run_at is not None and run.next_run_at <= now
