"""What the engine does with a due reminder: fire, skip, wait, complete. Pure."""

from typing import NamedTuple

from reminders import conditions
from reminders.conditions import Facts
from reminders.errors import PlanRefused
from reminders.instants import Instant
from reminders.model import Due
from reminders.schedules import advance
from reminders.schedules.advance import Advance
from reminders.states import CompletionReason, Reason, Status


class Decision(NamedTuple):
    """What a plan does with one due reminder. Built by `__new__` where it is built often, as an `Advance` is."""

    status: Status
    fires: bool = False
    skipped: Reason | None = None  # instead of firing, occurrences are passed over and this is recorded
    scheduled_at: Instant | None = None  # of the run, or of the last that is skipped
    stands_for: int = 0
    next_run_at: Instant | None = None  # None when the reminder has ended
    planned_through: Instant | None = None  # where the cursor moves to; None: it stays
    reason: CompletionReason | None = None  # why it is COMPLETED
    error: str | None = None  # why it is FAILED, or put off while it is ACTIVE
    supersedes: bool = True  # its earlier runs are no longer retried

    @staticmethod
    def go_on(does: Advance) -> "Decision":
        """The schedule has its way, and the reminder stays ACTIVE."""
        fires, skipped, scheduled_at, stands_for, cursor, next_due, supersedes = does
        return Decision.__new__(
            Decision,
            status=_ACTIVE,
            fires=fires,
            skipped=skipped,
            scheduled_at=scheduled_at,
            stands_for=stands_for,
            next_run_at=next_due,
            planned_through=cursor,
            supersedes=supersedes,
        )

    @staticmethod
    def end(does: Advance, reason: CompletionReason) -> "Decision":
        """The schedule has its way for the last time."""
        fires, skipped, scheduled_at, stands_for, cursor, _, supersedes = does
        return Decision.__new__(
            Decision,
            status=_COMPLETED,
            fires=fires,
            skipped=skipped,
            scheduled_at=scheduled_at,
            stands_for=stands_for,
            planned_through=cursor,
            reason=reason,
            supersedes=supersedes,
        )

    @staticmethod
    def complete(reason: CompletionReason) -> "Decision":
        """The reminder ends without a run."""
        return Decision(status=Status.COMPLETED, reason=reason)

    @staticmethod
    def put_off(until: Instant, error: str) -> "Decision":
        """Something in it is not known here: it is looked at again at `until`, and its schedule stays where it is."""
        return Decision(status=Status.ACTIVE, next_run_at=until, error=error)

    @staticmethod
    def park(error: str) -> "Decision":
        """The reminder cannot be planned, and waits for a person."""
        return Decision(status=Status.FAILED, error=error)


# Looked up once, not a thousand times a tick.
_ACTIVE, _COMPLETED, _SCHEDULE_ENDED = Status.ACTIVE, Status.COMPLETED, CompletionReason.SCHEDULE_ENDED
_LAST_NUMBER = 2**31 - 1


def decide(due: Due, facts: Facts, now: Instant) -> Decision:
    """Fire, skip, wait, complete: what becomes of a claimed reminder at `now`. PlanRefused, NotKnownHere.

    When the schedule has no occurrence to offer, a person has woken it: it fires once more, and the schedule stays.
    """
    if due.condition_type is not None and conditions.is_met(due.condition, facts):
        return Decision.complete(CompletionReason.STOP_CONDITION)
    if due.runs_left == 0:  # SQL has put it there
        return Decision.complete(CompletionReason.MAX_RUNS)
    if due.occurrence_no >= _LAST_NUMBER:
        raise PlanRefused("its occurrences cannot be counted any further")
    does = advance.of(due, now, facts.calendars)
    if due.runs_left == 1 and does.fires and does.cursor is not None:
        return Decision.end(does, CompletionReason.MAX_RUNS)
    if does.next_due is None:
        return Decision.end(does, _SCHEDULE_ENDED)
    return Decision.go_on(does)
