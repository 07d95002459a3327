"""Delivery on real PostgreSQL: retries and their end, leases, late workers, stops, and what is written down."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from reminders.channels import Channel, PermanentFailure, Result, Sent, UnknownOutcome
from reminders.commands import Commands, Recipients
from reminders.engine.delivery import Delivery
from reminders.engine.limits import ROOM
from reminders.engine.planning import Planner
from reminders.lifecycle.outcomes import Outcome, Unsent
from reminders.lifecycle.retries import MAX_ATTEMPTS, TAKEOVER_BATCHES
from reminders.model.reminder import Reminder
from reminders.runs import Run, RunRecord
from reminders.states import Reason, State, Status
from reminders.storage.store import Store
from tests.world import DAY, HOUR, MINUTE, NOW, Kept, World, edit

DUE = NOW + HOUR
LEASE = timedelta(seconds=120)
AFTER_LEASE = DUE + LEASE + timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


def down(run: Run) -> Exception:
    """A receiver that cannot be reached."""
    return OSError("connection refused")


def silent(run: Run) -> Exception:
    """A receiver that takes the request and does not answer."""
    return UnknownOutcome("no answer")


def only_run(world: World, reminder: Reminder) -> RunRecord:
    (run,) = world.runs(reminder)
    return run


def fail_until_dead(world: World, reminder: Reminder, moment: datetime) -> RunRecord:
    """Ticks at each retry's own instant until the run is finished."""
    world.tick(moment)
    while (run := world.runs(reminder)[-1]).attempt_at is not None:
        world.tick(run.attempt_at)
    return run


# Retries


@pytest.mark.parametrize("attempt, seconds", [(1, 30), (2, 60), (3, 120), (4, 240)])
def test_a_failed_attempt_waits_before_the_next(world: World, attempt: int, seconds: int) -> None:
    """After a failed attempt the run waits 30 s, then 1, 2 and 4 minutes, each within a fifth."""
    reminder = world.create()
    world.kept.fail = down
    moment = DUE
    for _ in range(attempt):
        world.tick(moment)
        run = only_run(world, reminder)
        assert run.attempt_at is not None
        pause, moment = run.attempt_at - moment, run.attempt_at
    assert (run.state, run.attempt, run.reason) == (State.PENDING, attempt, Reason.RETRY)
    assert timedelta(seconds=0.8 * seconds) <= pause <= timedelta(seconds=1.2 * seconds)


def test_a_retry_is_not_made_before_its_instant(world: World) -> None:
    """A tick a microsecond before attempt_at does not send; one at attempt_at does."""
    reminder = world.create()
    world.kept.fail = down
    world.tick(DUE)
    at = only_run(world, reminder).attempt_at
    assert at is not None
    world.tick(at - MICROSECOND)
    before = len(world.kept.runs)
    world.tick(at)
    assert (before, len(world.kept.runs)) == (1, 2)


def test_the_fifth_failure_ends_the_run_and_not_the_reminder(world: World) -> None:
    """Five attempts in all, then the run is DEAD with its error, and the reminder fires again on its grid."""
    reminder = world.create()
    world.kept.fail = down
    run = fail_until_dead(world, reminder, DUE)
    assert (run.state, run.reason, run.attempt) == (State.DEAD, Reason.EXHAUSTED, MAX_ATTEMPTS)
    assert run.error == "OSError: connection refused"
    assert len(world.kept.runs) == MAX_ATTEMPTS

    world.kept.fail = lambda run: None
    world.tick(DUE + HOUR)
    assert [run.state for run in world.runs(reminder)] == [State.DEAD, State.SENT]


def test_a_retry_that_succeeds_ends_the_run_sent(world: World) -> None:
    """What succeeds at the second attempt is SENT, with the provider's id and without the old error."""
    reminder = world.create()
    world.kept.fail = lambda run: OSError("busy") if run.attempt == 1 else None
    run = fail_until_dead(world, reminder, DUE)
    assert (run.state, run.attempt, run.reason, run.error) == (State.SENT, 2, None, None)
    assert run.provider_id == f"kept-{run.key}"


