"""Alembic's entry: each migration a transaction, under a lock that makes several migrators wait for each other."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, event

# Any number that no other program takes: the lock is the transaction's and ends with it.
_LOCK = 7_205_149_836
_ROLE_SETTINGS = Path(__file__).with_name("role_settings.sql")
_PATIENCE = (
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
)


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Holds the lock in a transaction of its own, since a migration that builds an index CONCURRENTLY ends the one it
    began with. Nobody waits within a statement: whoever builds such an index waits for all statements."""
    with connection.engine.connect() as keeper:
        while True:
            keeper.exec_driver_sql(_PATIENCE)
            if keeper.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_LOCK})").scalar():
                break
            keeper.rollback()
            time.sleep(0.2)
        yield


def run() -> None:
    connection = context.config.attributes["connection"]
    event.listen(connection, "begin", lambda begun: begun.exec_driver_sql(_PATIENCE))
    context.configure(connection=connection, transaction_per_migration=True)
    with _alone(connection):
        with context.begin_transaction():
            context.run_migrations()
        connection.exec_driver_sql(_ROLE_SETTINGS.read_text(encoding="utf-8"))
        connection.commit()


run()
