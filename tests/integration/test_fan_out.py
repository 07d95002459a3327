"""More workers when more is due than one can do."""

from reminders.engine import limits
from tests.world import HOUR, NOW, World


def test_a_tick_with_no_end_in_sight_calls_for_more_workers_once(world: World) -> None:
    """When batch after batch comes back full, more workers are called, once a tick."""
    world.plant(limits.FAN_OUT_RUNS + 2 * limits.BATCH)
    calls: list[str] = []
    world.tick(NOW, fan_out=lambda: calls.append("more"), budget_seconds=300.0)
    assert calls == ["more"]
    assert world.states() == {"SENT": limits.FAN_OUT_RUNS + 2 * limits.BATCH}


def test_a_tick_that_can_do_it_alone_calls_nobody(world: World) -> None:
    """A few batches are one worker's work."""
    world.plant(2 * limits.BATCH)
    calls: list[str] = []
    world.tick(NOW, fan_out=lambda: calls.append("more"))
    assert calls == []


def test_what_is_due_now_does_not_wait_for_a_backlog(world: World) -> None:
    """After an outage on-time reminders are planned between the older batches, not behind all of them."""
    world.plant(30_000, due=NOW - HOUR)
    world.create(entity_id="on time", schedule_type="one_time", start_at=NOW)
    world.kept.concurrency = 1

    world.tick(NOW, budget_seconds=300.0)

    order = [run.entity_id for run in world.kept.runs]
    assert order.index("on time") < 25_000
    assert len(order) == 30_001