def test_a_permanent_failure_is_not_tried_again(world: World) -> None:
    """PermanentFailure ends the run DEAD at its first attempt."""
    reminder = world.create()
    world.kept.fail = lambda run: PermanentFailure("no such mailbox")
    world.tick(DUE)
    run = only_run(world, reminder)
    assert (run.state, run.reason, run.attempt) == (State.DEAD, Reason.PERMANENT, 1)


def test_a_permanent_failure_says_why(world: World) -> None:
    """A channel may give a reason of its own, which the run then shows."""
    reminder = world.create()
    world.kept.fail = lambda run: PermanentFailure("nobody to send it to", Reason.NO_RECIPIENT)
    world.tick(DUE)
    assert only_run(world, reminder).reason == Reason.NO_RECIPIENT


def test_an_unknown_outcome_is_repeated_as_it_was(world: World) -> None:
    """A send whose answer was lost is repeated with the same key and the same text, also after an edit."""
    reminder = world.create(subject="No {{occurrence_no}}", body="{{scheduled_for}}")
    world.kept.fail = silent
    world.tick(DUE)
    run = only_run(world, reminder)
    assert (run.state, run.reason) == (State.PENDING, Reason.UNKNOWN)
    change = edit(body="another", recipient="another@example.com")
    world.at(DUE).reminders.patch(reminder.id, change)

    world.kept.fail = lambda run: None
    assert run.attempt_at is not None
    world.tick(run.attempt_at)

    first, second = world.kept.runs
    assert (second.key, second.message, second.recipient) == (first.key, first.message, first.recipient)


def test_the_receivers_id_is_the_occurrence(world: World) -> None:
    """A run's key is reminder, occurrence and step."""
    reminder = world.create()
    world.tick(DUE)
    assert world.kept.runs[0].key == f"{reminder.id}_1_0"


# What the next occurrence overtakes


def test_a_retry_waits_until_the_next_occurrence_is_planned_and_then_is_not_made(world: World) -> None:
    """A retry at or after the next occurrence ends CANCELLED as superseded when that one is planned."""
    reminder = world.create(interval_minutes=1)
    first = NOW + MINUTE
    world.kept.fail = lambda run: OSError("busy") if run.occurrence_no == 1 else None
    world.tick(first)
    world.sql("UPDATE reminder_runs SET attempt_at = CAST(:at AS timestamptz)", at=(first + 3 * MINUTE).isoformat())
    assert only_run(world, reminder).state is State.PENDING

    world.tick(first + MINUTE)

    assert [(run.state, run.reason) for run in world.runs(reminder)] == [
        (State.CANCELLED, Reason.SUPERSEDED),
        (State.SENT, None),
    ]


def test_a_retry_due_in_the_tick_that_plans_the_next_one_is_not_sent(world: World) -> None:
    """A tick that finds a retry and the next occurrence due sends only the occurrence."""
    reminder = world.create(interval_minutes=1)
    world.kept.fail = lambda run: OSError("busy") if run.occurrence_no == 1 else None
    world.tick(NOW + MINUTE)
    world.kept.runs.clear()

    world.tick(NOW + 2 * MINUTE)

    assert [run.occurrence_no for run in world.kept.runs] == [2]
    assert [(run.state, run.reason) for run in world.runs(reminder)] == [
        (State.CANCELLED, Reason.SUPERSEDED),
        (State.SENT, None),
    ]


def test_a_retry_before_the_next_occurrence_is_made(world: World) -> None:
    """A retry that comes before the next occurrence is not superseded by it."""
    reminder = world.create(interval_minutes=10)
    world.kept.fail = lambda run: OSError("busy") if run.attempt == 1 else None
    assert fail_until_dead(world, reminder, NOW + 10 * MINUTE).state is State.SENT


