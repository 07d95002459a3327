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
    watch = Watch()
    channels: dict[str, Channel] = {"kept": watch}
    for tenths in range(1, 21):
        world.plant_in(tenths / 10)

    Tick(world.store, channels, budget_seconds=30.0, stay_seconds=4.0).run()

    assert len(watch.lateness) == 20
    assert min(watch.lateness) >= 0.0
    assert max(watch.lateness) <= 1.0


def test_a_tick_that_does_not_stay_ends_when_nothing_is_due(world: World) -> None:
    """Without PUNCTUALITY=second a tick leaves what is due later to the next one."""
    watch = Watch()
    world.plant_in(20.0)
    Tick(world.store, {"kept": watch}, budget_seconds=30.0).run()
    assert watch.lateness == []
