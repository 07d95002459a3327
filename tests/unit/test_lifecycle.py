"""The table of transitions and the engine's decisions, case by case."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.conditions.registry import Facts
from reminders.errors import IllegalTransition, PlanRefused
from reminders.instants import Instant, to_datetime, to_instant
from reminders.lifecycle import transitions
from reminders.lifecycle.decide import Decision, decide
from reminders.lifecycle.retries import MAX_ATTEMPTS, retry_delay
from reminders.lifecycle.stops import Lost, RunFacts, forbids
from reminders.lifecycle.transitions import permits
from reminders.model import Due
from reminders.model.reminder import Schedule
from reminders.schedules import advance
from reminders.schedules.advance import Advance
from reminders.states import Cause, CompletionReason, Reason, Status
from tests.world import claimed

NINE: Instant = to_instant(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
MINUTE: Instant = 60_000_000
HOUR = 60 * MINUTE
NOTHING = Facts()
DONE = Facts(true_flags=frozenset({"done"}))

CHANGES, HOLDS, REFUSED = True, False, None
TABLE: dict[str, dict[Status, bool | None]] = {
    "pause": {
        Status.ACTIVE: CHANGES,
        Status.PAUSED: HOLDS,
        Status.COMPLETED: REFUSED,
        Status.CANCELLED: REFUSED,
        Status.FAILED: REFUSED,
    },
    "resume": {
        Status.ACTIVE: HOLDS,
        Status.PAUSED: CHANGES,
        Status.COMPLETED: REFUSED,
        Status.CANCELLED: REFUSED,
        Status.FAILED: REFUSED,
    },
    "complete": {
        Status.ACTIVE: CHANGES,
        Status.PAUSED: CHANGES,
        Status.COMPLETED: HOLDS,
        Status.CANCELLED: REFUSED,
        Status.FAILED: REFUSED,
    },
    "cancel": {
        Status.ACTIVE: CHANGES,
        Status.PAUSED: CHANGES,
        Status.COMPLETED: REFUSED,
        Status.CANCELLED: HOLDS,
        Status.FAILED: REFUSED,
    },
    "trigger": {
        Status.ACTIVE: CHANGES,
        Status.PAUSED: CHANGES,
        Status.COMPLETED: REFUSED,
        Status.CANCELLED: REFUSED,
        Status.FAILED: REFUSED,
    },
    "patch": {
        Status.ACTIVE: CHANGES,
        Status.PAUSED: CHANGES,
        Status.COMPLETED: REFUSED,
        Status.CANCELLED: REFUSED,
        Status.FAILED: REFUSED,
    },
}


@pytest.mark.parametrize("verb, status", [(verb, status) for verb in TABLE for status in Status])
def test_the_table_of_transitions(verb: str, status: Status) -> None:
    """Each verb from each status changes something, finds its result in place, or is refused with both named."""
    expected = TABLE[verb][status]
    if expected is not REFUSED:
        assert permits(verb, status) is expected
        return
    with pytest.raises(IllegalTransition) as refused:
        permits(verb, status)
    assert (refused.value.verb, refused.value.status) == (verb, status)


def test_every_verb_is_in_the_table() -> None:
    """The table above speaks of all verbs that there are."""
    assert set(transitions._VERBS) == set(TABLE)


def hourly(**changes: Any) -> Due:
    """An hourly reminder whose nine o'clock has been planned."""
    schedule = Schedule(schedule_type="recurring", interval_minutes=60, start_at=to_datetime(NINE))
    given: dict[str, Any] = {
        "next_run_at": NINE + HOUR,
        "occurrence_no": 1,
        "condition_type": "db_check",
        "condition_value": "done",
    }
    return claimed(schedule, NINE, **given | changes)


def once(**changes: Any) -> Due:
    """A one_time reminder for nine o'clock that has not been planned."""
    return hourly(schedule_type="one_time", interval_minutes=None, next_run_at=NINE, planned_through=None, **changes)


def fires(status: Status, at: Instant, stands_for: int, following: Instant | None, cursor: Instant | None) -> Decision:
    does = Advance.fire(at=at, stands_for=stands_for, cursor=cursor, next_due=following)
    if status is Status.COMPLETED:
        return Decision.end(does, CompletionReason.SCHEDULE_ENDED)
    return Decision.go_on(does)