def test_an_edit_of_the_schedule_does_not_swallow_a_retry(world: World) -> None:
    """A PATCH of the schedule plans nothing, so a retry that comes before the new next occurrence is still made."""
    reminder = world.create()
    world.kept.fail = lambda run: OSError("busy") if run.attempt == 1 else None
    world.tick(DUE)
    change = edit(interval_minutes=240)
    world.at(DUE + timedelta(seconds=10)).reminders.patch(reminder.id, change)
    at = only_run(world, reminder).attempt_at
    assert at is not None
    world.tick(at)
    assert only_run(world, reminder).state is State.SENT


def test_an_extra_occurrence_does_not_supersede_a_retry(world: World) -> None:
    """A person's wake-up leaves the grid alone, and with it the retry of an occurrence of the grid."""
    reminder = world.create()
    world.kept.fail = lambda run: OSError("busy") if run.attempt == 1 and run.occurrence_no == 1 else None
    world.tick(DUE)
    retry_at = only_run(world, reminder).attempt_at
    assert retry_at is not None
    world.sql("UPDATE reminder_jobs SET next_run_at = CAST(:at AS timestamptz)", at=(DUE + MICROSECOND).isoformat())
    world.tick(DUE + MICROSECOND)
    world.tick(retry_at)
    assert [run.state for run in world.runs(reminder)] == [State.SENT, State.SENT]


# The end of a reminder whose last run is not delivered


def test_a_one_time_reminder_whose_run_ends_dead_has_failed(world: World) -> None:
    """COMPLETED with its last occurrence planned becomes FAILED, delivery_failed, when that run ends DEAD."""
    reminder = world.create(schedule_type="one_time", start_at=DUE)
    world.kept.fail = down
    world.tick(DUE)
    meanwhile = world.get(reminder)
    fail_until_dead(world, reminder, DUE)
    ended = world.get(reminder)
    assert (meanwhile.status, ended.status) == (Status.COMPLETED, Status.FAILED)
    assert (ended.completion_reason, bool(ended.last_error)) == ("delivery_failed", True)


def test_a_one_time_reminder_is_retried_to_the_end_of_its_attempts(world: World) -> None:
    """The run of a reminder that is complete with its schedule is delivered by a retry all the same."""
    reminder = world.create(schedule_type="one_time", start_at=DUE)
    world.kept.fail = lambda run: OSError("busy") if run.attempt < MAX_ATTEMPTS else None
    assert fail_until_dead(world, reminder, DUE).state is State.SENT
    assert world.get(reminder).status is Status.COMPLETED


def test_a_one_time_reminder_that_cannot_be_rendered_has_failed(world: World) -> None:
    """A run that is DEAD when it is planned fails its reminder too, and the run says what was wrong."""
    reminder = world.create(schedule_type="one_time", start_at=DUE)
    world.sql("""UPDATE reminder_jobs SET message = '{"body": "{{nobody}}"}'""")
    world.tick(DUE)
    run = only_run(world, reminder)
    assert (run.state, run.reason) == (State.DEAD, Reason.RENDER_FAILED)
    assert "nobody" in (run.error or "")
    assert world.get(reminder).status is Status.FAILED


def test_an_earlier_dead_run_does_not_fail_a_reminder_that_ended_well(world: World) -> None:
    """Only the last run's end counts: an older one that is DEAD leaves the reminder COMPLETED."""
    reminder = world.create(schedule_type="one_time", start_at=DUE)
    world.kept.fail = lambda run: PermanentFailure("no") if run.occurrence_no == 1 else None
    world.at(NOW).reminders.trigger(reminder.id)
    world.tick(NOW)
    world.tick(DUE)
    assert [run.state for run in world.runs(reminder)] == [State.DEAD, State.SENT]
    assert world.get(reminder).status is Status.COMPLETED


# Leases, and workers that died or are late


