"""The order of locks: flags, reminders, runs, each by id."""

import threading

from reminders.store import Store
from tests.world import World


def test_several_reminders_are_locked_in_the_order_of_their_ids(world: World) -> None:
    """Whoever locks several reminders takes the lowest id first, so that two that overlap wait instead of deadlocking."""
    low, high = sorted(world.create(entity_id=f"INT_{n}").id for n in range(2))
    waiting = world.open_store()
    taker = threading.Thread(target=_lock_all, args=(waiting, [high, low]))

    def hold_the_lower_one() -> list[str]:
        world.store.lock_reminder(low)
        taker.start()
        world.wait_until_blocked()
        return [row[0] for row in world.sql("SELECT id::text FROM reminder_jobs FOR NO KEY UPDATE SKIP LOCKED")]

    free = world.store.atomically(hold_the_lower_one)
    taker.join()
    assert free == [high]


def _lock_all(store: Store, ids: list[str]) -> None:
    store.atomically(lambda: store.lock_reminders(ids))
