"""The writer's name leads elsewhere: a real stand-by, behind a switch on loopback."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import postgres
from reminders.errors import DatabaseUnavailable
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from tests.doors import local_door
from tests.stand_by import StandBy
from tests.wire import Wire

NAME = "reminders_fail_over"
WRITE = "INSERT INTO status_flags (key) VALUES (CAST(:key AS text))"
KEYS = "SELECT key FROM status_flags WHERE key > CAST(:after AS text) ORDER BY key"


@pytest.fixture(scope="module")
def primary() -> Iterator[postgres.PostgresServer]:
    """A server of this module's own, with the engine's tables."""
    folder = Path(tempfile.mkdtemp(prefix="reminders-primary-"))
    server = postgres.start(folder / "postgres", {"fsync": "off", "max_connections": "50"}, keep=False)
    postgres.create_database(postgres.address_of(server, "postgres"), NAME)
    postgres.migrate(postgres.address_of(server, NAME))
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def stand_by(primary: postgres.PostgresServer) -> Iterator[StandBy]:
    with StandBy(primary, primary.pgdata.parent / "standby") as following:
        yield following


@pytest.fixture
def writer(primary: postgres.PostgresServer) -> Iterator[Address]:
    """The primary's database, without flags."""
    address = postgres.address_of(primary, NAME)
    ask(address, "TRUNCATE status_flags, reminder_jobs, reminder_runs")
    yield address


@pytest.fixture
def reader(writer: Address, stand_by: StandBy) -> Address:
    """The stand-by's database, as up to date as the primary."""
    address = stand_by.to(NAME)
    position = ask(writer, "SELECT pg_current_wal_lsn()")[0][0]
    while not ask(address, f"SELECT pg_last_wal_replay_lsn() >= '{position}'")[0][0]:
        pass
    return address


def ask(address: Address, statement: str) -> list[list[object]]:
    database = Database(lambda fresh: address)
    try:
        return database.run(statement)
    finally:
        database.close()


@pytest.fixture
def switch(writer: Address) -> Iterator[Wire]:
    with Wire(writer) as wire:
        yield wire


@pytest.fixture
def database(switch: Wire) -> Iterator[Database]:
    opened = Database(lambda fresh: switch.address)
    yield opened
    opened.close()


@pytest.mark.parametrize("in_transaction", [False, True])
def test_what_a_stand_by_refuses_is_written_once_the_name_leads_back(
    switch: Wire, database: Database, writer: Address, reader: Address, in_transaction: bool
) -> None:
    """While the name leads to a stand-by a write is not available; afterwards the next one is made, without a
    restart."""

    def write(key: str) -> None:
        if in_transaction:
            database.atomically(lambda: database.run(WRITE, key=key))
        else:
            database.run(WRITE, key=key)

    write("a")
    switch.server = reader
    switch.cut()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable) as lost:
            write("b")
        assert lost.value.why == "25006"
    switch.server = writer
    write("c")
    assert database.run(KEYS, after="") == [["a"], ["c"]]


def test_a_read_does_not_stay_with_the_stand_by(
    switch: Wire, database: Database, writer: Address, reader: Address
) -> None:
    """A stand-by answers reads, and each asks anew where the name leads: none is answered from yesterday."""
    switch.server = reader
    assert database.run(KEYS, after="") == []
    switch.server = writer
    ask(writer, "INSERT INTO status_flags (key) VALUES ('a')")
    assert database.run(KEYS, after="") == [["a"]]
    assert database.run("SELECT pg_is_in_recovery()") == [[False]]
    connections = switch.connections
    database.run(KEYS, after="")
    assert switch.connections == connections


def test_whoever_was_led_astray_for_a_moment_does_not_notice(
    switch: Wire, database: Database, writer: Address, reader: Address
) -> None:
    """A transaction that began on a stand-by is made on the writer, to which the name leads by now."""
    switch.server = reader

    def work() -> None:
        database.run(KEYS, after="")
        switch.server = writer
        database.run(WRITE, key="a")

    database.atomically(work)
    assert database.run(KEYS, after="") == [["a"]]


@pytest.mark.parametrize("level", ["serializable", "repeatable read", "read committed"])
def test_a_stand_by_is_understood_at_any_isolation(
    switch: Wire, database: Database, writer: Address, reader: Address, level: str
) -> None:
    """What a stand-by refuses for the sake of a session's default isolation is not the statement's fault."""
    ask(writer, f"ALTER DATABASE {NAME} SET default_transaction_isolation = '{level}'")
    position = ask(writer, "SELECT pg_current_wal_lsn()")[0][0]
    try:
        while not _has_replayed(reader, position):
            pass
        switch.server = reader
        assert database.run(KEYS, after="") == []
        if level == "serializable":
            with pytest.raises(DatabaseUnavailable):
                database.run("SELECT 1")
    finally:
        ask(writer, f"ALTER DATABASE {NAME} RESET default_transaction_isolation")


def _has_replayed(reader: Address, position: object) -> bool:
    database = Database(lambda fresh: reader)
    try:
        found = database.run("SELECT pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)", position=str(position))
    finally:
        database.close()
    return bool(found[0][0])


def test_the_api_writes_again_after_a_fail_over(switch: Wire, writer: Address, reader: Address) -> None:
    """Its callers get 503 while there is no writer, and nothing else."""
    with local_door(switch.address.url) as door:
        answers = [door("PUT", "/flags/a", {"value": True}).status]
        switch.server = reader
        switch.cut()
        answers += [door("PUT", "/flags/b", {"value": True}).status, door("GET", "/flags/a").status]
        switch.server = writer
        answers += [door("PUT", "/flags/c", {"value": True}).status]
    assert answers == [200, 503, 200, 200]


def test_a_role_that_only_reads_is_not_available(switch: Wire, database: Database, writer: Address) -> None:
    """default_transaction_read_only, as an operator or a full disk sets it, is obeyed; its end is noticed at once."""
    ask(writer, f"ALTER DATABASE {NAME} SET default_transaction_read_only = on")
    assert database.run(KEYS, after="") == []
    with pytest.raises(DatabaseUnavailable) as lost:
        database.run(WRITE, key="a")
    assert lost.value.why == "25006"
    ask(writer.to("postgres"), f"ALTER DATABASE {NAME} RESET default_transaction_read_only")
    database.run(WRITE, key="b")
    assert database.run(KEYS, after="") == [["b"]]


def test_a_stand_by_that_is_promoted_is_written_to(primary: postgres.PostgresServer, writer: Address) -> None:
    """A connection that was a stand-by's goes on when that has become the writer."""
    with StandBy(primary, primary.pgdata.parent / "promoted") as following:
        address = following.to(NAME)
        database = Database(lambda fresh: address)
        with pytest.raises(DatabaseUnavailable):
            database.run(WRITE, key="a")
        following.promote()
        database.run(WRITE, key="a")
        assert database.run(KEYS, after="") == [["a"]]
        database.close()
