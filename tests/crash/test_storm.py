"""Everything at once on the same reminders, and a stop in the middle of a long delivery."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from reminders.channels import Channel
from reminders.commands import Commands, Recipients
from reminders.engine.summary import Summary
from reminders.engine.tick import Tick
from reminders.errors import IllegalTransition
from reminders.lifecycle.edits import Edit
from reminders.runs import Run
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests.crash.conftest import count, query
from tests.crash.stage import wait_until
from tests.world import World, new_reminder

STORM_SECONDS = 30.0
THREADS = 8
REMINDERS = 500


class Swift(Channel):
    """Takes everything at once, and keeps when."""

    concurrency = 2
    timeout_seconds = 1.0

    def __init__(self, seconds: float = 0.0) -> None:
        self.begun: list[float] = []
        self._seconds = seconds

    def send_one(self, run: Run) -> None:
        self.begun.append(time.monotonic())
        time.sleep(self._seconds)


def test_no_deadlock_reaches_a_caller_in_a_storm(address: Address) -> None:
    """Half a minute of ticks, pauses, flag changes and PATCHes by eight threads on the same 500 reminders: nobody sees
    an error."""
    channels: dict[str, Channel] = {"kept": Swift()}
    stores = [Store(Database(lambda fresh: address)) for _ in range(THREADS)]
    first = Commands(stores[0], Recipients(frozenset(channels)))
    ids = [
        first.reminders.create(new_reminder(entity_id=f"INT_{n}", flag=f"done:{n % 20}"))[0].id
        for n in range(REMINDERS)
    ]
    until = time.monotonic() + STORM_SECONDS
    errors: list[BaseException] = []
    done: list[int] = [0] * THREADS

    def weather(number: int) -> None:
        commands = Commands(stores[number], Recipients(frozenset(channels)))
        chance = random.Random(number)

        def tick() -> object:
            return Tick(stores[number], channels, budget_seconds=10.0).run()

        while time.monotonic() < until and not errors:
            try:
                _one_of(chance, number, commands, tick, address, ids)
                done[number] += 1
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=weather, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert errors == []
    # How much a half minute holds is the machine's affair; that each thread took part, and that runs were sent, is not.
    assert min(done) > 0
    assert count(address, "state = 'SENT'") > 0


# In the order in which everybody locks.
SET_BACK = """
    UPDATE reminder_jobs SET next_run_at = now() WHERE id IN (
        SELECT id FROM reminder_jobs WHERE status = 'ACTIVE' AND entity_id LIKE '%7' ORDER BY id FOR NO KEY UPDATE
    )
"""


def _one_of(
    chance: random.Random, number: int, commands: Commands, tick: Callable[[], object], address: Address, ids: list[str]
) -> None:
    reminder = chance.choice(ids)
    flag = f"done:{chance.randrange(20)}"
    verbs: list[Callable[[], object]] = [
        lambda: commands.reminders.pause(reminder),
        lambda: commands.reminders.resume(reminder),
        lambda: commands.reminders.trigger(reminder),
        lambda: commands.reminders.patch(reminder, Edit(given=frozenset({"subject"}), subject=f"{chance.random()}")),
        lambda: commands.flags.set(flag, True),
        lambda: commands.flags.set(flag, False),
        lambda: commands.reminders.create(new_reminder(entity_id=f"INT_{chance.randrange(REMINDERS)}", flag=flag)),
        lambda: commands.reminders.complete(reminder),
    ]
    if number % 2:
        tick()
        query(address, SET_BACK)
    else:
        with suppress(IllegalTransition):  # somebody else was faster: that is an answer
            chance.choice(verbs)()


def test_no_send_starts_later_than_a_second_after_a_flag_was_answered(world: World) -> None:
    """While 2,000 runs are being sent at 20 ms each, setting their flag through the API stops all sends within a
    second."""
    channel = Swift(seconds=0.02)
    for number in range(2_000):
        world.commands.reminders.create(new_reminder(entity_id=f"INT_{number}", channel="other"))
    query(world.address, "UPDATE reminder_jobs SET next_run_at = now()")
    tick = Tick(world.open_store(), {"other": channel}, budget_seconds=60.0)
    summaries: list[Summary] = []
    worker = threading.Thread(target=lambda: summaries.append(tick.run()))
    worker.start()
    assert wait_until(lambda: len(channel.begun) >= 100 and count(world.address, "true") == 2_000, 30.0)

    change = world.commands.flags.set("feedback_submitted", True)
    answered = time.monotonic()
    worker.join()

    assert change.completed == 1_000
    assert change.more
    assert len(channel.begun) < 2_000
    assert max(channel.begun) <= answered + 1.0
    (summary,) = summaries
    assert summary.cancelled == 2_000 - len(channel.begun)
    assert count(world.address, "state = 'CANCELLED' AND reason = 'stop_condition'") == summary.cancelled
