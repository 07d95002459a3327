"""`status_flags`: facts that any system may set, and that stop reminders."""

from collections.abc import Collection
from typing import Any

from reminders.conditions import Facts
from reminders.model import Flag
from reminders.storage import parameters
from reminders.storage.statements import Statements


class FlagTable:
    """One method a statement of `sql/status_flags/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def get(self, key: str) -> Flag | None:
        return next((_to_flag(row) for row in self._sql.records("get_flag", key=key)), None)

    def put(self, key: str, value: bool) -> tuple[Flag, bool]:
        """The flag as it is now, and whether the ticks still complete what it stops."""
        row = self._sql.records("put_flag", key=key, value=value)[0]
        return _to_flag(row), row["draining"]

    def set_draining(self, key: str, draining: bool) -> None:
        self._sql.rows("set_draining", key=key, draining=draining)

    def delete(self, key: str) -> bool:
        return bool(self._sql.rows("delete_flag", key=key))

    def page(self, *, after: str | None, count: int) -> list[Flag]:
        return [_to_flag(row) for row in self._sql.records("list_flags", after=after, count=count)]

    def facts(self, keys: Collection[str]) -> Facts:
        """What is true of these flags."""
        return Facts(true_flags=frozenset(row[0] for row in self._sql.rows("true_flags", keys=parameters.texts(keys))))

    def lock_draining(self, passed: Collection[str]) -> str | None:
        """A flag that still has reminders to complete, other than those of the keys that were passed."""
        return next((row[0] for row in self._sql.rows("lock_draining", passed=parameters.texts(passed))), None)


def _to_flag(row: dict[str, Any]) -> Flag:
    return Flag(key=row["key"], value=row["value"], created_at=row["created_at"], updated_at=row["updated_at"])
