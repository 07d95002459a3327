"""Through a real PgBouncer in transaction mode, whose few sessions are shared by many: each transaction may get another
one than the last."""

import threading
from collections.abc import Iterator

import pytest

from functions.migrate import app
from local import postgres
from reminders.commands import Commands, Recipients
from reminders.errors import DatabaseUnavailable
from reminders.model import ReminderFilter
from reminders.states import Status
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests.pooler import PgBouncer
from tests.world import NOW, World, new_reminder

CALLERS = 8
SESSIONS = 2


@pytest.fixture(scope="module")
def pooler(admin: Address) -> Iterator[PgBouncer]:
    with PgBouncer(admin, sessions=SESSIONS) as running:
        yield running


@pytest.fixture
def pooled(pooler: PgBouncer, address: Address) -> Address:
    """The way to this test's database."""
    return pooler.to(address)


def together(work: list[threading.Thread]) -> None:
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()


def test_many_callers_share_few_sessions(world: World, pooled: Address) -> None:
    """Of what callers create, read, change and stop at the same time nothing is missing, and nothing is another's."""
    errors: list[BaseException] = []
    recipients = Recipients(frozenset(world.channels))

    def call(number: int) -> None:
        store = Store(Database(lambda fresh: pooled, read_timeout=10.0))
        commands = Commands(world.store_at(NOW, store), recipients)
        try:
            for round_no in range(10):
                entity = f"INT_{number}_{round_no}"
                made, _ = commands.reminders.create(new_reminder(entity_id=entity, flag=f"done:{entity}"))
                assert commands.reminders.get(made.id).key.entity_id == entity
                assert commands.reminders.patch(made.id, world.edit(interval_minutes=90)).version == 2
                commands.flags.set(f"done:{entity}", True)
                assert commands.reminders.get(made.id).status is Status.COMPLETED
                (found,) = commands.reminders.page(ReminderFilter(entity_id=entity), before=None, limit=9).items
                assert found.id == made.id
        except BaseException as error:
            errors.append(error)
        finally:
            store.close()

    together([threading.Thread(target=call, args=(number,)) for number in range(CALLERS)])
    assert errors == []
    assert world.sql("SELECT status, count(*) FROM reminder_jobs GROUP BY 1") == [["COMPLETED", CALLERS * 10]]


def test_workers_send_each_run_once(world: World, pooled: Address) -> None:
    """Three ticks that share two sessions plan, send and record what is due, each of it once."""
    world.plant(3_000)

    def tick() -> None:
        store = Store(Database(lambda fresh: pooled))
        world.tick(NOW, store=store, batch=100)
        store.close()

    together([threading.Thread(target=tick) for _ in range(3)])
    assert world.states() == {"SENT": 3_000}
    assert len({run.reminder_id for run in world.kept.runs}) == len(world.kept.runs) == 3_000


def test_what_the_role_is_allowed_holds_behind_a_pooler(world: World, pooled: Address) -> None:
    """The time-outs that a migration gives the role are those of the sessions that the pooler opens."""
    world.sql(f"ALTER ROLE CURRENT_USER IN DATABASE {pooled.database} SET statement_timeout = '200ms'")
    database = Database(lambda fresh: pooled)
    with pytest.raises(DatabaseUnavailable) as lost:
        database.run("SELECT pg_sleep(CAST(:seconds AS integer))", seconds=5)
    database.close()
    assert lost.value.why == "57014"


def test_a_sessions_next_user_finds_it_as_it_was(world: World, pooled: Address) -> None:
    """Calls, refusals and ticks leave neither settings nor locks, statements or tables on the pooler's sessions."""
    store = Store(Database(lambda fresh: pooled, read_timeout=10.0))
    commands = Commands(world.store_at(NOW, store), Recipients(frozenset(world.channels)))
    made, _ = commands.reminders.create(new_reminder())
    with pytest.raises(Exception, match="no reminder"):
        commands.reminders.get("00000000-0000-0000-0000-000000000000")
    commands.reminders.trigger(made.id)
    world.tick(NOW, store=store)
    found = [
        store._database.run(
            "SELECT (SELECT string_agg(name || '=' || setting, ',') FROM pg_settings WHERE source = 'session' "
            "AND name NOT IN ('DateStyle', 'client_encoding', 'application_name', 'TimeZone', "
            "'standard_conforming_strings')), "
            "(SELECT count(*) FROM pg_prepared_statements), "
            "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), "
            "pg_my_temp_schema()"
        )
        for _ in range(4 * SESSIONS)
    ]
    store.close()
    assert found == [[[None, 0, 0, 0]]] * 4 * SESSIONS


def test_migrations_are_made_through_a_pooler(admin: Address, pooled: Address) -> None:
    """An empty database gets its tables through the pooler, and a second migration finds nothing to do."""
    empty = pooled.to(f"{pooled.database}_empty")
    postgres.create_database(admin, empty.database)
    try:
        assert app.migrate(empty) == app.migrate(empty)
    finally:
        postgres.drop_database(admin, empty.database)
