"""PUNCTUALITY=second, with a real clock and wide margins."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reminders.channels import Channel
from reminders.engine.tick import Tick
from reminders.runs import Run
from tests.world import World


class Watch(Channel):
    """Keeps how late each run began, in seconds."""

    concurrency = 1
    timeout_seconds = 1.0

    def __init__(self) -> None:
        self.lateness: list[float] = []

    def send_one(self, run: Run) -> None:
        self.lateness.append(time.time() - run.scheduled_at / 1e6)


class Pulse:
    """Keeps the longest time for which the machine stood still, in seconds."""

    seconds = 0.0

    def beat(self, over: threading.Event) -> None:
        before = time.monotonic()
        while not over.wait(0.01):
            now = time.monotonic()
            self.seconds, before = max(self.seconds, now - before), now


@contextmanager
def felt() -> Iterator[Pulse]:
    pulse, over = Pulse(), threading.Event()
    thread = threading.Thread(target=pulse.beat, args=(over,))
    thread.start()
    try:
        yield pulse
    finally:
        over.set()
        thread.join()


def test_a_tick_that_stays_fires_to_the_second(world: World) -> None:
    """A tick that stays sends what becomes due meanwhile within a second of its instant, and nothing early."""
    watch = Watch()
    channels: dict[str, Channel] = {"kept": watch}
    world.plant_in(*[1.0 + tenths / 10 for tenths in range(20)])

    with felt() as standstill:
        Tick(world.store, channels, budget_seconds=30.0, stay_seconds=5.0).run()

    assert len(watch.lateness) == 20
    assert min(watch.lateness) >= 0.0
    assert max(watch.lateness) <= 1.0 + standstill.seconds


def test_a_tick_that_does_not_stay_ends_when_nothing_is_due(world: World) -> None:
    """Without PUNCTUALITY=second a tick leaves what is due later to the next one."""
    watch = Watch()
    world.plant_in(20.0)
    Tick(world.store, {"kept": watch}, budget_seconds=30.0).run()
    assert watch.lateness == []
