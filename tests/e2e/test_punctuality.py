"""PUNCTUALITY=second, with a real clock and wide margins."""

import time

from reminders.channels import Channel
from reminders.model import Run
from reminders.tick import Tick
from tests.world import World


class Watch:
    """Keeps how late each run began, in seconds."""

    concurrency = 1
    timeout_seconds = 1.0

    def __init__(self) -> None:
        self.lateness: list[float] = []

    def send(self, run: Run) -> None:
        self.lateness.append(time.time() - run.scheduled_at / 1e6)


def test_a_tick_that_stays_fires_to_the_second(world: World) -> None:
    """A tick that stays sends what becomes due meanwhile within a second of its instant, and nothing early."""
    # The machine may stand still for a moment in one round; an engine that is late is so in each.
    assert any(latest(world) <= 1.0 for _ in range(3))


def latest(world: World) -> float:
    """How late the latest of twenty reminders is that become due while a tick stays."""
    watch = Watch()
    channels: dict[str, Channel] = {"kept": watch}
    world.plant_in(*[1.0 + tenths / 10 for tenths in range(20)])
    Tick(world.store, channels, budget_seconds=30.0, stay_seconds=5.0).run()
    assert len(watch.lateness) == 20
    assert min(watch.lateness) >= 0.0
    return max(watch.lateness)


def test_a_tick_that_does_not_stay_ends_when_nothing_is_due(world: World) -> None:
    """Without PUNCTUALITY=second a tick leaves what is due later to the next one."""
    watch = Watch()
    world.plant_in(20.0)
    Tick(world.store, {"kept": watch}, budget_seconds=30.0).run()
    assert watch.lateness == []
