"""The connection: socket, TLS, time-outs, when it is discarded, and what may be repeated.

pg8000 goes out of step after an error on its own side: the next query then returns the previous query's rows. So any
exception that is not the server's own answer closes the connection. A connection belongs to one thread.
"""

import functools
import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pg8000.native
from pg8000.core import CoreConnection
from pg8000.exceptions import DatabaseError, InterfaceError

from reminders.errors import DatabaseBusy, DatabaseRefused, DatabaseUnavailable
from reminders.storage import jsonb
from reminders.storage.dsn import Address

CONNECT_TIMEOUT_SECONDS = 5.0
# Longer than the role's statement_timeout: the server speaks first, and a silent network is noticed in the end.
READ_TIMEOUT_SECONDS = 20.0
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

_JSON_TYPES = (114, 3802)  # json, jsonb

Row = list[Any]


def connect[C: CoreConnection](address: Address, connection: Callable[..., C], read_timeout: float | None = None) -> C:
    """A connection of one of pg8000's kinds, over a socket with TCP_NODELAY: without it larger statements wait 40 ms.

    `read_timeout` in seconds is how long an answer may take; READ_TIMEOUT_SECONDS unless it is given.
    """
    sock = _connected_socket(address)
    try:
        made = connection(
            user=address.user,
            password=address.password,
            database=address.database,
            host=address.host,
            sock=sock,
            ssl_context=_tls(address),
            application_name="reminders",
        )
        made._usock.settimeout(read_timeout or READ_TIMEOUT_SECONDS)
        for oid in _JSON_TYPES:
            made.register_in_adapter(oid, jsonb.parse)
        return made
    except InterfaceError as lost:
        sock.close()
        refusal = _what_the_server_said(lost)
        if refusal is None:
            raise
    except BaseException:
        sock.close()
        raise
    raise DatabaseError(refusal)


def _what_the_server_said(lost: BaseException) -> object | None:
    """A server that refuses us hangs up; the driver then fails to take its leave, and that error hides the refusal."""
    error: BaseException | None = lost
    while error is not None and not isinstance(error, DatabaseError):
        error = error.__context__
    return error.args[0] if error and error.args else None


def _connected_socket(address: Address) -> socket.socket:
    if address.is_socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(CONNECT_TIMEOUT_SECONDS)
        try:
            sock.connect(f"{address.host}/.s.PGSQL.{address.port}")
        except OSError:
            sock.close()
            raise
    else:
        sock = socket.create_connection((address.host, address.port), CONNECT_TIMEOUT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def _tls(address: Address) -> ssl.SSLContext | bool:
    if address.sslmode == "disable" or address.is_socket:
        return False
    return ssl.create_default_context(cafile=address.sslrootcert)


@functools.cache
def _compiled(sql: str) -> tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]]]:
    """The statement with numbered parameters. pg8000 reads it letter by letter, which is worth doing once."""
    return pg8000.native.to_statement(sql)  # type: ignore[no-any-return]


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
        self._connection: pg8000.native.Connection | None = None
        self._in_transaction = False

    def another(self) -> "Database":
        """The same database, over a connection of its own."""
        return Database(self._address, self._read_timeout)

    def run(self, sql: str, **parameters: Any) -> list[Row]:
        """Runs one statement and returns its rows.

        Outside of a transaction a lost connection is opened again once and the statement repeated: only statements
        that may be repeated are run so.
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
        self._execute("BEGIN", {})
        self._in_transaction = True
        try:
            yield
            self._execute("COMMIT", {})
        except DatabaseRefused:
            self._roll_back()
            raise
        except BaseException:
            if self._connection is not None:
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
        try:
            if not parameters:
                return connection.execute_simple(sql)
            statement, values = _compiled(sql)
            return connection.execute_unnamed(statement, values(parameters))
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
        return DatabaseRefused(facts.get("C", "XX000"), facts.get("M", "refused"))

    def _open(self) -> pg8000.native.Connection:
        try:
            self._connection = self._connect(fresh=False)
        except DatabaseRefused as refused:
            if refused.sqlstate not in _REFUSED_PASSWORD:
                raise
            self._connection = self._connect(fresh=True)
        return self._connection

    def _connect(self, *, fresh: bool) -> pg8000.native.Connection:
        try:
            return connect(self._address(fresh), pg8000.native.Connection, self._read_timeout)
        except DatabaseError as refused:
            raise self._refusal(refused) from refused
        except (InterfaceError, OSError) as lost:
            raise _Lost(str(lost)) from lost
