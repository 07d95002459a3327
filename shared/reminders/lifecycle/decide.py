"""What may become of a reminder and of a run: the table of transitions and the engine's decisions. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from reminders.conditions import registry as conditions
from reminders.conditions.registry import Facts
from reminders.errors import IllegalTransition
from reminders.instants import Instant
from reminders.model import Due
from reminders.schedules import advance as schedule
from reminders.states import Cause, CompletionReason, Reason, Status

MAX_ATTEMPTS = 5
# A first lease holds up to a thousand runs. How many are leased together whose lease has expired at attempt 1, 2, 3 and later:
# the batches shrink, so that a run that kills its process is alone before its attempts are used up.
TAKEOVER_BATCHES = (100, 10, 1)
ALONE_FROM_ATTEMPT = 3
_RETRY_SECONDS = (30.0, 60.0, 120.0, 240.0)
_RETRY_SPREAD = 0.2
_LONGEST_ASKED_SECONDS = 900.0  # what a receiver may ask for; a longer wish is met so far

_LIVE = frozenset({Status.ACTIVE, Status.PAUSED})
# Their last run is still delivered and retried.
_ENDED_BY_SCHEDULE = frozenset({CompletionReason.SCHEDULE_ENDED, CompletionReason.MAX_RUNS})

# verb: (statuses that it may start from, the status in which its result already holds)
_VERBS: dict[str, tuple[frozenset[Status], Status | None]] = {
    "pause": (frozenset({Status.ACTIVE}), Status.PAUSED),
    "resume": (frozenset({Status.PAUSED}), Status.ACTIVE),
    "complete": (_LIVE, Status.COMPLETED),
    "cancel": (_LIVE, Status.CANCELLED),
    "trigger": (_LIVE, None),
    "patch": (_LIVE, None),
}


def permits(verb: str, status: Status) -> bool:
    """True when the verb changes something, False when its result already holds; IllegalTransition otherwise."""
    allowed, holds = _VERBS[verb]
    if status == holds:
        return False
    if status not in allowed:
        raise IllegalTransition(verb, status)
    return True


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
    if due.condition_type is not None and conditions.is_met(due.condition_type, due.condition_value, facts):
        return Decision(Status.COMPLETED, False, None, None, 0, None, None, CompletionReason.STOP_CONDITION, None)
    fires, skipped, scheduled_at, stands_for, cursor, next_due, supersedes = schedule.step(due, now, facts.calendars)
    if due.runs_left == 1 and fires and cursor is not None:
        status, next_due, reason = Status.COMPLETED, None, CompletionReason.MAX_RUNS
    elif next_due is None:
        status, reason = Status.COMPLETED, CompletionReason.SCHEDULE_ENDED
    else:
        status, reason = Status.ACTIVE, None
    return Decision(status, fires, skipped, scheduled_at, stands_for, next_due, cursor, reason, None, supersedes)


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


class Lost(Exception):
    """The run belongs to somebody else by now: its outcome is theirs to record."""


def forbids(run: RunFacts, facts: Facts, now: Instant) -> Reason | None:
    """Why a leased run that has not begun must not be sent any more; None when it may. Lost when it is not ours."""
    if not run.owned:
        raise Lost
    if run.cause == Cause.SCHEDULE and run.resumed_at is not None and run.created_at < run.resumed_at:
        return Reason.PAUSED
    if run.status == Status.PAUSED:
        triggered_since = run.cause == Cause.TRIGGER and run.created_at >= (run.paused_at or 0)
        if not triggered_since:
            return Reason.PAUSED
    elif run.status != Status.ACTIVE and run.completion_reason not in _ENDED_BY_SCHEDULE:
        return Reason.ENDED if run.completion_reason != CompletionReason.STOP_CONDITION else Reason.STOPPED
    if conditions.is_met(run.condition_type, run.condition_value, facts):
        return Reason.STOPPED
    if run.attempt > 1 and not run.catches_up and _is_overtaken(run, now):
        return Reason.SUPERSEDED
    return None


def _is_overtaken(run: RunFacts, now: Instant) -> bool:
    # The cursor alone does not tell: an edit of the schedule moves it, too, and plans nothing.
    if run.has_successor and run.planned_through is not None and run.planned_through > run.scheduled_at:
        return True
    return run.status == Status.ACTIVE and run.next_run_at is not None and run.next_run_at <= now


def retry_delay(attempt: int, random: Callable[[], float], asked: float = 0.0) -> float | None:
    """Seconds until a failed attempt is made again, ±20 %; None when it was the last one permitted.

    `random` gives a number in [0, 1). `asked` is what the receiver wishes: never less than that, and up to 20 % more, so
    that not all whom it told the same come back at once.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    chance = random()
    own = _RETRY_SECONDS[attempt - 1] * (1 + _RETRY_SPREAD * (2 * chance - 1))
    return max(own, min(asked, _LONGEST_ASKED_SECONDS) * (1 + _RETRY_SPREAD * chance))
