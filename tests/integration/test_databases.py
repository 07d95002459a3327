"""The databases that tests are lent: each is as a copy of the migrated template would be."""

from collections.abc import Callable
from typing import Any

import pytest

from reminders.storage.database import Database
from reminders.storage.dsn import Address
from tests.databases import Databases

OID = "SELECT oid FROM pg_database WHERE datname = current_database()"
FLAG = "INSERT INTO status_flags (key) VALUES ('a')"


@pytest.fixture
def lender(admin: Address, template: str) -> Databases:
    """One that has lent nothing yet."""
    return Databases(admin, template)


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Callable[..., list[list[Any]]]:
    """Runs statements one after the other, on a connection that stays open until the test ends; tells the last one's
    rows."""

    def statements(address: Address, *each: str) -> list[list[Any]]:
        database = Database(lambda fresh: address)
        request.addfinalizer(database.close)
        return [database.run(statement) for statement in each][-1]

    return statements


def test_what_a_test_leaves_is_gone_from_the_next(lender: Databases, run: Callable[..., list[list[Any]]]) -> None:
    """The same database comes again empty, under another name, and with the rows that a migration puts there."""
    state = "SELECT * FROM scheduler_state"
    with lender.lent() as first:
        before, oid = run(first, state), run(first, OID)
        run(first, FLAG, "UPDATE scheduler_state SET claim_floor = now()")
    with lender.lent() as second:
        assert second.database != first.database
        assert run(second, OID) == oid
        assert run(second, "SELECT count(*) FROM status_flags") == [[0]]
        assert run(second, state) == before
    lender.close()


@pytest.mark.parametrize(
    "changes",
    [
        ("CREATE TABLE more (n integer)",),
        ("ALTER TABLE status_flags ADD COLUMN more integer",),
        ("ALTER TABLE status_flags SET (autovacuum_enabled = false)",),
        ("CREATE FUNCTION more() RETURNS integer LANGUAGE sql AS 'SELECT 1'",),
        ("DROP INDEX reminder_jobs_due",),
        (FLAG, "ANALYZE"),
        ("SELECT nextval('reminder_runs_id_seq')",),
        ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 10', current_database()); END $$",),
    ],
    ids=["table", "column", "option", "function", "index", "statistics", "sequence", "setting"],
)
def test_what_cannot_be_undone_is_not_lent_again(
    lender: Databases, run: Callable[..., list[list[Any]]], changes: tuple[str, ...]
) -> None:
    """A database whose definitions, settings, statistics or sequences differ from a new one's is dropped."""
    with lender.lent() as first:
        oid = run(first, OID)
        run(first, *changes)
    with lender.lent() as second:
        assert run(second, OID) != oid
    lender.close()
