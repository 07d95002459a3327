"""Databases whose settings say something else than PostgreSQL's own defaults: under many writers nothing changes."""

import threading
from collections.abc import Callable, Iterator

import pg8000.native
import pytest

from reminders.commands import Commands, Recipients
from reminders.storage.connection import connect
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests.doors import Door
from tests.world import HOUR, NOW, World, new_reminder

SETTINGS = [
    "default_transaction_isolation = 'serializable'",
    "default_transaction_isolation = 'repeatable read'",
    "default_transaction_isolation = 'read uncommitted'",
    "synchronous_commit = off",
    "default_transaction_deferrable = on",
    "IntervalStyle = 'sql_standard'",
    "plan_cache_mode = force_generic_plan",
    "standard_conforming_strings = off",
]

settings = pytest.mark.parametrize("setting", SETTINGS)


@pytest.fixture
def prefer(admin: Address, address: Address, setting: str) -> Iterator[None]:
    """What each new session of this database begins with."""
    with connect(admin, pg8000.native.Connection) as connection:
        connection.run(f"ALTER DATABASE {address.database} SET {setting}")
        yield
        connection.run(f"ALTER DATABASE {address.database} RESET ALL")


def all_at_once(work: Callable[[int, Store], None], way: Callable[[Address], Address], address: Address) -> None:
    """Eight threads do this, each over a store of its own; none may fail."""
    errors: list[BaseException] = []

    def once(number: int) -> None:
        store = Store(Database(lambda fresh: way(address), read_timeout=10.0))
        try:
            work(number, store)
        except BaseException as error:
            errors.append(error)
        finally:
            store.close()

    threads = [threading.Thread(target=once, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@settings
@pytest.mark.usefixtures("prefer")
def test_callers_who_write_the_same_rows_all_succeed(
    world: World, way: Callable[[Address], Address], address: Address
) -> None:
    """Reminders of one key, one flag and one calendar's days: whoever comes later waits, and none is refused."""
    recipients = Recipients(frozenset(world.channels))

    def write(number: int, store: Store) -> None:
        commands = Commands(world.store_at(NOW, store), recipients)
        for _ in range(10):
            made, _ = commands.reminders.create(new_reminder())
            commands.reminders.patch(made.id, world.edit(interval_minutes=60 + number))
            commands.flags.set("other", number % 2 == 0)
            commands.reminders.trigger(made.id)
            commands.reminders.runs(made.id, before=None, limit=50)

    all_at_once(write, way, address)
    assert world.sql("SELECT count(*) FROM reminder_jobs") == [[1]]
    assert world.sql("SELECT count(*) FROM reminder_runs") == [[80]]


@settings
@pytest.mark.usefixtures("prefer")
def test_ticks_beside_callers_send_each_run_once(
    world: World, way: Callable[[Address], Address], address: Address
) -> None:
    """Half of the threads tick, half stop and trigger what these are sending: each run is sent once, and recorded."""
    world.plant(2_000, flag="done:{n}")
    world.sql("INSERT INTO status_flags (key) SELECT 'done:' || n FROM generate_series(1, 2000) AS n")
    recipients = Recipients(frozenset(world.channels))

    def work(number: int, store: Store) -> None:
        if number % 2:
            assert world.tick(NOW, store=store, batch=100).error == ""
            return
        commands = Commands(world.store_at(NOW, store), recipients)
        for n in range(number, 200, 8):
            commands.flags.set(f"done:{n + 1}", True)

    all_at_once(work, way, address)
    world.tick(NOW + HOUR / 2)
    sent = [run.id for run in world.kept.runs]
    assert len(sent) == len(set(sent)) == world.states()["SENT"]
    assert set(world.states()) <= {"SENT", "CANCELLED"}
    assert world.sql("SELECT count(*) FROM reminder_jobs WHERE next_run_at <= CAST(:now AS timestamptz)", now=NOW) == [
        [0]
    ]


@pytest.mark.parametrize("setting", ["default_transaction_read_only = on"])
@pytest.mark.usefixtures("prefer")
def test_a_database_that_only_reads_answers_reads(door: Door) -> None:
    """Reads are answered; a write is 503, since another time it may be made."""
    assert door("GET", "/reminders").status == 200
    assert door("PUT", "/flags/a", {"value": True}).status == 503
    assert door("GET", "/flags/a").status == 404
