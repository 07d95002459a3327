"""Copies of a migrated database. What a test leaves is emptied and lent again, which is cheaper than another copy."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pg8000.native import Connection, identifier

from local import postgres
from reminders.storage.database import connect
from reminders.storage.dsn import Address

_LOANS = 100  # of one database: each emptying leaves a little behind in PostgreSQL's own tables

# What a test may change and emptying does not undo: definitions, settings, the planner's knowledge, sequences.
_FACTS = """
    SELECT concat_ws(' ', 'class', oid, relname, relkind, relnatts, relchecks, relhastriggers, reloptions)
    FROM pg_class WHERE oid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'size', oid, relpages, reltuples, relallvisible)
    FROM pg_class WHERE oid >= 16384 AND relkind = 'r' AND relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'statistics', starelid, staattnum) FROM pg_statistic WHERE starelid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'column', attrelid, attnum, xmin) FROM pg_attribute WHERE attrelid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'constraint', oid, xmin) FROM pg_constraint WHERE oid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'type', oid, xmin) FROM pg_type WHERE oid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE oid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'trigger', oid, xmin) FROM pg_trigger
    UNION ALL
    SELECT concat_ws(' ', 'sequence', seqrelid, pg_sequence_last_value(seqrelid)) FROM pg_sequence
    UNION ALL
    SELECT concat_ws(' ', 'setting', setrole, setconfig) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY 1
"""
_END_SESSIONS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_USED = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
"""

type Facts = list[list[str]]


@dataclass
class _Copy:
    """A database, what was true of it when it was new, and how often it may still be lent."""

    name: str
    facts: Facts
    loans: int = _LOANS


class Databases:
    """Lends databases of one server, each time under a name that no test had before.

    With its name a database loses whoever still knew it: what a test left running does not reach the next one.
    """

    def __init__(self, admin: Address, template: str) -> None:
        self._admin = admin
        self._template = template
        self._numbers = itertools.count(1)
        self._free: list[_Copy] = []
        with connect(admin.to(template), Connection) as connection:
            self._rows = {table: _rows(connection, table) for table in _used(connection)}

    @contextmanager
    def lent(self) -> Iterator[Address]:
        """An empty migrated database, until a test has ended."""
        copy = self._renamed(self._free.pop()) if self._free else self._made()
        yield self._admin.to(copy.name)
        copy.loans -= 1
        if copy.loans and self._is_as_new(copy):
            self._free.append(copy)
        else:
            postgres.drop_database(self._admin, copy.name)

    def close(self) -> None:
        """Drops what is not lent."""
        for copy in self._free:
            postgres.drop_database(self._admin, copy.name)

    def _name(self) -> str:
        return f"reminders_test_{os.getpid()}_{next(self._numbers)}"

    def _made(self) -> _Copy:
        address = self._admin.to(self._name())
        postgres.create_database(self._admin, address.database, self._template)
        postgres.set_role_settings(address)
        with connect(address, Connection) as connection:
            return _Copy(address.database, connection.run(_FACTS))

    def _renamed(self, copy: _Copy) -> _Copy:
        before, copy.name = copy.name, self._name()
        with connect(self._admin, Connection) as connection:
            connection.run(f"ALTER DATABASE {identifier(before)} RENAME TO {identifier(copy.name)}")
        return copy

    def _is_as_new(self, copy: _Copy) -> bool:
        """Empties a database, and tells whether that made it what it was."""
        with connect(self._admin.to(copy.name), Connection) as connection:
            connection.run(_END_SESSIONS)
            connection.run(f"TRUNCATE {', '.join(_used(connection))} RESTART IDENTITY CASCADE")
            for table, rows in self._rows.items():
                connection.run(
                    f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, :rows)", rows=rows
                )
            connection.run("SELECT pg_stat_reset()")  # so that autovacuum takes no interest
            return connection.run(_FACTS) == copy.facts


def _used(connection: Connection) -> list[str]:
    return [table for (table,) in connection.run(_USED)]


def _rows(connection: Connection, table: str) -> str:
    ((rows,),) = connection.run(f"SELECT jsonb_agg(to_jsonb(t))::text FROM {table} AS t")
    return str(rows)