def leave_behind(world: World, attempt: int = 1, at: datetime = DUE) -> None:
    """Plans what is due as workers do that then die: its runs stay SENDING at this attempt, the earlier ones taken
    over."""
    Planner(world.store_at(at), batch=1000, lease_seconds=LEASE.total_seconds()).plan({"kept": 10_000}, None)
    reason = "unknown" if attempt > 1 else None
    world.sql(
        "UPDATE reminder_runs SET attempt = CAST(:attempt AS smallint), reason = :reason",
        attempt=attempt,
        reason=reason,
    )


def test_a_dead_workers_run_is_taken_over_when_its_lease_has_ended(world: World) -> None:
    """A run left SENDING is sent with the same key and text by the first tick after its lease, and by none before."""
    reminder = world.create(subject="No {{occurrence_no}}")
    leave_behind(world)
    world.tick(DUE + LEASE - MICROSECOND)
    before = list(world.kept.runs)

    summary = world.tick(DUE + LEASE)

    assert (before, summary.taken_over) == ([], 1)
    run = only_run(world, reminder)
    assert (run.state, run.attempt, run.subject) == (State.SENT, 2, "No 1")
    assert [(sent.key, sent.subject) for sent in world.kept.runs] == [(run.key, "No 1")]


def test_a_takeover_that_fails_says_that_the_first_attempt_may_have_arrived(world: World) -> None:
    """While it is leased again, a taken-over run is marked unknown."""
    reminder = world.create()
    leave_behind(world)
    seen: list[Any] = []
    world.kept.fail = lambda run: seen.append(only_run(other, reminder).reason)  # type: ignore[func-returns-value]
    with World(world.open_store, world.address) as other:
        world.tick(AFTER_LEASE)
    assert seen == [Reason.UNKNOWN]


def test_takeovers_come_in_shrinking_batches(world: World) -> None:
    """Runs whose lease expired at attempt 1, 2, 3 and 4 are leased 100, 10, 1 and 1 at a time."""
    world.plant(150, due=DUE)
    sizes = []
    for attempt in (1, 2, 3, 4):
        leave_behind(world, attempt)
        sizes.append(len(world.store_at(AFTER_LEASE).runs.take_over(["kept"], range(1, 9), TAKEOVER_BATCHES, 60)))
        world.sql("UPDATE reminder_runs SET attempt_at = CAST(:at AS timestamptz)", at=DUE.isoformat())
    assert sizes == [100, 10, 1, 1]


def test_the_least_tried_are_taken_over_first(world: World) -> None:
    """A run that may have killed its worker waits behind those that have fewer attempts."""
    world.plant(3, due=DUE)
    leave_behind(world)
    world.sql("UPDATE reminder_runs SET attempt = 2 WHERE id = (SELECT min(id) FROM reminder_runs)")
    first = world.store_at(AFTER_LEASE).runs.take_over(["kept"], range(1, 9), TAKEOVER_BATCHES, 60)
    second = world.store_at(AFTER_LEASE).runs.take_over(["kept"], range(1, 9), TAKEOVER_BATCHES, 60)
    assert ([run.attempt for run in first], [run.attempt for run in second]) == ([2, 2], [3])


def test_one_tick_takes_over_all_that_was_left(world: World) -> None:
    """The batches go on until nothing is left of what a dead worker held."""
    world.plant(250, due=DUE)
    leave_behind(world)
    summary = world.tick(AFTER_LEASE)
    assert (summary.taken_over, world.states()) == (250, {State.SENT: 250})


def test_what_kills_its_workers_ends_dead(world: World) -> None:
    """A run whose last permitted attempt was never recorded is DEAD, and is not sent again."""
    reminder = world.create()
    leave_behind(world, MAX_ATTEMPTS)
    summary = world.tick(AFTER_LEASE)
    run = only_run(world, reminder)
    assert (run.state, run.reason, run.attempt) == (State.DEAD, Reason.EXHAUSTED, MAX_ATTEMPTS)
    assert (summary.dead, world.kept.runs) == (1, [])
    assert world.get(reminder).status is Status.ACTIVE


