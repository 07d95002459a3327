"""One connection's life: when it is opened and discarded, what a transaction is, and what may be repeated.

pg8000 goes out of step after an error on its own side: the next query then returns the previous query's rows. So any
exception that is not the server's own answer closes the connection. A connection belongs to one thread.

What was asked without an answer is never asked again beside it: the first may still be at work, and hold its locks.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError

from reminders.errors import DatabaseBusy, DatabaseRefused, DatabaseUnavailable, ReminderError
from reminders.storage import sqlstates
from reminders.storage.connection import READ_TIMEOUT_SECONDS, connect
from reminders.storage.dsn import Address
from reminders.storage.wire import Connection

_RETRIES = 3
IDLE_SECONDS = 60.0  # after that the network may have forgotten a connection without telling anybody

_SERVERS_SHARE = 0.75  # of the patience for an answer: the server gives up a statement before we give up the server

Row = list[Any]


class _Lost(Exception):
    """The connection is gone; whether the server has seen the statement is not known."""

    may_still_run = False  # nobody hung up: the server may be at it even now


class _LostInSilence(_Lost):
    """No answer came in time."""

    may_still_run = True


class Database:
    """One connection, opened when it is first needed and again after it was lost."""

    def __init__(
        self,
        address: Callable[[bool], Address],
        read_timeout: float | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """`address(fresh)` says where to connect; it is asked again with True when the password was refused.

        `read_timeout` in seconds is how long an answer may take, READ_TIMEOUT_SECONDS unless it is given; the server
        is told to give up before.
        `wall_clock` in seconds: a frozen process's monotonic clock may stand still.
        """
        self._address = address
        self._read_timeout = read_timeout or READ_TIMEOUT_SECONDS
        self._wall_clock = wall_clock
        self._connection: Connection | None = None
        self._used_at = 0.0
        self._in_transaction = False
        self._has_begun = False  # the server knows of the transaction: BEGIN goes out with its first statement

    def another(self) -> "Database":
        """The same database, over a connection of its own."""
        return Database(self._address, self._read_timeout, self._wall_clock)

    def run(self, sql: str, **parameters: Any) -> list[Row]:
        """Runs one statement and returns its rows.

        Outside of a transaction a lost connection is opened again once and the statement repeated: only statements
        that may be repeated are run this way. One with parameters is a transaction of its own, so that it is read
        committed and bounded in time whatever the session prefers; one without is sent as it is, and may be a command
        that no transaction takes.
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
                if lost.may_still_run or reopened or not may_repeat():
                    raise DatabaseUnavailable(str(lost)) from lost
                reopened = True
            except DatabaseRefused as refused:
                if refused.sqlstate == sqlstates.READ_ONLY and not reopened and may_repeat():
                    reopened = True  # the name may lead to the writer by now
                elif not sqlstates.is_conflict(refused.sqlstate) or attempt == _RETRIES:
                    raise _as_told(refused) from refused
                else:
                    time.sleep(0.01 * 2**attempt * (1 + random.random()))
            finally:
                self._leave_a_stand_by()
        raise AssertionError("unreachable")

    def _leave_a_stand_by(self) -> None:
        """The name may lead to the writer again at any moment, and a stand-by would answer for as long as it is
        asked."""
        if self._connection is not None and self._connection.is_at_a_stand_by:
            self.close()

    def _execute(self, sql: str, parameters: dict[str, Any]) -> Any:
        begins = self._in_transaction and not self._has_begun
        connection = self._ready()
        self._has_begun = self._has_begun or begins
        try:
            if parameters or begins:
                return connection.execute(sql, parameters, begins=begins, ends=not self._in_transaction)
            return connection.execute_simple(sql)
        except DatabaseError as refused:
            raise self._refusal(refused) from refused
        except (InterfaceError, OSError) as lost:
            self.close()
            raise _lost(lost) from lost
        except BaseException:
            self.close()
            raise
        finally:
            self._used_at = self._wall_clock()

    def _refusal(self, refused: DatabaseError) -> DatabaseRefused:
        facts = refused.args[0] if refused.args and isinstance(refused.args[0], dict) else {}
        at_a_stand_by = self._connection is not None and self._connection.is_at_a_stand_by
        sqlstate = sqlstates.as_it_is_meant(facts.get("C", "XX000"), at_a_stand_by=at_a_stand_by)
        if facts.get("V") in ("FATAL", "PANIC") or sqlstates.ends_the_connection(sqlstate):
            self.close()
        return DatabaseRefused(sqlstate, facts.get("M", "refused"), facts.get("n"))

    def _ready(self) -> Connection:
        """The transaction's connection, or for the first statement one that was used a short while ago, or a new
        one."""
        if self._in_transaction and self._has_begun:
            if self._connection is None:
                raise _Lost("the transaction went with its connection")
            return self._connection
        if self._connection is not None and not 0 <= self._wall_clock() - self._used_at <= IDLE_SECONDS:
            self.close()
        return self._connection or self._open()

    def _open(self) -> Connection:
        try:
            return self._connect(fresh=False)
        except DatabaseRefused as refused:
            if not sqlstates.is_refused_password(refused.sqlstate):
                raise
            return self._connect(fresh=True)

    def _connect(self, *, fresh: bool) -> Connection:
        try:
            self._connection = connect(self._address(fresh), Connection, self._read_timeout)
            self._connection.bound_statements(_SERVERS_SHARE * self._read_timeout)
            return self._connection
        except DatabaseError as refused:
            raise self._refusal(refused) from refused
        except (InterfaceError, OSError) as lost:
            self.close()
            raise _lost(lost) from lost
        except BaseException:
            self.close()
            raise


def _lost(error: BaseException) -> _Lost:
    """A time-out is wrapped by the driver if it comes in the middle of an answer."""
    silent = isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError)
    return (_LostInSilence if silent else _Lost)(str(error))


def _as_told(refused: DatabaseRefused) -> ReminderError:
    """What the caller learns of a refusal that is not met with another try."""
    if refused.sqlstate == sqlstates.LOCKED:
        return DatabaseBusy(refused.sqlstate)
    if sqlstates.is_unavailable(refused.sqlstate):
        return DatabaseUnavailable(refused.sqlstate)
    return refused
