"""Old runs are removed by the tick, a little at a time."""

from datetime import timedelta

import pytest

from reminders.states import State
from tests.world import DAY, NOW, World

KEPT_DAYS = 90


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
        later=(NOW + timedelta(minutes=1)).isoformat(),
        at=(NOW - timedelta(days=days)).isoformat(),
        count=count,
    )


@pytest.mark.parametrize("state", [State.SENT, State.SKIPPED, State.CANCELLED])
def test_an_old_finished_run_is_removed(world: World, state: State) -> None:
    """What ended longer ago than RUN_RETENTION_DAYS is gone after the next tick."""
    age(world, state, KEPT_DAYS + 1)
    world.tick(NOW, retention_days=KEPT_DAYS)
    assert world.states() == {}


@pytest.mark.parametrize("state", [State.DEAD, State.PENDING, State.SENDING])
def test_an_old_run_that_waits_for_somebody_stays(world: World, state: State) -> None:
    """A DEAD run waits for a person and an unfinished one for a worker, however old it is."""
    age(world, state, 10 * KEPT_DAYS)
    world.tick(NOW, retention_days=KEPT_DAYS)
    assert world.states() == {state: 1}


def test_a_young_run_stays(world: World) -> None:
    """A run within the time that is kept is not touched."""
    age(world, State.SENT, KEPT_DAYS - 1)
    world.tick(NOW, retention_days=KEPT_DAYS)
    assert world.states() == {State.SENT: 1}


def test_a_run_is_removed_when_its_time_has_come(world: World) -> None:
    """What was too young for one tick is removed by a later one."""
    age(world, State.SENT, KEPT_DAYS - 1)
    world.tick(NOW, retention_days=KEPT_DAYS)
    world.tick(NOW + 2 * DAY, retention_days=KEPT_DAYS)
    assert world.states() == {}


def test_a_tick_removes_batch_after_batch(world: World) -> None:
    """A tick that has time removes all that is old, however small its batches."""
    age(world, State.SENT, KEPT_DAYS + 1, count=105)
    world.tick(NOW, retention_days=KEPT_DAYS, batch=10)
    assert world.states() == {}


def test_dead_runs_do_not_hide_the_ones_behind_them(world: World) -> None:
    """A batch of nothing but DEAD runs does not keep later ticks from what comes after it."""
    age(world, State.DEAD, KEPT_DAYS + 2, count=10)
    age(world, State.SENT, KEPT_DAYS + 1, count=5)
    for _ in range(2):
        world.tick(NOW, retention_days=KEPT_DAYS, batch=10)
    assert world.states() == {State.DEAD: 10}