def test_what_kills_its_workers_fails_a_reminder_that_has_no_other_run(world: World) -> None:
    """A one_time reminder whose run used up its attempts under dead workers is FAILED."""
    reminder = world.create(schedule_type="one_time", start_at=DUE)
    leave_behind(world, MAX_ATTEMPTS)
    world.tick(AFTER_LEASE)
    assert world.get(reminder).status is Status.FAILED


def test_a_waiting_run_whose_channel_is_gone_ends_dead_after_a_day(world: World) -> None:
    """A retry for a channel that is no longer there waits for a deployment that has it, and is then DEAD as
    unknown_channel."""
    reminder = world.create(channel="other")
    world.kept.fail = down
    world.tick(DUE)
    del world.channels["other"]
    world.sql("UPDATE reminder_jobs SET next_run_at = '2100-01-01Z'")
    world.tick(DUE + 23 * HOUR)
    assert only_run(world, reminder).state is State.PENDING
    world.tick(DUE + 25 * HOUR)
    assert (only_run(world, reminder).state, only_run(world, reminder).reason) == (State.DEAD, Reason.UNKNOWN_CHANNEL)


class Batching(Channel):
    """A channel that takes up to three runs at once, and keeps them together."""

    concurrency = 1
    timeout_seconds = 1.0
    batch_size = 3

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def send(self, runs: Sequence[Run]) -> Sequence[Result]:
        self.batches.append([run.entity_id for run in runs])
        return [PermanentFailure("no") if run.entity_id == "n_2" else Sent(run.key) for run in runs]


def test_a_channel_for_batches_gets_what_waits_together(world: World) -> None:
    """No batch is larger than the channel says, each run is sent once, and each has its own result."""
    batching = Batching()
    world.channels["other"] = batching
    world.plant(10, due=DUE, channel="other")
    summary = world.tick(DUE)
    assert (summary.sent, summary.dead, world.states()) == (9, 1, {"SENT": 9, "DEAD": 1})
    assert sorted(name for batch in batching.batches for name in batch) == sorted(f"n_{n}" for n in range(1, 11))
    assert max(map(len, batching.batches)) <= 3


class Stuck(Kept):
    """A channel whose first send is held up until it is let go, and then fails."""

    concurrency = 1

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def send_one(self, run: Run) -> str | None:
        if self.begun.is_set():
            return super().send_one(run)
        self.begun.set()
        self.let_go.wait(30)
        raise OSError("far too late")


def test_a_late_workers_failure_does_not_undo_what_another_has_sent(world: World) -> None:
    """A worker that outlives its lease reports after another has sent the run: its outcome is refused."""
    reminder = world.create()
    stuck = Stuck()
    world.channels = {"kept": stuck}
    late = threading.Thread(target=world.tick, args=(DUE,), kwargs={"store": world.open_store()})
    late.start()
    assert stuck.begun.wait(30)

    world.tick(AFTER_LEASE)
    stuck.let_go.set()
    late.join()

    run = only_run(world, reminder)
    assert (run.state, run.attempt, run.error) == (State.SENT, 2, None)


def test_a_late_workers_outcome_does_not_end_anothers_attempt(world: World) -> None:
    """While a second worker sends, the first one's result for the older attempt finds nothing to write."""
    reminder = world.create()
    planned = Planner(world.store_at(DUE), batch=10, lease_seconds=120).plan({"kept": 10}, None)
    other: Store = world.open_store()
    (taken,) = world.store_at(AFTER_LEASE, other).runs.take_over(["kept"], range(1, 9), TAKEOVER_BATCHES, 120)

    refused = world.store_at(AFTER_LEASE).runs.record([sent(planned.leased[0], "first")])
    meanwhile = only_run(world, reminder)
    accepted = world.store_at(AFTER_LEASE, other).runs.record([sent(taken, "second")])

    assert (refused, meanwhile.state, accepted) == (0, State.SENDING, 1)
    assert only_run(world, reminder).provider_id == "second"


