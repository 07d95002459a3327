"""The migrate function, which a deployment invokes once the code is there."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pg8000.native
import pytest

from functions.migrate import app
from local import postgres
from reminders.storage.connection import connect
from reminders.storage.database import Database
from reminders.storage.dsn import Address
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
