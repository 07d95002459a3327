"""The order of locks: flags, reminders, runs; reminders by id. And what a tick does about a lock that somebody
holds."""

import threading

from reminders.channels import PermanentFailure
from reminders.runs import Run
from reminders.states import CompletionReason, State, Status
from tests.world import HOUR, NOW, World


def test_a_flag_completes_reminders_in_the_order_of_their_ids(world: World) -> None:
    """Whoever waits for several reminders takes the lowest id first, so that two that overlap wait instead of
    deadlocking."""
    low, high = sorted(world.create(entity_id=f"INT_{n}").id for n in range(2))
    setter = world.another_caller()
    taker = threading.Thread(target=lambda: setter.flags.set("feedback_submitted", True))

    def hold_the_lower_one() -> list[str]:
        world.store.reminders.lock(low)
        taker.start()
        world.wait_until_blocked()
        return [row[0] for row in world.sql("SELECT id::text FROM reminder_jobs FOR NO KEY UPDATE SKIP LOCKED")]

    free = world.store.atomically(hold_the_lower_one)
    taker.join()
    assert free == [high]


def test_a_locked_reminder_holds_up_neither_the_tick_nor_its_neighbours_outcomes(world: World) -> None:
    """While somebody holds the row of a reminder whose run is dead, all other outcomes are recorded."""
    held = world.create(entity_id="held")
    others = [world.create(entity_id=f"INT_{n}") for n in range(20)]
    holder, locked, done = world.open_store(), threading.Event(), threading.Event()

    def hold() -> None:
        holder._database.run("SET LOCAL idle_in_transaction_session_timeout = 0")
        holder.reminders.lock(held.id)
        locked.set()
        done.wait(20)

    thread = threading.Thread(target=lambda: holder.atomically(hold))

    def fail(run: Run) -> Exception | None:
        """The lock is taken between the plan and the record."""
        if run.entity_id != "held":
            return None
        thread.start()
        locked.wait(20)
        return PermanentFailure("no")

    world.kept.fail = fail
    world.kept.timeout_seconds = 0.1
    world.tick(NOW + HOUR, budget_seconds=8.0)
    done.set()
    thread.join()
    assert all(world.runs(other)[0].state is State.SENT for other in others)
    assert world.runs(held)[0].state is State.SENDING


def test_a_tick_completes_what_a_flag_stops_around_a_locked_reminder(world: World) -> None:
    """Draining passes over a reminder that somebody holds, and a later tick completes it."""
    held = world.create(entity_id="held")
    world.create(entity_id="free")
    world.sql("INSERT INTO status_flags (key, value, draining) VALUES ('feedback_submitted', true, true)")

    def tick_meanwhile() -> int:
        world.store.reminders.lock(held.id)
        return world.tick(NOW, store=world.open_store()).completed

    assert world.store.atomically(tick_meanwhile) == 1
    assert world.tick(NOW).completed == 1
    assert world.get(held).completion_reason == CompletionReason.STOP_CONDITION


def test_a_reminder_that_somebody_holds_is_passed_over(world: World) -> None:
    """A reminder that another session holds stays due, and its neighbours fire."""
    held = world.create(entity_id="held")
    free = world.create(entity_id="free")

    def tick_meanwhile() -> None:
        world.store.reminders.lock(held.id)
        world.tick(NOW + HOUR, store=world.open_store())

    world.store.atomically(tick_meanwhile)
    assert world.runs(held) == []
    assert [run.state for run in world.runs(free)] == [State.SENT]
    assert world.get(held).status is Status.ACTIVE
