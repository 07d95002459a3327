"""`make sql`: one statement against the running local database, or a prompt. Needs no psql."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import pg8000.native
from pg8000.exceptions import DatabaseError

from local import database_url
from reminders.settings import Settings
from reminders.storage.connection import connect
from reminders.storage.dsn import Address
from reminders.wiring import address_of

NOT_RUNNING = "no local database is running: start it with `make run`, or set DATABASE_URL"


def main() -> int:
    """Runs the statement in the environment's Q; without it, each line that is typed."""
    settings = Settings.from_environment(os.environ)
    if settings.database_url:
        address = address_of(settings)(False)
    elif written := database_url.read():
        address = Address.from_url(written)
    else:
        print(NOT_RUNNING, file=sys.stderr)
        return 1
    statement = os.environ.get("Q")
    try:
        opened = connect(address, pg8000.native.Connection)
    except OSError:
        print(NOT_RUNNING, file=sys.stderr)
        return 1
    with opened as connection:
        if statement:
            return 0 if _run(connection, statement) else 1
        for line in _typed():
            _run(connection, line)
    return 0


def _typed() -> Iterable[str]:
    print("One statement a line; Ctrl-D ends.")
    while True:
        try:
            line = input("reminders=> ").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if line:
            yield line


def _run(connection: pg8000.native.Connection, statement: str) -> bool:
    try:
        answer = connection.execute_simple(statement)
    except DatabaseError as refused:
        facts = refused.args[0]
        print("\n".join(facts[part] for part in ("M", "D", "H") if part in facts), file=sys.stderr)
        return False
    if answer.columns:
        _print([column["name"] for column in answer.columns], answer.rows)
    else:
        count = max(answer.row_count, 0)
        print(f"{count} row{'' if count == 1 else 's'} changed")
    return True


def _print(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    table = [list(names), *([_text(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(names))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"({len(rows)} row{'' if len(rows) == 1 else 's'})")


def _text(value: object) -> str:
    return "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
