"""Two deployments side by side: what a worker does not know it leaves alone, and says so."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

import pytest

from reminders.engine.delivery import Delivery
from reminders.engine.limits import Periods
from reminders.engine.planning import Planner
from reminders.errors import NeedsNewerEngine, NotKnownHere
from reminders.model.reminder import Reminder
from reminders.states import Reason, State, Status
from tests.world import DAY, HOUR, MINUTE, NOW, Kept, World

DUE = NOW + HOUR

# What a newer deployment's migration would have relaxed, and then written.
UNKNOWN = {
    "channel": "UPDATE reminder_jobs SET channel = 'fax' WHERE entity_id = 'INT_100'",
    "condition": "UPDATE reminder_jobs SET stop_condition_type = 'moon' WHERE entity_id = 'INT_100'",
    "plain schedule": "UPDATE reminder_jobs SET schedule_type = 'tides' WHERE entity_id = 'INT_100'",
    "schedule": "UPDATE reminder_jobs SET schedule_type = 'tides', schedule = '{\"of\": \"Brest\"}'"
    " WHERE entity_id = 'INT_100'",
}
KNOWN_AGAIN = (
    "UPDATE reminder_jobs SET channel = 'kept', stop_condition_type = 'db_check', schedule_type = 'recurring',"
    " schedule = NULL WHERE entity_id = 'INT_100'"
)


def relaxed(world: World) -> None:
    """As a newer migration leaves the table: its CHECKs let new words in."""
    world.sql("ALTER TABLE reminder_jobs DROP CONSTRAINT schedule_is_whole, DROP CONSTRAINT condition_is_whole")


def state_of(world: World, reminder: Reminder) -> tuple[Status, datetime | None, datetime | None, int]:
    found = world.get(reminder)
    return found.status, found.next_run_at, found.planned_through, found.occurrence_no


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_known_is_put_off_by_a_minute_and_says_since_when(world: World, what: str) -> None:
    """Only next_run_at moves, by a minute each time; unknown_since keeps the first instant, and neighbours fire."""
    reminder, _ = world.create(), world.create(entity_id="INT_101")
    relaxed(world)
    world.sql(UNKNOWN[what])
    before = state_of(world, reminder)

    first, second = world.tick(DUE), world.tick(DUE + MINUTE)

    assert state_of(world, reminder) == (Status.ACTIVE, DUE + 2 * MINUTE, *before[2:])
    assert world.get(reminder).unknown_since == DUE
    assert "knows no" in (world.get(reminder).last_error or "")
    assert (first.unknown, first.sent, second.unknown, first.parked) == (1, 1, 1, 0)


@pytest.mark.parametrize("what", UNKNOWN)
def test_a_worker_that_knows_it_fires_it_as_if_nothing_had_been(world: World, what: str) -> None:
    """The occurrence is sent with the instant that it was meant for, and nothing of the waiting is left."""
    reminder = world.create()
    relaxed(world)
    world.sql(UNKNOWN[what])
    world.tick(DUE)
    world.sql(KNOWN_AGAIN)

    world.tick(DUE + MINUTE)

    (run,) = world.runs(reminder)
    assert (run.state, run.scheduled_for) == (State.SENT, DUE)
    found = world.get(reminder)
    assert (found.unknown_since, found.last_error, found.next_run_at) == (None, None, DUE + HOUR)


@pytest.mark.parametrize("what", UNKNOWN)
def test_after_a_day_it_is_a_mistake_and_the_reminder_has_failed(world: World, what: str) -> None:
    """A word that nobody has come to know in UNKNOWN_GRACE_HOURS ends the reminder, and last_error names it."""
    reminder = world.create()
    relaxed(world)
    world.sql(UNKNOWN[what])
    world.tick(DUE)
    world.tick(DUE + DAY - MINUTE)
    assert world.get(reminder).status is Status.ACTIVE

    summary = world.tick(DUE + DAY + MINUTE)

    assert world.get(reminder).status is Status.FAILED
    assert "knows no" in (world.get(reminder).last_error or "")
    assert (summary.parked, summary.unknown) == (1, 0)


def test_a_setting_says_how_long_to_wait(world: World) -> None:
    """With no hours of grace nothing waits."""
    reminder = world.create()
    world.sql(UNKNOWN["channel"])
    world.tick(DUE, periods=Periods(unknown_grace_hours=0))
    assert world.get(reminder).status is Status.FAILED


def test_in_a_roll_out_nothing_is_lost(world: World) -> None:
    """Forty reminders of a channel that only the newer deployment has pass an old worker's ticks, and all are sent."""
    world.plant(40, channel="fax", due=DUE)
    for minute in range(3):
        world.tick(DUE + minute * MINUTE)
    assert world.states() == {}

    world.channels["fax"] = world.kept
    world.tick(DUE + 3 * MINUTE)

    assert world.states() == {"SENT": 40}


def test_what_is_not_known_does_not_crowd_the_claim(world: World) -> None:
    """More of it than a batch holds, older than everything else, and what has just become due still fires."""
    world.plant(30, channel="fax", due=DUE - MINUTE)
    reminder = world.create()
    world.tick(DUE, batch=10)
    assert [run.state for run in world.runs(reminder)] == [State.SENT]


class Newer(Kept):
    """A channel whose settings lack what a run names, until a newer deployment has it."""

    def __init__(self) -> None:
        super().__init__(fail=lambda run: NotKnownHere("endpoint", "audit"))


