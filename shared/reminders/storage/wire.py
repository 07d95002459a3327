"""How a statement travels: one message there, from Parse to Sync, and one answer back.

pg8000 itself sends Parse with a Sync of its own and waits before it sends the rest: two round trips, and behind a
pooler in transaction mode perhaps two servers.
"""

import functools
from collections.abc import Callable, Iterable
from struct import Struct
from typing import Any

import pg8000.native
from pg8000.converters import make_params
from pg8000.core import BIND, DESCRIBE, EXECUTE_MSG, IDLE, PARSE, PORTAL, SYNC_MSG, Context
from pg8000.exceptions import DatabaseError

_long = Struct("!i").pack
_read_long = Struct("!i").unpack_from
_short = Struct("!H").pack
_UNNAMED = b"\0"
_NULL = _long(-1)
_NONE_GIVEN = _short(0)  # no types, or no formats: the server finds out which types, and everything is text


class Connection(pg8000.native.Connection):  # type: ignore[misc]  # pg8000 has no types
    """pg8000's connection with a shorter way of asking; answers, errors among them, are read as pg8000 reads them."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._described: dict[bytes, tuple[Any, Any]] = {}
        self._opening = _BEGIN

    @property
    def is_at_a_stand_by(self) -> bool:
        """Whether the server last said that it follows another."""
        return bool(self.parameter_statuses.get("in_hot_standby") == "on")

    def bound_statements(self, seconds: float) -> None:
        """From now on a transaction begins with this statement_timeout, unless the role's own is at least as short."""
        ((shown,),) = self.execute_simple("SHOW statement_timeout").rows
        unit = shown.lstrip("0123456789")
        if not 0 < int(shown.removesuffix(unit)) * _SECONDS[unit] <= seconds:
            self._opening = _BEGIN + _alone(f"SET LOCAL statement_timeout = {int(seconds * 1000)}".encode())

    def execute(self, sql: str, parameters: dict[str, Any], *, begins: bool = False, ends: bool = False) -> Any:
        """Runs one statement: in the transaction that is open, or with `begins` as the first of one, or with `ends`
        as the only one. BEGIN and COMMIT travel in the same message."""
        statement, values = _compiled(sql)
        encoded = [
            None if text is None else text.encode(self._client_encoding)
            for text in make_params(self.py_types, values(parameters))
        ]
        message = _parse_and_bind(statement.encode(self._client_encoding), encoded) + _DESCRIBE + EXECUTE_MSG
        opening = self._opening if begins or ends else b""
        self._usock.sendall(b"".join((opening, message, _COMMIT if ends else b"", SYNC_MSG)))
        context = Context(statement)
        try:
            self.handle_messages(context)
        except DatabaseError:
            if ends and self._transaction_status != IDLE:
                self.execute_simple("ROLLBACK")
            raise
        return context

    def handle_ROW_DESCRIPTION(self, data: bytes, context: Any) -> None:  # noqa: N802  # pg8000's name
        """Reads each description once: there are as many as there are statements, and each comes again and again."""
        if data not in self._described:
            super().handle_ROW_DESCRIPTION(data, context)
            self._described[data] = context.columns, context.input_funcs
        context.columns, context.input_funcs = self._described[data]
        context.rows = context.rows or []

    def handle_DATA_ROW(self, data: bytes, context: Any) -> None:  # noqa: N802  # pg8000's name
        """The same as pg8000's, which takes a third longer for what a list spends most of its time on."""
        encoding = self._client_encoding
        row: list[Any] = []
        at = 2
        for read in context.input_funcs:
            (length,) = _read_long(data, at)
            at += 4
            if length < 0:
                row.append(None)
            else:
                row.append(read(data[at : at + length].decode(encoding)))
                at += length
        context.rows.append(row)


@functools.cache
def _compiled(sql: str) -> tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]]]:
    """The statement with numbered parameters. pg8000 reads it letter by letter, which is worth doing once."""
    return pg8000.native.to_statement(sql)  # type: ignore[no-any-return]


def _parse_and_bind(statement: bytes, values: Iterable[bytes | None]) -> bytes:
    """An unnamed statement and its parameters as texts."""
    written = [_NULL if value is None else _long(len(value)) + value for value in values]
    parsed = _UNNAMED + statement + b"\0" + _NONE_GIVEN
    bound = b"".join((_UNNAMED, _UNNAMED, _NONE_GIVEN, _short(len(written)), *written, _NONE_GIVEN))
    return _message(PARSE, parsed) + _message(BIND, bound)


def _message(kind: bytes, content: bytes) -> bytes:
    return b"".join((kind, _long(len(content) + 4), content))


def _alone(statement: bytes) -> bytes:
    """A statement without parameters or rows, and without a Sync of its own: it and what follows are answered
    together."""
    return b"".join((_parse_and_bind(statement, ()), EXECUTE_MSG))


_DESCRIBE = _message(DESCRIBE, PORTAL + _UNNAMED)
_BEGIN = _alone(b"BEGIN ISOLATION LEVEL READ COMMITTED")
_COMMIT = _alone(b"COMMIT")

# Of the units in which PostgreSQL shows a time; 0 has none.
_SECONDS = {"": 0.0, "ms": 0.001, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
