"""One connection's life: when it is opened and discarded, what a transaction is, and what may be repeated.

pg8000 goes out of step after an error on its own side: the next query then returns the previous query's rows. So any
exception that is not the server's own answer closes the connection. A connection belongs to one thread.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError

from reminders.errors import DatabaseBusy, DatabaseRefused, DatabaseUnavailable
from reminders.storage.connection import connect
from reminders.storage.dsn import Address
from reminders.storage.wire import Connection

_RETRIES = 3
_DEADLOCK_OR_SERIALIZATION = ("40P01", "40001")
_REFUSED_PASSWORD = ("28P01", "28000")
# The server ends the session, or cannot take us now: shutdown, too many connections, time-outs, a read-only stand-by,
# a password that is refused even when it is fresh, a database that is not there (yet).
_UNAVAILABLE = (
    *_REFUSED_PASSWORD,
    "3D000",
    "57P01",
    "57P02",
    "57P03",
    "57P05",
    "53300",
    "53200",
    "53100",
    "57014",
    "25006",
    "25P02",
    "25P03",
    "08P01",
)
_LOCKED = "55P03"

Row = list[Any]


class _Lost(Exception):
    """The connection is gone; whether the server has seen the statement is not known."""


class Database:
    """One connection, opened when it is first needed and again after it was lost."""

    def __init__(self, address: Callable[[bool], Address], read_timeout: float | None = None) -> None:
        """`address(fresh)` says where to connect; it is asked again with True when the password was refused.

        `read_timeout` in seconds: see `connect`.
        """
        self._address = address
        self._read_timeout = read_timeout
        self._connection: Connection | None = None
        self._in_transaction = False
        self._has_begun = False  # the server knows of the transaction: BEGIN goes out with its first statement

    def another(self) -> "Database":
        """The same database, over a connection of its own."""
        return Database(self._address, self._read_timeout)

    def run(self, sql: str, **parameters: Any) -> list[Row]:
        """Runs one statement and returns its rows.

        Outside of a transaction a lost connection is opened again once and the statement repeated: only statements
        that may be repeated are run this way.
        """
        return self._run(sql, parameters).rows or []

    def run_named(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """The same, each row with the names of its columns."""
        answer = self._run(sql, parameters)
        names = [column["name"] for column in answer.columns or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.rows or []]

    def _run(self, sql: str, parameters: dict[str, Any]) -> Any:
        if self._in_transaction:
            return self._execute(sql, parameters)
        return self._persistently(lambda: self._execute(sql, parameters))

    def atomically[T](self, work: Callable[[], T], *, repeatable: bool = True) -> T:
        """Runs `work` in one transaction, again after a deadlock or a lost connection.

        When the answer to COMMIT is lost nobody knows the outcome: only `repeatable` work is then run again.
        """
        committing = False

        def once() -> T:
            nonlocal committing
            committing = False
            with self._transaction():
                result = work()
                committing = True
            return result

        return self._persistently(once, may_repeat=lambda: repeatable or not committing)

    def close(self) -> None:
        """Closes the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._in_transaction, self._has_begun = True, False
        try:
            yield
            if self._has_begun:
                self._execute("COMMIT", {})
        except BaseException:
            if self._has_begun and self._connection is not None:
                self._roll_back()
            raise
        finally:
            self._in_transaction = False

    def _roll_back(self) -> None:
        with suppress(_Lost, DatabaseRefused):
            self._execute("ROLLBACK", {})

    def _persistently[T](self, work: Callable[[], T], *, may_repeat: Callable[[], bool] = lambda: True) -> T:
        reopened = False
        for attempt in range(_RETRIES + 1):
            try:
                return work()
            except _Lost as lost:
                if reopened or not may_repeat():
                    raise DatabaseUnavailable(str(lost)) from lost
                reopened = True
            except DatabaseRefused as refused:
                if refused.sqlstate == _LOCKED:
                    raise DatabaseBusy(refused.sqlstate) from refused
                if refused.sqlstate in _UNAVAILABLE:
                    raise DatabaseUnavailable(refused.sqlstate) from refused
                if refused.sqlstate not in _DEADLOCK_OR_SERIALIZATION or attempt == _RETRIES:
                    raise
                time.sleep(0.01 * 2**attempt * (1 + random.random()))
        raise AssertionError("unreachable")

    def _execute(self, sql: str, parameters: dict[str, Any]) -> Any:
        connection = self._connection or self._open()
        begins = self._in_transaction and not self._has_begun
        self._has_begun = self._has_begun or begins
        try:
            if parameters or begins:
                return connection.execute(sql, parameters, begins=begins)
            return connection.execute_simple(sql)
        except DatabaseError as refused:
            raise self._refusal(refused) from refused
        except (InterfaceError, OSError) as lost:
            self.close()
            raise _Lost(str(lost)) from lost
        except BaseException:
            self.close()
            raise

    def _refusal(self, refused: DatabaseError) -> DatabaseRefused:
        facts = refused.args[0] if refused.args and isinstance(refused.args[0], dict) else {}
        if facts.get("V") in ("FATAL", "PANIC"):
            self.close()
        return DatabaseRefused(facts.get("C", "XX000"), facts.get("M", "refused"), facts.get("n"))

    def _open(self) -> Connection:
        try:
            self._connection = self._connect(fresh=False)
        except DatabaseRefused as refused:
            if refused.sqlstate not in _REFUSED_PASSWORD:
                raise
            self._connection = self._connect(fresh=True)
        return self._connection

    def _connect(self, *, fresh: bool) -> Connection:
        try:
            return connect(self._address(fresh), Connection, self._read_timeout)
        except DatabaseError as refused:
            raise self._refusal(refused) from refused
        except (InterfaceError, OSError) as lost:
            raise _Lost(str(lost)) from lost
