"""The migrate function, which a deployment invokes once the code is there."""

import importlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pg8000.dbapi
import pg8000.native
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from functions.migrate import app
from local import postgres
from reminders.model import ReminderFilter
from reminders.storage.connection import connect
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests.functions.lambda_context import LambdaContext

EVENT = json.loads((Path(__file__).parents[2] / "events" / "migrate.json").read_text(encoding="utf-8"))


@pytest.fixture
def empty(admin: Address, address: Address) -> Iterator[Address]:
    """A database without any table."""
    name = f"{address.database}_empty"
    postgres.create_database(admin, name)
    yield admin.to(name)
    postgres.drop_database(admin, name)


@pytest.fixture(autouse=True)
def no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_SECRET_ARN", raising=False)


def test_an_empty_database_gets_the_newest_schema(empty: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """events/migrate.json makes the tables, and the answer says which version they are."""
    monkeypatch.setenv("DATABASE_URL", empty.url)
    answer = app.handler(EVENT, LambdaContext())
    database = Database(lambda fresh: empty)
    version = database.run("SELECT version_num FROM alembic_version")
    database.close()
    assert [[answer["schema_version"]]] == version


def test_migrating_twice_is_migrating_once(empty: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second invocation finds nothing to do and answers the same."""
    monkeypatch.setenv("DATABASE_URL", empty.url)
    assert app.handler(EVENT, LambdaContext()) == app.handler(EVENT, LambdaContext())


def test_the_answer_is_the_version_that_health_shows(empty: Address, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """A copy of the migrated template has the version that the function answers with."""
    monkeypatch.setenv("DATABASE_URL", empty.url)
    database = Database(lambda fresh: address)
    version = database.run("SELECT version_num FROM alembic_version")
    database.close()
    assert [[app.handler(EVENT, LambdaContext())["schema_version"]]] == version


def test_a_migration_that_cannot_be_made_fails(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a database the function raises, so that the deployment fails with it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@127.0.0.1:{port}/nowhere")
    with pytest.raises(OSError):
        app.handler(EVENT, LambdaContext())


def test_a_function_without_a_database_setting_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither DATABASE_URL nor a secret is no database."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(ValueError, match="DATABASE_URL"):
        app.handler(EVENT, LambdaContext())


def upgrade(address: Address, revision: str) -> None:
    """Migrates no further than to a revision."""
    engine = create_engine("postgresql+pg8000://", creator=lambda: connect(address, pg8000.dbapi.Connection, 60.0))
    config = Config()
    config.set_main_option("script_location", str(Path(app.__file__).parent / "migrations"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_an_index_whose_building_was_interrupted_is_built_again(empty: Address) -> None:
    """A migration that dies while it builds an index CONCURRENTLY can be repeated, and leaves no broken one behind."""
    upgrade(empty, "0005")
    database = Database(lambda fresh: empty)
    database.run("DROP INDEX reminder_jobs_ended_at")
    database.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'reminder_jobs_at_rest'::regclass")
    database.run("UPDATE alembic_version SET version_num = '0004'")
    upgrade(empty, "0005")
    found = database.run(
        "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'reminder_jobs'::regclass "
        "AND indexrelid::regclass::text IN ('reminder_jobs_at_rest', 'reminder_jobs_ended_at') ORDER BY 1"
    )
    database.close()
    assert found == [["reminder_jobs_at_rest", True], ["reminder_jobs_ended_at", True]]


def test_reminders_from_before_the_listing_are_on_lists_and_ticks_enter_them(empty: Address) -> None:
    """Rows that an older schema has are found at once, and ticks enter them; ended ones need not be entered."""
    upgrade(empty, "0004")
    database = Database(lambda fresh: empty)
    database.run(
        "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes, "
        "next_run_at, status, completed_at, completion_reason) "
        "SELECT 'thing', 'n_' || n, 'event', 'log', 'recurring', 60, now() + interval '1 day', "
        "CASE WHEN n > 5 THEN 'COMPLETED' ELSE 'ACTIVE' END, CASE WHEN n > 5 THEN now() END, 'x' "
        "FROM generate_series(1, 8) n"
    )
    app.migrate(empty)
    store = Store(database)
    found = store.pages.page(ReminderFilter(entity_id="n_3", channel="log"), before=None, limit=5)
    assert [each.key.entity_id for each in found.items] == ["n_3"]
    assert (store.listing.enter_changed(100), store.listing.enter_changed(100)) == (5, 0)
    store.close()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_text_is_refused(admin: Address, address: Address, encoding: str) -> None:
    """In a database of another encoding than UTF8 nothing is made, and a sentence says why."""
    other = admin.to(f"{address.database}_{encoding.lower()}")
    with connect(admin, pg8000.native.Connection) as connection:
        connection.run(f"CREATE DATABASE {other.database} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(ValueError, match=f"encoding is {encoding}: create one with ENCODING 'UTF8'"):
            app.migrate(other)
        with connect(other, pg8000.native.Connection) as connection:
            assert connection.run("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [[0]]
    finally:
        postgres.drop_database(admin, other.database)


def test_rows_that_break_the_new_bounds_are_ended_first(address: Address) -> None:
    """Migration 0003 ends what no row may hold any more, and its bounds hold for every row that is left."""
    database = Database(lambda fresh: address)
    for table, name in (("jobs", "pauses_are_sane"), ("jobs", "live_is_bounded"), ("runs", "unfinished_is_bounded")):
        database.run(f"ALTER TABLE reminder_{table} DROP CONSTRAINT {name}")
    database.run(
        "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, next_run_at, resumed_at,"
        " message) SELECT 'e', 'i' || n, 'v', 'kept', 'one_time', now(), CASE n WHEN 1 THEN 'infinity'::timestamptz END,"
        " CASE n WHEN 2 THEN jsonb_build_object('body', repeat('x', 2000000)) END FROM generate_series(1, 3) AS n"
    )
    database.run(
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, attempt, attempt_at)"
        " SELECT gen_random_uuid(), 1, CASE n WHEN 1 THEN 'infinity'::timestamptz ELSE now() END, 'kept', 'PENDING',"
        " CASE n WHEN 2 THEN 32767 ELSE 0 END, now() FROM generate_series(1, 3) AS n"
    )
    module = importlib.import_module("functions.migrate.migrations.versions.0003_bounds")
    engine = create_engine("postgresql+pg8000://", creator=lambda: connect(address, pg8000.dbapi.Connection))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bind:
        module.bound(bind)
    engine.dispose()
    ended = "SELECT count(*) FROM reminder_jobs WHERE status = 'FAILED' AND entity_id IN ('i2')"
    assert database.run(ended) == [[1]]
    assert database.run("SELECT count(*) FROM reminder_jobs WHERE status = 'ACTIVE' AND resumed_at IS NULL") == [[2]]
    assert database.run("SELECT state, count(*) FROM reminder_runs GROUP BY state ORDER BY state") == [
        ["DEAD", 2],
        ["PENDING", 1],
    ]
    assert database.run("SELECT count(*) FROM pg_constraint WHERE NOT convalidated") == [[0]]
    database.close()