@pytest.mark.parametrize(
    "due, now, expected",
    [
        (hourly(), NINE + HOUR, fires(Status.ACTIVE, NINE + HOUR, 1, NINE + 2 * HOUR, NINE + HOUR)),
        (hourly(), NINE + HOUR + 7, fires(Status.ACTIVE, NINE + HOUR, 1, NINE + 2 * HOUR, NINE + HOUR)),
        (hourly(), NINE + 3 * HOUR + 7, fires(Status.ACTIVE, NINE + 3 * HOUR, 3, NINE + 4 * HOUR, NINE + 3 * HOUR)),
        (hourly(planned_through=None), NINE, fires(Status.ACTIVE, NINE, 1, NINE + HOUR, NINE)),
        (hourly(), NINE + MINUTE, fires(Status.ACTIVE, NINE + MINUTE, 1, NINE + HOUR, None)),
        (hourly(planned_through=None), NINE - MINUTE, fires(Status.ACTIVE, NINE - MINUTE, 1, NINE, None)),
        (hourly(condition_type=None, condition_value=None), NINE + HOUR,
         fires(Status.ACTIVE, NINE + HOUR, 1, NINE + 2 * HOUR, NINE + HOUR)),
        (once(), NINE + 7, fires(Status.COMPLETED, NINE, 1, None, NINE)),
        (once(), NINE - MINUTE, fires(Status.ACTIVE, NINE - MINUTE, 1, NINE, None)),
        (once()._replace(planned_through=NINE), NINE + HOUR, fires(Status.COMPLETED, NINE + HOUR, 1, None, None)),
    ],
    ids=["on time", "late", "after an outage", "the first", "an extra one", "an extra one before the anchor",
         "without a condition", "one_time", "one_time early", "one_time again"],
)  # fmt: skip
def test_what_becomes_of_a_due_reminder(due: Due, now: Instant, expected: Decision) -> None:
    """A reminder whose condition is false fires: for the latest missed instant, or as an extra one that leaves the
    grid."""
    assert decide(due, NOTHING, now) == expected


@pytest.mark.parametrize("due", [hourly(), once()])
def test_a_true_condition_completes_without_a_run(due: Due) -> None:
    """Whatever the schedule has to offer, a reminder whose condition is true ends."""
    assert decide(due, DONE, NINE + 5 * HOUR) == Decision(
        status=Status.COMPLETED, reason=CompletionReason.STOP_CONDITION
    )


