"""`make sql`: one statement against the running local database, or a prompt. Needs no psql."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pg8000.native
from pg8000.core import Context
from pg8000.exceptions import DatabaseError, InterfaceError

from local import database_url
from local.statements import changes_every_row, first_statement, is_blank
from reminders.settings import BadSetting, Settings
from reminders.storage.connection import connect
from reminders.storage.dsn import Address
from reminders.wiring import address_of

NOT_RUNNING = "no local database is running: start it with `make run`, or set DATABASE_URL"

_FIRST, _NEXT = "reminders=> ", "reminders-> "


def main() -> int:
    """Runs the statement in the environment's Q; without it, what is typed, each statement up to its semicolon."""
    try:
        address = _address()
        session = Session(address) if address else None
    except BadSetting as wrong:
        print(wrong, file=sys.stderr)
        return 1
    except (OSError, DatabaseError, InterfaceError):
        session = None
    if session is None:
        print(NOT_RUNNING, file=sys.stderr)
        return 1
    try:
        if statement := os.environ.get("Q"):
            return 0 if session.run(statement) else 1
        return _converse(session)
    finally:
        session.close()


def _address() -> Address | None:
    settings = Settings.from_environment(os.environ)
    if settings.database_url:
        return address_of(settings)(False)
    written = database_url.read()
    return Address.from_url(written) if written else None


class _Connection(pg8000.native.Connection):  # type: ignore[misc]  # pg8000 has no types
    """Keeps what the server says of each statement that it has carried out."""

    tags: tuple[str, ...] = ()

    def handle_COMMAND_COMPLETE(self, data: bytes, context: Context) -> None:  # noqa: N802  # pg8000's name
        self.tags = (*self.tags, data[:-1].decode())


class Session:
    """One connection, and another one when it was lost or what ran on it was interrupted."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._open()

    def run(self, statement: str) -> bool:
        """Runs it and prints what the server answers; whether it was carried out."""
        self._connection.tags = ()
        try:
            answer = self._connection.execute_simple(statement)
        except DatabaseError as refused:
            facts = refused.args[0]
            print("\n".join(facts[part] for part in ("M", "D", "H") if part in facts), file=sys.stderr)
            return False
        except KeyboardInterrupt:
            self._interrupt()
            print("\ninterrupted: it was undone, with the transaction that it was in, if any", file=sys.stderr)
            return False
        except (OSError, InterfaceError) as lost:  # the driver is out of step, whatever it was
            self._interrupt()
            print(f"the connection was lost ({lost}): what became of the statement is not known", file=sys.stderr)
            return False
        if answer.columns:
            _print([column["name"] for column in answer.columns], answer.rows)
        tags: tuple[str, ...] = self._connection.tags
        for tag in tags:
            print(_in_words(tag))
        return True

    def close(self) -> None:
        with suppress(OSError, InterfaceError):
            self._connection.close()

    def _open(self) -> None:
        self._connection = connect(self._address, _Connection)
        self._pid = self._connection.run("SELECT pg_backend_pid()")[0][0]

    def _interrupt(self) -> None:
        """Ends the server's side of the connection too, and opens another."""
        abandoned = self._pid
        self.close()
        try:
            self._open()
            self._connection.run("SELECT pg_terminate_backend(:pid)", pid=abandoned)
        except (OSError, InterfaceError, DatabaseError) as lost:
            raise SystemExit("the database is gone") from lost


def _converse(session: Session) -> int:
    """Reads and runs statements until Ctrl-D. With nobody at the terminal nothing is asked."""
    is_terminal = sys.stdin.isatty()
    if is_terminal:
        import readline  # noqa: F401  # input() then has line editing, and a history that ends with the session

        print("A statement ends with a semicolon; Ctrl-C drops what is typed, Ctrl-D ends.")
    typed = Typed(is_terminal=is_terminal)
    for statement in typed.statements():
        verb = changes_every_row(statement) if is_terminal else None
        if verb is None or typed.agrees(f"This {verb} has no WHERE: it is for every row. Run it? (yes/no) "):
            session.run(statement)
    return 0


class Typed:
    """What somebody types, statement by statement."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal
        self._typed = ""

    def statements(self) -> Iterator[str]:
        """Each as soon as its semicolon is typed. What was piped in may end without one."""
        while True:
            while found := first_statement(self._typed):
                statement, self._typed = found
                if not is_blank(statement.removesuffix(";")):
                    yield statement
            if is_blank(self._typed):
                self._typed = ""
            try:
                self._typed += self._ask(_NEXT if self._typed else _FIRST) + "\n"
            except KeyboardInterrupt:
                print("^C")
                self._typed = ""
            except EOFError:
                if self._typed and not self._is_terminal:
                    yield self._typed.strip()
                if self._is_terminal:
                    print()
                return

    def agrees(self, question: str) -> bool:
        """Whether the answer is yes. What is no answer was pasted along, and is read as what comes next."""
        try:
            answer = self._ask(question)
        except (KeyboardInterrupt, EOFError):
            answer = "no"
            print()
        if answer.strip().lower() in ("yes", "y"):
            return True
        print("not run")
        if answer.strip().lower() not in ("no", "n", ""):
            self._typed += f"{answer}\n"
        return False

    def _ask(self, prompt: str) -> str:
        return input(prompt if self._is_terminal else "")


def _print(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    table = [list(names), *([_text(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(names))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _in_words(tag: str) -> str:
    """`3 rows` of what reads; `UPDATE 3`, as the server says it, of what writes."""
    verb, _, count = tag.rpartition(" ")
    if verb in ("SELECT", "FETCH", "SHOW"):
        return f"{count} row{'' if count == '1' else 's'}"
    return f"{verb.removesuffix(' 0')} {count}".strip()


def _text(value: object) -> str:
    return "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
