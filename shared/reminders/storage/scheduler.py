"""`scheduler_state`: one row, in which a tick leaves what the next one has to know."""

from datetime import datetime
from typing import NamedTuple

from reminders.errors import DatabaseRefused
from reminders.instants import Instant
from reminders.storage.schema import NEEDED
from reminders.storage.statements import Statements

_NO_TABLE = "42P01"


class Bookmark(NamedTuple):
    """Where the last tick left off."""

    claim_floor: Instant | None
    may_sweep: bool  # it is time for a claim without that bound
    must_replan: bool  # schedules follow older zones, or a calendar that has changed


class Health(NamedTuple):
    """What an operator asks first. The last five are not known of a schema that lacks them."""

    schema_version: str  # the newest migration; empty without any
    takes_writes: bool  # it is no stand-by, and not read-only
    last_tick_at: datetime | None = None
    last_ok_tick_at: datetime | None = None
    ok_tick_seconds: float | None = None  # since that
    oldest_due_seconds: float = 0.0
    may_write: bool = True  # this role may change the tables


class SchedulerTable:
    """One method a statement of `sql/scheduler_state/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def bookmark(self, zones_version: str) -> Bookmark:
        """What the last tick left; `zones_version` is the edition of the time zones that this one has."""
        return Bookmark._make(self._sql.rows("scheduler_state", zones_version=zones_version)[0])

    def save_bookmark(self, floor: Instant | None, sweep_pause: float | None) -> None:
        """`sweep_pause` in seconds: for how long claims should keep to the bound; None when this tick has not swept."""
        self._sql.rows("save_scheduler_state", floor=floor, pause=sweep_pause)

    def lock_zones(self, version: str) -> str | None:
        """The id through which a newer edition of the time zones is applied; None: to all, or another tick does it."""
        return next((str(row[0]) for row in self._sql.rows("lock_zones", version=version)), None)

    def save_zones(self, version: str, after: str | None) -> None:
        self._sql.rows("save_zones", version=version, after=after)

    def save_ok_tick(self) -> None:
        """Now a tick has done its work."""
        self._sql.rows("save_ok_tick")

    def health(self) -> Health:
        version, takes_writes = self._database()
        if version < NEEDED:
            return Health(version, takes_writes)
        return Health(version, takes_writes, *self._sql.rows("health")[0])

    def _database(self) -> tuple[str, bool]:
        try:
            found = self._sql.rows("database")
        except DatabaseRefused as refused:
            if refused.sqlstate != _NO_TABLE:
                raise
            found = []
        return (found[0][0], found[0][1]) if found else ("", True)
