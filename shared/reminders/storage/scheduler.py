"""`scheduler_state`: one row, in which a tick leaves what the next one has to know."""

import os
from datetime import datetime
from typing import NamedTuple

from reminders.errors import DatabaseRefused, ForeignStage, SchemaBehind
from reminders.instants import Instant
from reminders.storage.schema import NEEDED
from reminders.storage.statements import Statements

_EDITION = "^20[0-4][0-9][a-z]{1,2}$"
"""What an edition of the time-zone database is called."""
_NO_TABLE = "42P01"


class Bookmark(NamedTuple):
    """Where the last tick left off."""

    claim_floor: Instant | None
    may_sweep: bool  # it is time for a claim without that bound
    must_replan: bool  # schedules follow older zones, or a calendar that has changed


class Life(NamedTuple):
    """What a database is between two restores."""

    stage: str | None  # whose it is; None until a tick has come
    is_new: bool  # it has just begun


class Health(NamedTuple):
    """What an operator asks first. The others are not known of a schema that lacks them."""

    schema_version: str  # the newest migration; empty without any
    takes_writes: bool  # it is no stand-by, and not read-only
    last_tick_at: datetime | None = None
    last_ok_tick_at: datetime | None = None
    ok_tick_seconds: float | None = None  # since that
    oldest_due_seconds: float = 0.0
    may_write: bool = True  # this role may change the tables
    stage: str | None = None  # whose database it is; None until a tick has come


class SchedulerTable:
    """One method a statement of `sql/scheduler_state/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def require_schema(self) -> None:
        """SchemaBehind when the database has not been migrated as far as this code needs."""
        version, _ = self._database()
        if version < NEEDED:
            raise SchemaBehind(version, NEEDED)

    def recognize(self, stage: str | None = None) -> Life:
        """Which life the database leads: a new one begins when it is no longer the one that was seen last.

        `stage` is whose scheduler asks; ForeignStage when the database is another's. The first one makes it its own.
        """
        found = self._sql.rows("recognize", stage=stage, cluster=self._cluster(), fresh=os.urandom(4).hex())
        life = Life._make(found[0])
        if stage is not None and life.stage != stage:
            raise ForeignStage(str(life.stage), stage)
        return life

    def begin_new_life(self, stage: str | None) -> Life:
        """The same although nothing shows that it must be; from now on it is this stage's, if one is given."""
        self._sql.rows("restored", stage=stage)
        return self.recognize(stage)

    def _cluster(self) -> str:
        try:
            return str(self._sql.value("cluster"))
        except DatabaseRefused:  # an administrator has forbidden it, or a service does not have it
            return ""

    def bookmark(self, zones_version: str, longest_pause: float) -> Bookmark:
        """What the last tick left; `zones_version` is the edition of the time zones that this one has.

        `longest_pause` in seconds is the longest that a tick may leave as `sweep_pause`.
        """
        found = self._sql.rows(
            "scheduler_state", zones_version=zones_version, edition=_EDITION, longest_pause=longest_pause
        )
        return Bookmark._make(found[0]) if found else Bookmark(claim_floor=None, may_sweep=True, must_replan=False)

    def save_bookmark(self, floor: Instant | None, sweep_pause: float | None) -> None:
        """`sweep_pause` in seconds: for how long claims should keep to the bound; None when this tick has not swept."""
        self._sql.rows("save_scheduler_state", floor=floor, pause=sweep_pause)

    def lock_zones(self, version: str) -> str | None:
        """The id through which a newer edition of the time zones is applied; None: to all, or another tick does it."""
        return next((str(row[0]) for row in self._sql.rows("lock_zones", version=version, edition=_EDITION)), None)

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
