"""How the statements in `sql/` are run: one file is one statement, found by its table's folder and its name."""

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from reminders.states import ENGINE_LEVEL
from reminders.storage.database import Database, Row

_SQL = Path(__file__).parent / "sql"

type Clock = Callable[[], datetime | None]
"""Says what the statements take as now; None leaves it to the database, whose clock is the only one in production."""


def database_clock() -> None:
    """The clock in production."""


class Statements:
    """The statements about one table, over one connection and by one clock."""

    def __init__(self, database: Database, clock: Clock, folder: str = "") -> None:
        self._database = database
        self._clock = clock
        self._folder = folder

    def of(self, folder: str) -> "Statements":
        """Those about another table."""
        return Statements(self._database, self._clock, folder)

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        """Runs a statement; its `:now` is what the clock says, unless it is given, its `:level` is this engine's."""
        statement = _statement(self._folder, name)
        return self._database.run(statement, **self._completed(statement, parameters))

    def value(self, name: str, /, **parameters: Any) -> Any:
        """The first value of the first row."""
        return self.rows(name, **parameters)[0][0]

    def records(self, name: str, /, **parameters: Any) -> list[dict[str, Any]]:
        """Rows with the names of their columns."""
        statement = _statement(self._folder, name)
        return self._database.run_named(statement, **self._completed(statement, parameters))

    def _completed(self, statement: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """With what each statement may ask for."""
        if ":now" in statement and "now" not in parameters:
            moment = self._clock()
            parameters["now"] = None if moment is None else moment.isoformat()
        if ":level" in statement:
            parameters["level"] = ENGINE_LEVEL
        return parameters


@functools.cache
def _statement(folder: str, name: str) -> str:
    return (_SQL / folder / f"{name}.sql").read_text(encoding="utf-8")