def test_a_schedule_that_does_not_advance_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A next instant that is not after now would fire for ever: the plan is refused."""
    monkeypatch.setattr(advance, "_plain", lambda due, now: Advance.fire(at=now, next_due=now))
    with pytest.raises(PlanRefused):
        decide(hourly(), NOTHING, NINE)


def last_run(at: Instant, stands_for: int) -> Decision:
    return Decision(
        status=Status.COMPLETED,
        fires=True,
        scheduled_at=at,
        stands_for=stands_for,
        planned_through=at,
        reason=CompletionReason.MAX_RUNS,
    )


def misses_noon(status: Status, **changes: Any) -> Decision:
    noon = NINE + 3 * HOUR
    given: dict[str, Any] = {"skipped": Reason.MISFIRE, "scheduled_at": noon, "stands_for": 1, "planned_through": noon}
    return Decision(status=status, **given | changes)


# By max_runs, and by rules: noon is skipped when it is late, and weekends wait for Monday


@pytest.mark.parametrize(
    "left, now, expected",
    [
        # the last one that it may fire ends it
        (1, NINE + HOUR, last_run(NINE + HOUR, 1)),
        # so it does when it stands for several
        (1, NINE + 3 * HOUR, last_run(NINE + 3 * HOUR, 3)),
        # one is left after it
        (2, NINE + HOUR, fires(Status.ACTIVE, NINE + HOUR, 1, NINE + 2 * HOUR, NINE + HOUR)),
        # an extra one by a person is none of them
        (1, NINE + MINUTE, fires(Status.ACTIVE, NINE + MINUTE, 1, NINE + HOUR, None)),
    ],
)  # fmt: skip
def test_max_runs(left: int, now: Instant, expected: Decision) -> None:
    """A reminder that has one run left is COMPLETED by it, for that reason."""
    assert decide(hourly(runs_left=left), NOTHING, now) == expected


def test_a_condition_comes_before_the_last_run() -> None:
    """When both would end it, it is the condition that does, and nothing is sent."""
    assert decide(hourly(runs_left=1), DONE, NINE + HOUR).reason == CompletionReason.STOP_CONDITION


DAILY = {
    "schedule_type": "cron",
    "interval_minutes": None,
    "condition_type": None,
    "condition_value": None,
    "start_at": NINE - HOUR,
}
NOON = '"cron": "0 12 * * *"'


@pytest.mark.parametrize(
    "text, now, expected",
    [
        # on time
        (f"{{{NOON}}}", NINE + 3 * HOUR, fires(Status.ACTIVE, NINE + 3 * HOUR, 1, NINE + 27 * HOUR, NINE + 3 * HOUR)),
        # too late by its policy: a skip is recorded, and it counts as none of max_runs
        (f'{{{NOON}, "misfire_policy": "skip"}}', NINE + 4 * HOUR,
         misses_noon(Status.ACTIVE, next_run_at=NINE + 27 * HOUR)),
        # its window is closed: it waits, and nothing is recorded
        (f'{{{NOON}, "send_window": {{"weekdays": [0], "opens": 720, "closes": 780, "timezone": null}}}}', NINE + 5 * HOUR,
         Decision(status=Status.ACTIVE, next_run_at=NINE + 3 * HOUR + 7 * 24 * HOUR)),
        # it was the last one: by its end, although it may fire once more
        (f'{{{NOON}, "end_at": "2026-03-02T13:00:00+00:00"}}', NINE + 3 * HOUR,
         fires(Status.COMPLETED, NINE + 3 * HOUR, 1, None, NINE + 3 * HOUR)),
        # the last one was skipped: that ends it as well
        (f'{{{NOON}, "end_at": "2026-03-02T13:00:00+00:00", "misfire_policy": "skip"}}', NINE + 4 * HOUR,
         misses_noon(Status.COMPLETED, reason=CompletionReason.SCHEDULE_ENDED)),
    ],
)  # fmt: skip
def test_what_becomes_of_a_reminder_by_a_rule(text: str, now: Instant, expected: Decision) -> None:
    """A daily reminder at noon fires, skips, waits or ends by what its schedule says besides."""
    due = hourly(**DAILY, schedule=text, planned_through=NINE, runs_left=2)
    assert decide(due, NOTHING, now) == expected


def test_a_skip_is_none_of_the_last_runs() -> None:
    """With one run left, what is passed over leaves it there."""
    due = hourly(**DAILY, schedule=f'{{{NOON}, "misfire_policy": "skip"}}', runs_left=1)
    assert decide(due, NOTHING, NINE + 4 * HOUR).status is Status.ACTIVE


@given(st.integers(1, 5_256_000), st.integers(0, 10**15), st.none() | st.integers(0, 10**15))
def test_time_moves_forward(minutes: int, passed: int, cursor: int | None) -> None:
    """Whatever has been missed, one decision makes one run for no later than now, and the next instant is after now."""
    due = hourly(interval_minutes=minutes, planned_through=None if cursor is None else NINE + cursor)
    decision = decide(due, NOTHING, NINE + passed)
    assert decision.scheduled_at is not None
    assert decision.next_run_at is not None
    assert decision.scheduled_at <= NINE + passed < decision.next_run_at


# What may stop a leased run


def facts(**changes: Any) -> RunFacts:
    """A first attempt of an ACTIVE reminder, read one minute after it was due."""
    given: dict[str, Any] = {
        "run_id": 1,
        "owned": True,
        "has_successor": False,
        "cause": Cause.SCHEDULE,
        "attempt": 1,
        "scheduled_at": NINE,
        "created_at": NINE,
        "status": Status.ACTIVE,
        "completion_reason": None,
        "paused_at": None,
        "resumed_at": None,
        "next_run_at": NINE + HOUR,
        "planned_through": NINE,
        "condition_type": "db_check",
        "condition_value": "done",
        "catches_up": False,
    }
    return RunFacts(**given | changes)


ENDED = {"next_run_at": None}
OVERTAKEN = {"has_successor": True, "planned_through": NINE + HOUR}


@pytest.mark.parametrize(
    "run, read, expected",
    [
        (facts(), NOTHING, None),
        (facts(), DONE, Reason.STOPPED),
        (facts(condition_type=None, condition_value=None), DONE, None),
        (facts(status=Status.PAUSED, paused_at=NINE), NOTHING, Reason.PAUSED),
        (facts(status=Status.PAUSED, paused_at=NINE, cause=Cause.TRIGGER), NOTHING, None),
        (facts(status=Status.PAUSED, paused_at=NINE + 1, cause=Cause.TRIGGER), NOTHING, Reason.PAUSED),
        (facts(status=Status.PAUSED, paused_at=NINE, cause=Cause.TRIGGER), DONE, Reason.STOPPED),
        (facts(resumed_at=NINE), NOTHING, None),
        (facts(resumed_at=NINE + 1), NOTHING, Reason.PAUSED),
        (facts(resumed_at=NINE + 1, cause=Cause.TRIGGER), NOTHING, None),
        (facts(status=Status.COMPLETED, completion_reason="schedule_ended", **ENDED), NOTHING, None),
        (facts(status=Status.COMPLETED, completion_reason="schedule_ended", **ENDED), DONE, Reason.STOPPED),
        (facts(status=Status.COMPLETED, completion_reason="stop_condition", **ENDED), NOTHING, Reason.STOPPED),
        (facts(status=Status.COMPLETED, completion_reason="completed_by_caller", **ENDED), NOTHING, Reason.ENDED),
        (facts(status=Status.CANCELLED, **ENDED), NOTHING, Reason.ENDED),
        (facts(status=Status.FAILED, **ENDED), NOTHING, Reason.ENDED),
        (facts(status=None, planned_through=None, **ENDED), NOTHING, Reason.ENDED),
        (facts(attempt=2), NOTHING, None),
        (facts(attempt=2, **OVERTAKEN), NOTHING, Reason.SUPERSEDED),
        (facts(attempt=1, **OVERTAKEN), NOTHING, None),
        (facts(attempt=2, planned_through=NINE + MINUTE), NOTHING, None),
        (facts(attempt=2, has_successor=True), NOTHING, None),
        (facts(attempt=2, next_run_at=NINE + MINUTE), NOTHING, Reason.SUPERSEDED),
        (facts(attempt=1, next_run_at=NINE + MINUTE), NOTHING, None),
        (facts(attempt=2, next_run_at=NINE + MINUTE + 1), NOTHING, None),
        (facts(attempt=2, status=Status.COMPLETED, completion_reason="schedule_ended", **ENDED), NOTHING, None),
    ],
)
def test_what_forbids_a_send(run: RunFacts, read: Facts, expected: Reason | None) -> None:
    """A run that has not begun is stopped by its reminder's state, its condition, or the occurrence that overtook
    it."""
    assert forbids(run, read, NINE + MINUTE) == expected


def test_a_run_of_somebody_elses_is_lost() -> None:
    """What is no longer at this worker's attempt is neither sent nor ended by it."""
    with pytest.raises(Lost):
        forbids(facts(owned=False, status=Status.CANCELLED), NOTHING, NINE)


# Retries


@pytest.mark.parametrize("attempt, seconds", [(1, 30), (2, 60), (3, 120), (4, 240)])
@pytest.mark.parametrize("chance, share", [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)])
def test_the_pause_before_a_retry(attempt: int, seconds: float, chance: float, share: float) -> None:
    """30 s, then 1, 2 and 4 minutes, spread by a fifth to either side."""
    assert retry_delay(attempt, lambda: chance) == pytest.approx(seconds * share)


@pytest.mark.parametrize("attempt", [MAX_ATTEMPTS, MAX_ATTEMPTS + 1])
def test_there_is_no_sixth_attempt(attempt: int) -> None:
    """After five attempts none is made."""
    assert retry_delay(attempt, lambda: 0.5) is None
