"""Applies pending migrations at deploy. The only function with SQLAlchemy and Alembic."""

import os
from pathlib import Path
from typing import Any

import pg8000.dbapi
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from aws_lambda_powertools.utilities.typing import LambdaContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from reminders.observe import logger
from reminders.settings import Settings
from reminders.storage.connection import connect
from reminders.storage.dsn import Address
from reminders.wiring import address_of

_FOLDER = Path(__file__).parent / "migrations"
PATIENCE_SECONDS = 280.0  # for one statement, an index over a large table above all; the function has 300


class Migrating(pg8000.dbapi.Connection):  # type: ignore[misc]  # pg8000 has no types
    """pg8000's, which ends a transaction in two messages, and outside of one as well: behind a pooler they meet two
    sessions."""

    def commit(self) -> None:
        self._end("commit")

    def rollback(self) -> None:
        self._end("rollback")

    def _end(self, statement: str) -> None:
        if self._in_transaction:
            self.execute_simple(statement)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Brings the schema to the newest version, and says which that is."""
    version = migrate(address_of(Settings.from_environment(os.environ))(False))
    logger.info("migrated", extra={"schema_version": version})
    return {"schema_version": version}


def migrate(address: Address) -> str:
    """Brings the schema at this address to the newest version. Safe to repeat, and by several at once."""
    engine = create_engine(
        "postgresql+pg8000://",
        creator=lambda: connect(address, Migrating, PATIENCE_SECONDS),
        poolclass=NullPool,
    )
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with engine.connect() as connection:
        _refuse_other_encodings(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return str(MigrationContext.configure(connection).get_current_revision())


def _refuse_other_encodings(connection: Connection) -> None:
    """What people write is in every alphabet: under another encoding a reminder could not be stored, or not be read."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    connection.rollback()
    if encoding != "UTF8":
        raise ValueError(f"the database's encoding is {encoding}: create one with ENCODING 'UTF8' TEMPLATE template0")
