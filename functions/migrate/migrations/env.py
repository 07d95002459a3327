"""Alembic's entry: one transaction, under a lock that makes several migrations at once wait for each other."""

from pathlib import Path

from alembic import context

# Any number that no other program takes: the lock is the transaction's and ends with it.
_LOCK = 7_205_149_836
_ROLE_SETTINGS = Path(__file__).with_name("role_settings.sql")


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection)
    with context.begin_transaction():
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        context.run_migrations()
        connection.exec_driver_sql(_ROLE_SETTINGS.read_text(encoding="utf-8"))


run()
