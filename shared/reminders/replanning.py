"""Re-planning: when a zone's rules or a business calendar change, the instants that follow from them are worked out again."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import tzdata

from reminders.errors import ReminderError
from reminders.model import BusinessCalendar, Reminder
from reminders.observe import logger
from reminders.store import Now, Store

if TYPE_CHECKING:
    from reminders.schedule import Calendars

ZONES_VERSION: str = tzdata.IANA_VERSION
"""Which edition of the time-zone database this is; later ones compare as greater."""
CHUNK = 500  # reminders in one transaction
_LOOKED_AT = 10_000  # by one look for those with a wall clock, most of which may have none


class Replanner:
    """Goes through the reminders by id, a chunk a transaction; what somebody has locked is met again by the next tick."""

    def __init__(self, store: Store, now: Now = None) -> None:
        self._store = store
        self._now = now

    def run(self, has_time: Callable[[], bool]) -> None:
        """Works until everything follows today's zones and calendars, or time is up."""
        for some in (self._some_zoned, self._some_of_a_calendar):
            while has_time() and self._store.atomically(some):
                pass

    def _some_zoned(self) -> bool:
        """False when there are no more, or none that could be locked."""
        after = self._store.lock_zones(ZONES_VERSION)
        if after is None:
            return False
        last, ids = self._store.find_zoned(after, _LOOKED_AT)
        if len(ids) > CHUNK:
            last, ids = ids[CHUNK - 1], ids[:CHUNK]
        reached = self._replan(after, last, ids)
        self._store.save_zones(ZONES_VERSION, reached)
        return reached is not None and reached != after

    def _some_of_a_calendar(self) -> bool:
        found = self._store.lock_changed_calendar()
        if found is None:
            return False
        name, days, after = found
        ids = self._store.find_by_calendar(name, after, CHUNK)
        reached = self._replan(after, ids[-1] if ids else None, ids, {name: days})
        self._store.save_calendar_progress(name, reached)
        return reached != after

    def _replan(
        self, after: str, last: str | None, ids: Sequence[str], calendars: dict[str, BusinessCalendar] | None = None
    ) -> str | None:
        """How far the reminders are re-planned now: to `last`, or to just before one that somebody else has locked."""
        moment = self._store.now(self._now)
        locked = self._store.lock_for_replanning(ids) if ids else []
        changed = [new for old in locked if (new := self._replanned(old, calendars, moment)) != old]
        if changed:
            self._store.replan(changed)
        ours = {reminder.id for reminder in locked}
        missed = next((place for place, each in enumerate(ids) if each not in ours), None)
        if missed is None:
            return last
        return ids[missed - 1] if missed else after

    def _replanned(
        self, reminder: Reminder, calendars: dict[str, BusinessCalendar] | None, moment: datetime
    ) -> Reminder:
        from reminders import changes

        name = reminder.schedule.business_calendar
        try:
            return changes.replanned(reminder, calendars or self._calendars(name), moment)
        except (ReminderError, ValueError) as error:  # its tick will say the same, and park it
            logger.warning("reminder not re-planned", extra={"reminder": reminder.id, "error": type(error).__name__})
            return reminder

    def _calendars(self, name: str | None) -> "Calendars":
        days = None if name is None else self._store.share_calendar(name)
        return {} if name is None or days is None else {name: days}