def test_a_late_worker_does_not_hand_back_anothers_attempt(world: World) -> None:
    """Handing back names the attempt too: what was taken over stays with whom it belongs to."""
    reminder = world.create()
    planned = Planner(world.store_at(DUE), batch=10, lease_seconds=120).plan({"kept": 10}, None)
    world.store_at(AFTER_LEASE, world.open_store()).runs.take_over(["kept"], range(1, 9), TAKEOVER_BATCHES, 120)
    world.store_at(AFTER_LEASE).runs.hand_back([Unsent(run) for run in planned.leased])
    assert (only_run(world, reminder).state, only_run(world, reminder).attempt) == (State.SENDING, 2)


def test_a_run_that_was_taken_over_before_it_began_is_left_to_the_other(world: World) -> None:
    """A worker whose lease ended before it began a send lets the run be and records nothing."""
    reminder = world.create()
    planned = Planner(world.store_at(DUE), batch=10, lease_seconds=120).plan({"kept": 10}, None)
    world.store_at(AFTER_LEASE, world.open_store()).runs.take_over(["kept"], range(1, 9), TAKEOVER_BATCHES, 120)
    deliver_with_old_facts(world, planned.leased, AFTER_LEASE)
    assert world.kept.runs == []
    assert (only_run(world, reminder).state, only_run(world, reminder).attempt) == (State.SENDING, 2)


def sent(run: Run, provider_id: str) -> Outcome:
    return Outcome.sent(run, begun=0.0, provider_id=provider_id)


# The deadline, and full channels


class Slowing(Kept):
    """A channel that from its first send on needs longer than any tick has."""

    concurrency = 1

    def send_one(self, run: Run) -> str | None:
        self.timeout_seconds = 1e9
        return super().send_one(run)


def test_what_cannot_end_before_the_deadline_is_handed_back_with_its_attempt(world: World) -> None:
    """Leased runs that time does not allow go back as PENDING, as if nobody had touched them."""
    world.plant(5, due=DUE)
    slowing = Slowing()
    world.channels = {"kept": slowing}
    summary = world.tick(DUE)
    assert (summary.sent, summary.handed_back, world.states()) == (1, 4, {State.SENT: 1, State.PENDING: 4})
    assert world.sql("SELECT DISTINCT attempt, reason FROM reminder_runs WHERE state = 'PENDING'") == [[0, None]]


def test_what_was_handed_back_is_sent_by_the_next_tick(world: World) -> None:
    """Handed-back runs are due at once, for whoever comes."""
    world.plant(5, due=DUE)
    world.channels = {"kept": Slowing()}
    world.tick(DUE)
    world.channels = {"kept": world.kept}
    world.tick(DUE)
    assert world.states() == {State.SENT: 5}


def test_a_tick_without_time_for_a_send_begins_none(world: World) -> None:
    """Where a channel's longest send does not fit into the budget its runs are planned, and left to the next tick."""
    reminder = world.create()
    world.kept.timeout_seconds = 60.0
    world.tick(DUE, budget_seconds=30.0)
    assert (world.kept.runs, only_run(world, reminder).state) == ([], State.PENDING)


class Crowded(Kept):
    """A channel that holds its first send up until the database shows a run that found no room."""

    concurrency = 1

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.saw_overflow = False

    def send_one(self, run: Run) -> str | None:
        until = monotonic() + 20.0
        while not self.saw_overflow and monotonic() < until:
            self.saw_overflow = self._world.states().get(State.PENDING, 0) > 0
        return super().send_one(run)


