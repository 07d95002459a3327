"""Re-planning: when a zone's rules or a business calendar change, the instants that follow from them are worked out
again."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import tzdata

from reminders.engine import log_lines
from reminders.errors import DatabaseRefused
from reminders.schedules.advance import CalendarsByName
from reminders.storage.store import Store

if TYPE_CHECKING:  # a tick that re-plans nothing does without it
    from reminders.model.reminder import Reminder

ZONES_VERSION: str = tzdata.IANA_VERSION
"""Which edition of the time-zone database this is; later ones compare as greater."""
CHUNK = 500  # reminders in one transaction
_LOOKED_AT = 10_000  # by one look for those with a wall clock, most of which may have none


class Replan:
    """Goes through the reminders by id, a chunk a transaction; what somebody has locked is met again by the next
    tick."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tasks = [self._some_zoned, self._some_of_a_calendar]
        self._chunk = CHUNK
        self._tried: Sequence[str] = ()  # the reminders of the last chunk
        self._refused: set[str] = set()  # those whose new instants the database does not take

    def once(self) -> bool:
        """Works out one chunk; False when everything that can be locked follows today's zones and calendars.

        A chunk that the database refuses is halved until the culprit is alone: that one keeps its instants.
        """
        while self._tasks:
            try:
                if self._store.atomically(self._tasks[0]):
                    self._chunk = min(CHUNK, self._chunk * 2)
                    return True
            except DatabaseRefused as refused:
                self._halve(refused)
                return True
            del self._tasks[0]
        return False

    def _halve(self, refused: DatabaseRefused) -> None:
        if not refused.is_about_the_data or not self._tried or self._refused.issuperset(self._tried):
            raise refused
        if len(self._tried) == 1:
            log_lines.reminder_not_replanned(self._tried[0], refused)
            self._refused.update(self._tried)
        self._chunk = max(1, len(self._tried) // 2)

    def _some_zoned(self) -> bool:
        """False when there are no more, or none that could be locked."""
        after = self._store.scheduler.lock_zones(ZONES_VERSION)
        if after is None:
            return False
        last, ids = self._store.replanning.find_zoned(after, _LOOKED_AT)
        if len(ids) > self._chunk:
            last, ids = ids[self._chunk - 1], ids[: self._chunk]
        reached = self._replan(after, last, ids)
        self._store.scheduler.save_zones(ZONES_VERSION, reached)
        return reached is not None and reached != after

    def _some_of_a_calendar(self) -> bool:
        found = self._store.calendars.lock_changed()
        if found is None:
            return False
        name, after = found
        ids = self._store.replanning.find_by_calendar(name, after, self._chunk)
        reached = self._replan(after, ids[-1] if ids else None, ids)
        self._store.calendars.save_progress(name, reached)
        return reached != after

    def _replan(self, after: str, last: str | None, ids: Sequence[str]) -> str | None:
        """How far the reminders are re-planned now: to `last`, or to just before one that somebody else has locked."""
        moment = self._store.now()
        self._tried = ids
        locked = self._store.replanning.lock_for_replanning(ids) if ids else []
        calendars = self._store.calendars.named({name for each in locked if (name := each.schedule.business_calendar)})
        willing = [each for each in locked if each.id not in self._refused]
        changed = [new for old in willing if (new := _replanned(old, calendars, moment)) != old]
        if changed:
            self._store.replanning.replan(changed)
        ours = {reminder.id for reminder in locked}
        missed = next((place for place, each in enumerate(ids) if each not in ours), None)
        if missed is None:
            return last
        return ids[missed - 1] if missed else after


def _replanned(reminder: "Reminder", calendars: CalendarsByName, moment: datetime) -> "Reminder":
    from reminders.lifecycle import edits

    schedule = reminder.schedule
    if not (schedule.timezone or schedule.send_window or schedule.business_calendar):
        return reminder  # its schedule could not be read
    try:
        return edits.replanned(reminder, calendars, moment)
    except Exception as error:  # one that is broken must not hold up the others: its own tick will park it
        log_lines.reminder_not_replanned(reminder.id, error)
        return reminder
