"""Databases that are restored or copied: receivers take what is new for new, and no copy writes to real people."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pg8000.native import Connection

from local import postgres
from reminders.storage.connection import connect
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests import dumps
from tests.world import HOUR, NOW, World

DUE = NOW + HOUR
LATER = DUE + HOUR
AFTER = LATER + HOUR


@pytest.fixture
def worlds() -> Iterator[Callable[[Address], World]]:
    """Engines on other databases."""
    with ExitStack() as stack:

        def on(address: Address) -> World:
            store = Store(Database(lambda fresh: address))
            stack.callback(store.close)
            return stack.enter_context(World(lambda: store, address))

        yield on


@pytest.fixture
def another(admin: Address, address: Address) -> Iterator[Callable[[str | None], Address]]:
    """Makes one more database, empty or as a copy of another."""
    made = admin.to(f"{address.database}_another")

    def make(template: str | None) -> Address:
        with connect(admin, Connection) as connection:
            connection.run(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name", name=template
            )
        postgres.create_database(admin, made.database, template)
        return made

    yield make
    postgres.drop_database(admin, made.database)


@pytest.fixture
def restored_from_dump(
    world: World, another: Callable[[str | None], Address], worlds: Callable[[Address], World], tmp_path: Path
) -> Callable[[Callable[[], object]], World]:
    """Dumps the test's database, lets something happen to it, and restores the dump as another one."""

    def restore(lost: Callable[[], object]) -> World:
        dumps.dump(world.address, tmp_path / "dump")
        lost()
        restored_to = another(None)
        dumps.restore(tmp_path / "dump", restored_to)
        return worlds(restored_to)

    return restore


type Restored = Callable[[Callable[[], object]], World]


def keys(world: World) -> list[str]:
    return [run.key for run in world.kept.runs]


def test_what_follows_a_restored_dump_has_ids_that_nobody_has_seen(world: World, restored_from_dump: Restored) -> None:
    """The second occurrence was sent, lost with the history, and is planned again: its receiver must not drop it."""
    reminder = world.create()
    world.tick(DUE)
    after = restored_from_dump(lambda: world.tick(LATER))
    after.tick(AFTER)
    assert keys(world) == [f"{reminder.id}_1_0", f"{reminder.id}_2_0"]
    assert [run.occurrence_no for run in after.kept.runs] == [2]
    assert not set(keys(after)) & set(keys(world))
    assert [run.key for run in after.runs(reminder)] == [f"{reminder.id}_1_0", *keys(after)]


def test_a_run_that_waits_in_a_dump_keeps_its_id(world: World, restored_from_dump: Restored) -> None:
    """It may have arrived before the restore: only then can its receiver drop it."""
    world.create()
    world.kept.fail = lambda run: OSError("down")
    world.tick(DUE)
    after = restored_from_dump(lambda: None)
    after.tick(DUE + HOUR / 2)
    assert keys(after) == keys(world)
    assert [run.attempt for run in after.kept.runs] == [2]


def test_a_run_that_a_dead_worker_held_keeps_its_id(world: World, restored_from_dump: Restored) -> None:
    """The same for what was being sent when the dump was made, and is taken over."""
    world.create()
    world.kept.fail = lambda run: OSError("down")
    world.tick(DUE)
    world.sql("UPDATE reminder_runs SET state = 'SENDING', attempt_at = CAST(:at AS timestamptz)", at=DUE.isoformat())
    after = restored_from_dump(lambda: None)
    after.tick(DUE + HOUR / 2)
    assert keys(after) == keys(world)


def test_a_restore_into_the_same_database_is_noticed(world: World, tmp_path: Path) -> None:
    """Cluster and database are what they were; the tables are not."""
    world.create()
    world.tick(DUE)
    dumps.dump(world.address, tmp_path / "dump")
    world.tick(LATER)
    dumps.restore(tmp_path / "dump", world.address, "--clean", "--if-exists")
    world.tick(AFTER)
    assert [run.occurrence_no for run in world.kept.runs] == [1, 2, 2]
    assert len(set(keys(world))) == 3


def test_a_trigger_before_the_first_tick_has_a_new_id(world: World, restored_from_dump: Restored) -> None:
    """A caller may be quicker than the scheduler; the run is a new one all the same."""
    reminder = world.create()
    world.tick(DUE)
    after = restored_from_dump(lambda: world.at(DUE).reminders.trigger(reminder.id))
    (first,) = [run.key for run in world.runs(reminder) if run.occurrence_no == 2]
    second = after.at(DUE).reminders.trigger(reminder.id)
    after.tick(DUE)
    assert (second.occurrence_no, keys(after)) == (2, [second.key])
    assert second.key != first


def test_a_new_life_begins_once(world: World, another: Callable[[str | None], Address]) -> None:
    """Ticks at the same moment agree, and those that follow find nothing new."""
    world.tick(NOW)
    copy = another(world.address.database)
    stores = [Store(Database(lambda fresh: copy)) for _ in range(4)]
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda store=store: found.append(store.scheduler.recognize("local")))  # type: ignore[misc]
        for store in stores
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lives = {store.due.claim(1, None).incarnation for store in stores}
    again = [store.scheduler.recognize("local") for store in stores]
    for store in stores:
        store.close()
    assert (sorted(found), len(lives), again) == ([False, False, False, True], 1, [False] * 4)
