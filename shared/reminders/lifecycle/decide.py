"""What the engine does with a due reminder: fire, skip, wait, complete. Pure."""

from typing import NamedTuple

from reminders import conditions
from reminders.conditions import Facts
from reminders.instants import Instant
from reminders.model import Due
from reminders.schedules import advance
from reminders.states import CompletionReason, Reason, Status


class Decision(NamedTuple):
    """What a plan does with one due reminder."""

    status: Status
    fires: bool
    skipped: Reason | None  # instead of firing, occurrences are passed over and this is recorded
    scheduled_at: Instant | None  # of the run, or of the last that is skipped
    stands_for: int
    next_run_at: Instant | None  # None when the reminder has ended
    planned_through: Instant | None  # where the cursor moves to; None: it stays
    reason: str | None  # why it is COMPLETED
    error: str | None  # why it is FAILED
    supersedes: bool = True  # retries of its earlier runs are not made any more


def decide(due: Due, facts: Facts, now: Instant) -> Decision:
    """Fire, skip, wait, complete: what becomes of a claimed reminder at `now`.

    When the schedule has none to offer, the wake-up was a person's: one extra occurrence, and the schedule is as it was.
    """
    if due.condition_type is not None and conditions.is_met(due.condition, facts):
        return Decision(Status.COMPLETED, False, None, None, 0, None, None, CompletionReason.STOP_CONDITION, None)
    fires, skipped, scheduled_at, stands_for, cursor, next_due, supersedes = advance.step(due, now, facts.calendars)
    if due.runs_left == 1 and fires and cursor is not None:
        status, next_due, reason = Status.COMPLETED, None, CompletionReason.MAX_RUNS
    elif next_due is None:
        status, reason = Status.COMPLETED, CompletionReason.SCHEDULE_ENDED
    else:
        status, reason = Status.ACTIVE, None
    return Decision(status, fires, skipped, scheduled_at, stands_for, next_due, cursor, reason, None, supersedes)