def test_what_finds_no_room_waits_and_is_sent_in_the_same_tick(world: World) -> None:
    """More due than a channel may hold: the rest is PENDING until there is room, and one tick sends it all."""
    count = ROOM + 500
    world.plant(count, due=DUE)
    crowded = Crowded(world)
    world.channels = {"kept": crowded, "other": Kept()}
    world.tick(DUE)
    assert crowded.saw_overflow
    assert (len(crowded.runs), world.states()) == (count, {State.SENT: count})


# Stops


def deliver_with_old_facts(world: World, runs: list[Run], now: datetime) -> None:
    """Sends leased runs whose stop facts are older than any send may begin with."""
    delivery = Delivery(world.store_at(now), world.channels, deadline=float("inf"))
    delivery.accept(runs, float("-inf"), 0)
    delivery.finish()
    delivery.close()


STOPS: dict[str, Callable[[World, str], Any]] = {
    Reason.PAUSED: lambda world, reminder_id: world.at(DUE).reminders.pause(reminder_id),
    "cancelled": lambda world, reminder_id: world.at(DUE).reminders.cancel(reminder_id),
    "completed": lambda world, reminder_id: world.at(DUE).reminders.complete(reminder_id),
    "flag over the API": lambda world, reminder_id: world.at(DUE).flags.set("feedback_submitted", True),
    "flag by SQL": lambda world, reminder_id: world.sql("INSERT INTO status_flags VALUES ('feedback_submitted', true)"),
    "removed": lambda world, reminder_id: world.sql("DELETE FROM reminder_jobs WHERE entity_id = 'INT_100'"),
}
REASONS = {
    Reason.PAUSED: Reason.PAUSED,
    "cancelled": Reason.ENDED,
    "completed": Reason.ENDED,
    "flag over the API": Reason.STOPPED,
    "flag by SQL": Reason.STOPPED,
    "removed": Reason.ENDED,
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_leased_run_that_has_not_begun_is_stopped(world: World, stop: str) -> None:
    """What stops a reminder after its run was leased ends the run CANCELLED, and the others are sent."""
    stopped = world.create()
    other = world.create(entity_id="other", flag=None)
    planned = Planner(world.store_at(DUE), batch=10, lease_seconds=120).plan({"kept": 10}, None)
    STOPS[stop](world, stopped.id)

    deliver_with_old_facts(world, planned.leased, DUE)

    assert [run.entity_id for run in world.kept.runs] == ["other"]
    assert world.sql("SELECT state, reason FROM reminder_runs WHERE reminder_id <> CAST(:id AS uuid)", id=other.id) == [
        [State.CANCELLED, REASONS[stop]]
    ]


@pytest.mark.parametrize("stop", STOPS)
def test_a_retry_of_a_stopped_reminder_is_not_made(world: World, stop: str) -> None:
    """A waiting run of a reminder that has been stopped ends CANCELLED, not sent."""
    world.create()
    world.kept.fail = down
    world.tick(DUE)
    STOPS[stop](world, world.sql("SELECT id::text FROM reminder_jobs")[0][0])
    world.tick(DUE + 2 * MINUTE)
    assert len(world.kept.runs) == 1
    assert world.sql("SELECT state, reason FROM reminder_runs") == [[State.CANCELLED, REASONS[stop]]]


def test_a_send_that_has_begun_is_recorded_as_what_it_was(world: World) -> None:
    """A reminder that is cancelled while its message is being sent keeps the run as SENT."""
    reminder = world.create()
    caller = Commands(world.store_at(DUE, world.open_store()), Recipients(frozenset(world.channels)))

    def cancel(run: Run) -> None:
        caller.reminders.cancel(reminder.id)

    world.kept.fail = cancel
    world.tick(DUE)
    assert (only_run(world, reminder).state, world.get(reminder).status) == (State.SENT, Status.CANCELLED)


def test_the_failed_run_of_a_cancelled_reminder_is_not_tried_again(world: World) -> None:
    """A send that fails after its reminder was cancelled leaves a retry, and that is CANCELLED when its time comes."""
    reminder = world.create()
    caller = Commands(world.store_at(DUE, world.open_store()), Recipients(frozenset(world.channels)))

    def cancel(run: Run) -> Exception:
        caller.reminders.cancel(reminder.id)
        return OSError("busy")

    world.kept.fail = cancel
    world.tick(DUE)
    world.tick(DUE + 2 * MINUTE)
    assert len(world.kept.runs) == 1
    assert (only_run(world, reminder).state, only_run(world, reminder).reason) == (State.CANCELLED, Reason.ENDED)


def test_a_run_that_a_pause_has_cancelled_is_not_revived(world: World) -> None:
    """Resuming before a cancelled run's time would have come does not bring it back."""
    reminder = world.create()
    world.kept.fail = down
    world.tick(DUE)
    world.at(DUE).reminders.pause(reminder.id)
    world.at(DUE).reminders.resume(reminder.id)
    world.tick(DUE + 2 * MINUTE)
    assert (only_run(world, reminder).state, only_run(world, reminder).reason) == (State.CANCELLED, Reason.PAUSED)


def test_no_lock_and_no_transaction_is_held_while_a_message_is_being_sent(world: World) -> None:
    """During a send the reminder and the run can be locked at once, and the worker's session is in no transaction."""
    reminder = world.create()
    seen: list[bool] = []
    idle = (
        "SELECT count(*) = 0 FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
    )

    def look(run: Run) -> None:
        world.sql("SELECT FROM reminder_jobs WHERE id = CAST(:id AS uuid) FOR UPDATE NOWAIT", id=reminder.id)
        world.sql("SELECT FROM reminder_runs WHERE id = CAST(:id AS bigint) FOR UPDATE NOWAIT", id=run.id)
        # The owner may be in the middle of a statement of its own: what must not be is that it stays in a transaction.
        seen.append(any(world.sql(idle)[0][0] for _ in range(2_000)))

    world.kept.fail = look
    world.tick(DUE)
    assert (seen, only_run(world, reminder).state) == ([True], State.SENT)


# What is written down


def test_an_error_that_postgresql_cannot_store_is_written_without_what_it_refuses(world: World) -> None:
    """NUL and lone surrogates in an error do not keep the outcome from being recorded."""
    reminder = world.create()
    world.kept.fail = lambda run: PermanentFailure("bad \x00 and \ud800 text")
    world.tick(DUE)
    assert only_run(world, reminder).error == "PermanentFailure: bad  and ? text"


class Odd(Kept):
    """A channel with an id that PostgreSQL refuses."""

    def send_one(self, run: Run) -> str | None:
        super().send_one(run)
        return "id\x00\udfff" + "x" * 1_000


def test_a_providers_id_that_postgresql_cannot_store_does_not_repeat_the_send(world: World) -> None:
    """Whatever a channel returns as the provider's id, the run is SENT."""
    reminder = world.create()
    odd = Odd()
    world.channels = {"kept": odd}
    world.tick(DUE)
    world.tick(DUE + DAY)
    assert (world.runs(reminder)[0].state, len(world.runs(reminder)[0].provider_id or "")) == (State.SENT, 499)


class Unspeakable(Exception):
    """An error that cannot be written as a text."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("failure", [Unspeakable(), SystemExit(1)])
def test_whatever_a_channel_raises_is_a_failed_attempt(world: World, failure: BaseException) -> None:
    """An error that cannot even be shown, or one that would end the process, is one run's failure and no more."""
    reminder = world.create()
    world.create(entity_id="other")

    def fail(run: Run) -> None:
        if run.reminder_id == reminder.id:
            raise failure

    world.kept.fail = fail
    ticking = threading.Thread(target=world.tick, args=(DUE,), kwargs={"store": world.open_store()}, daemon=True)
    ticking.start()
    ticking.join(10)
    assert not ticking.is_alive()
    assert world.states() == {State.PENDING: 1, State.SENT: 1}
