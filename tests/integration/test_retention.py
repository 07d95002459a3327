"""Old runs, and reminders that ended long ago, are removed by the ticks, a little at a time."""

from datetime import timedelta
from typing import Any

import pytest

from reminders.engine.limits import Periods
from reminders.states import State
from tests.world import DAY, HOUR, MINUTE, NOW, World

KEPT_DAYS = 90
REMINDER_DAYS = 400


def age(world: World, state: State, days: float, count: int = 1) -> None:
    """Runs that were made so many days before NOW."""
    is_unfinished = state in (State.PENDING, State.SENDING)
    world.sql(
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, attempt, attempt_at, "
        "reason, created_at, finished_at) "
        "SELECT gen_random_uuid(), 1, at, 'kept', CAST(:state AS text), 1, "
        "CASE WHEN CAST(:unfinished AS boolean) THEN CAST(:later AS timestamptz) END, 'because', at, "
        "CASE WHEN NOT CAST(:unfinished AS boolean) THEN at END "
        "FROM (SELECT CAST(:at AS timestamptz) AS at) AS made, generate_series(1, CAST(:count AS integer))",
        state=state,
        unfinished=is_unfinished,
        later=(NOW + MINUTE).isoformat(),
        at=(NOW - timedelta(days=days)).isoformat(),
        count=count,
    )


@pytest.mark.parametrize("state", [State.SENT, State.SKIPPED, State.CANCELLED])
def test_an_old_finished_run_is_removed(world: World, state: State) -> None:
    """What ended longer ago than RUN_RETENTION_DAYS is gone after the next tick."""
    age(world, state, KEPT_DAYS + 1)
    world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS))
    assert world.states() == {}


@pytest.mark.parametrize("state", [State.DEAD, State.PENDING, State.SENDING])
def test_an_old_run_that_waits_for_somebody_stays(world: World, state: State) -> None:
    """A DEAD run waits for a person and an unfinished one for a worker, however old it is."""
    age(world, state, 10 * KEPT_DAYS)
    world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS))
    assert world.states() == {state: 1}


def test_a_young_run_stays(world: World) -> None:
    """A run within the time that is kept is not touched."""
    age(world, State.SENT, KEPT_DAYS - 1)
    world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS))
    assert world.states() == {State.SENT: 1}


def test_a_run_is_removed_when_its_time_has_come(world: World) -> None:
    """What was too young for one tick is removed by a later one."""
    age(world, State.SENT, KEPT_DAYS - 1)
    world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS))
    world.tick(NOW + 2 * DAY, periods=Periods(run_retention_days=KEPT_DAYS))
    assert world.states() == {}


def test_a_tick_removes_batch_after_batch(world: World) -> None:
    """A tick that has time removes all that is old, however small its batches."""
    age(world, State.SENT, KEPT_DAYS + 1, count=105)
    world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS), batch=10)
    assert world.states() == {}


def test_dead_runs_do_not_hide_the_ones_behind_them(world: World) -> None:
    """A batch of nothing but DEAD runs does not keep later ticks from what comes after it."""
    age(world, State.DEAD, KEPT_DAYS + 2, count=10)
    age(world, State.SENT, KEPT_DAYS + 1, count=5)
    for _ in range(2):
        world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS), batch=10)
    assert world.states() == {State.DEAD: 10}


# Whatever the order of ids


def test_ids_that_begin_anew_are_reached(world: World) -> None:
    """After a TRUNCATE … RESTART IDENTITY new runs have ids that were walked past before: one tick removes them all."""
    age(world, State.SENT, KEPT_DAYS + 1, count=3_000)
    world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS))
    world.sql("TRUNCATE reminder_runs RESTART IDENTITY")
    age(world, State.SENT, KEPT_DAYS + 1, count=3_000)
    world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS))
    world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS))
    assert world.states() == {}


def test_old_runs_behind_young_ones_are_reached(world: World) -> None:
    """Runs that are old though their ids are not, as after a restore, are met by a walk that goes round and round."""
    age(world, State.SENT, 1, count=50)
    age(world, State.SENT, KEPT_DAYS + 1, count=35)
    age(world, State.SENT, 1, count=50)
    for _ in range(14):
        world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS), batch=10)
    assert world.states() == {State.SENT: 100}


