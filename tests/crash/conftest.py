"""A server of the crash tests' own, since some of them stop it, and reminders that are due on it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import postgres
from reminders.storage.database import Database
from reminders.storage.dsn import Address

# fsync is off as in the other tests: it is the server's process that dies here, not the machine's memory.
_SETTINGS = {
    "fsync": "off",
    "max_connections": "100",
    "timezone": "America/Los_Angeles",
    "listen_addresses": "127.0.0.1",
}


@pytest.fixture(scope="session")
def breakable() -> Iterator[postgres.PostgresServer]:
    """An embedded PostgreSQL that tests may stop as roughly as they like."""
    folder = Path(tempfile.mkdtemp(prefix="reminders-crash-"))
    server = postgres.start(folder / "postgres", _SETTINGS, keep=False)
    postgres.migrate(_database(server, "reminders_crash"))
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _database(server: postgres.PostgresServer, name: str) -> Address:
    postgres.create_database(postgres.address_of(server, "postgres"), name)
    return postgres.address_of(server, name)


@pytest.fixture
def scene(breakable: postgres.PostgresServer) -> Iterator[Address]:
    """Its database, emptied."""
    address = postgres.address_of(breakable, "reminders_crash")
    query(address, "TRUNCATE reminder_jobs, reminder_runs, status_flags")
    query(address, "UPDATE scheduler_state SET claim_floor = NULL, sweep_after = NULL")
    yield address


def query(address: Address, statement: str, **parameters: object) -> list[list[object]]:
    """Runs one statement on a connection of its own."""
    database = Database(lambda fresh: address)
    try:
        return database.run(statement, **parameters)
    finally:
        database.close()


def make_due(address: Address, count: int) -> None:
    """`count` reminders, due now, each with a message of its own."""
    query(
        address,
        """
        INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes,
        start_at,
          next_run_at, planned_through, message)
        SELECT 'interviewer', 'INT_' || g, 'feedback_form', 'post', 'recurring', 1440, now() - interval '1 second',
          now() - interval '1 second', now() - interval '1 day',
          jsonb_build_object('subject', 'Feedback of {{entity_id}}', 'body', 'No {{occurrence_no}}')
        FROM generate_series(1, CAST(:count AS integer)) g
        """,
        count=count,
    )


def count(address: Address, condition: str, table: str = "reminder_runs") -> int:
    """How many rows there are for which the condition holds."""
    found = query(address, f"SELECT count(*) FROM {table} WHERE {condition}")[0][0]
    assert isinstance(found, int)
    return found


type Fault = Callable[[dict[str, object]], None]