def test_a_run_for_an_unknown_endpoint_waits_without_using_up_attempts(world: World) -> None:
    """An endpoint that only the newer deployment's settings name: the run is put off again and again, then sent."""
    reminder = world.create(schedule_type="one_time", start_at=DUE)
    world.channels["kept"] = Newer()
    for minute in range(8):
        world.tick(DUE + minute * MINUTE)
    (run,) = world.runs(reminder)
    assert (run.state, run.attempt, run.reason) == (State.PENDING, 0, Reason.UNKNOWN_ENDPOINT)

    world.channels["kept"] = world.kept
    world.tick(DUE + 9 * MINUTE)

    assert [run.state for run in world.runs(reminder)] == [State.SENT]


def test_a_run_for_an_endpoint_that_nobody_knows_is_dead_after_a_day(world: World) -> None:
    """By then it is a mistake: the run is DEAD, and the reminder whose last it was has failed."""
    reminder = world.create(schedule_type="one_time", start_at=DUE)
    world.channels["kept"] = Newer()
    world.tick(DUE)
    world.tick(DUE + DAY + MINUTE)
    assert [(run.state, run.reason) for run in world.runs(reminder)] == [(State.DEAD, Reason.UNKNOWN_ENDPOINT)]
    assert world.get(reminder).status is Status.FAILED


def test_a_waiting_run_of_an_unknown_condition_waits_and_is_dead_after_a_day(world: World) -> None:
    """Whether it may still be sent cannot be judged here, so it is not."""
    reminder = world.create(schedule_type="one_time", start_at=DUE)
    world.kept.fail = lambda run: ConnectionError()
    world.tick(DUE)
    relaxed(world)
    world.sql("UPDATE reminder_jobs SET stop_condition_type = 'moon'")
    world.kept.fail = lambda run: None

    world.tick(DUE + HOUR)
    assert [run.state for run in world.runs(reminder)] == [State.PENDING]
    world.tick(DUE + DAY + HOUR)

    assert [(run.state, run.reason) for run in world.runs(reminder)] == [(State.DEAD, Reason.UNKNOWN_CONDITION)]


def test_a_condition_that_becomes_unknown_under_a_worker_stops_nobody_else(world: World) -> None:
    """A worker that reads an unknown condition before a send gives that run back, and sends the others."""
    world.create(), world.create(entity_id="INT_101")
    planned = Planner(world.store_at(DUE), batch=10, lease_seconds=120).plan({"kept": 10}, None)
    relaxed(world)
    world.sql(UNKNOWN["condition"])
    delivery = Delivery(world.store_at(DUE), world.channels, deadline=monotonic() + 30)
    delivery.accept_unread(planned.leased)
    delivery.close()
    assert world.states() == {"PENDING": 1, "SENT": 1}


def newer(world: World, **changes: object) -> Reminder:
    """A reminder that needs a newer engine than this one."""
    reminder = world.create(**changes)
    world.sql("UPDATE reminder_jobs SET needs = 1 WHERE id = CAST(:id AS uuid)", id=reminder.id)
    return reminder


def test_a_row_that_needs_a_newer_engine_is_not_claimed(world: World) -> None:
    """It stays due, untouched, and the tick neither counts it nor waits for it."""
    reminder = newer(world)
    before = world.get(reminder)
    assert world.tick(DUE).due == 0
    assert world.get(reminder) == before


@pytest.mark.parametrize("state", ["PENDING", "SENDING"])
def test_runs_of_a_row_that_needs_a_newer_engine_are_left_to_it(world: World, state: str) -> None:
    """Neither a waiting run nor one that a dead worker has left is leased."""
    reminder = newer(world)
    world.sql(
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, attempt, attempt_at) "
        "VALUES (CAST(:id AS uuid), 1, :at, 'kept', :state, 1, :at)",
        id=reminder.id,
        at=NOW.isoformat(),
        state=state,
    )
    world.tick(DUE)
    assert [(run.state, run.attempt) for run in world.runs(reminder)] == [(state, 1)]
    assert world.kept.runs == []


def test_a_flag_does_not_end_a_row_that_needs_a_newer_engine(world: World) -> None:
    """What being done means for it only the newer engine knows; the flag stays to be worked off by that."""
    reminder = newer(world)
    world.at(NOW).flags.set("feedback_submitted", True)
    world.tick(DUE)
    assert world.get(reminder).status is Status.ACTIVE
    world.sql("UPDATE reminder_jobs SET needs = 0")
    world.tick(DUE + MINUTE)
    assert world.get(reminder).status is Status.COMPLETED


VERBS: dict[str, Callable[[World, str], object]] = {
    "pause": lambda world, of: world.commands.reminders.pause(of),
    "resume": lambda world, of: world.commands.reminders.resume(of),
    "complete": lambda world, of: world.commands.reminders.complete(of),
    "cancel": lambda world, of: world.commands.reminders.cancel(of),
    "trigger": lambda world, of: world.commands.reminders.trigger(of),
    "patch": lambda world, of: world.commands.reminders.patch(of, world.edit(recipient="a@example.com")),
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_changes_a_row_that_needs_a_newer_engine(world: World, verb: str) -> None:
    """The caller is told so, and the row stays as it is."""
    reminder = newer(world)
    before = world.get(reminder)
    with pytest.raises(NeedsNewerEngine):
        VERBS[verb](world, reminder.id)
    assert world.get(reminder) == before


def test_a_twin_that_needs_a_newer_engine_is_not_ended_for_a_new_one(world: World) -> None:
    """Where a create would have to end the live reminder first, it is refused."""
    newer(world)
    world.at(NOW).flags.set("feedback_submitted", True)
    with pytest.raises(NeedsNewerEngine):
        world.create(flag="something_else")


def test_an_older_engine_counts_what_it_writes_as_understood_by_all(world: World) -> None:
    """Rows from before the column, and from deployments that do not know it, need level 0."""
    world.plant(1)
    assert world.sql("SELECT needs, unknown_since FROM reminder_jobs") == [[0, None]]