def test_each_order_of_ages_is_reached(world: World) -> None:
    """Old and young, finished and DEAD in any order: a few rounds leave what is to be left."""
    for number in range(40):
        state = State.DEAD if number % 7 == 0 else State.SENT
        age(world, state, KEPT_DAYS + 1 if number % 3 else 1, count=3)
    for _ in range(15):
        world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS), batch=10)
    young = world.sql(
        "SELECT count(*) FROM reminder_runs WHERE created_at > CAST(:at AS timestamptz)", at=NOW - 2 * DAY
    )
    old = world.sql(
        "SELECT DISTINCT state FROM reminder_runs WHERE created_at < CAST(:at AS timestamptz)", at=NOW - 2 * DAY
    )
    assert (young, old) == ([[14 * 3]], [["DEAD"]])


def test_a_tick_with_nothing_to_remove_reads_two_batches(world: World) -> None:
    """What is young is not read from end to end: each walk goes one batch a tick."""
    age(world, State.SENT, 1, count=100)
    world.tick(NOW, periods=Periods(run_retention_days=KEPT_DAYS), batch=10)
    assert world.sql("SELECT retained_to, runs_walked_to FROM scheduler_state") == [[0, 10]]


# Reminders that ended


def end(world: World, status: str, days: float, **changes: Any) -> str:
    """A reminder that ended so many days before NOW, and its id."""
    reminder = world.create(**changes)
    ended = (NOW - timedelta(days=days)).isoformat()
    world.sql(
        "UPDATE reminder_jobs SET status = CAST(:status AS text), next_run_at = NULL, completion_reason = 'x', "
        "last_error = 'x', completed_at = CAST(:at AS timestamptz) WHERE id = CAST(:id AS uuid)",
        id=reminder.id,
        status=status,
        at=ended,
    )
    return reminder.id


def left(world: World) -> list[str]:
    return [row[0] for row in world.sql("SELECT id::text FROM reminder_jobs")]


@pytest.mark.parametrize("status", ["COMPLETED", "CANCELLED", "FAILED"])
def test_a_reminder_that_ended_long_ago_is_removed_with_its_runs(world: World, status: str) -> None:
    """After REMINDER_RETENTION_DAYS nothing is left of it, not even runs that are DEAD."""
    world.create()
    world.tick(NOW + HOUR)
    world.sql("UPDATE reminder_runs SET state = 'DEAD', reason = 'x'")
    end(world, status, REMINDER_DAYS + 1)
    world.tick(NOW, periods=Periods(reminder_retention_days=REMINDER_DAYS))
    assert (left(world), world.states()) == ([], {})


def test_one_that_ended_within_the_time_stays_and_so_does_one_that_lives(world: World) -> None:
    """A live reminder stays however old it is."""
    young = end(world, "COMPLETED", REMINDER_DAYS - 1, entity_id="young")
    end(world, "CANCELLED", REMINDER_DAYS + 1, entity_id="old")
    paused = world.create(entity_id="paused")
    world.at(NOW).reminders.pause(paused.id)
    live = world.create(entity_id="live")
    world.sql("UPDATE reminder_jobs SET created_at = '2010-01-01Z'")
    world.tick(NOW, periods=Periods(reminder_retention_days=REMINDER_DAYS))
    assert set(left(world)) == {young, paused.id, live.id}


def test_reminders_are_removed_batch_after_batch(world: World) -> None:
    """A long history is removed in parts, and the reminder with the last of it."""
    for number in range(25):
        end(world, "COMPLETED", REMINDER_DAYS + 1, entity_id=str(number))
    world.sql(
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, reason, finished_at) "
        "SELECT id, n, now(), 'kept', 'DEAD', 'x', now() FROM reminder_jobs, generate_series(1, 20) n"
    )
    world.tick(NOW, periods=Periods(reminder_retention_days=REMINDER_DAYS), batch=4)
    assert (left(world), world.states()) == ([], {})


def test_a_run_that_is_not_finished_keeps_its_reminder(world: World) -> None:
    """As long as a message may be on its way, its reminder is there."""
    ended = end(world, "COMPLETED", REMINDER_DAYS + 1)
    world.sql(
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, attempt, attempt_at) "
        "VALUES (CAST(:id AS uuid), 1, now(), 'kept', 'SENDING', 1, now() + interval '1 year')",
        id=ended,
    )
    world.tick(NOW, periods=Periods(reminder_retention_days=REMINDER_DAYS))
    assert (left(world), world.states()) == ([ended], {State.SENDING: 1})
