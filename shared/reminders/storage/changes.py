"""The one place that opens a change of a reminder: it locks the row, checks what may be done, saves it, and says who
did what."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from reminders.errors import DatabaseRefused, NeedsNewerEngine, NotFound, RowRefused, StaleVersion
from reminders.lifecycle import transitions
from reminders.model.reminder import Reminder
from reminders.observe import logger
from reminders.states import ENGINE_LEVEL
from reminders.storage.store import Store

_LAST_VERSION = 2**31 - 1

type Change = Callable[[Reminder, datetime], Reminder]
"""A locked reminder and the present instant in, the reminder as it is to be out."""


class Changes:
    """Changes of reminders."""

    def __init__(self, store: Store, actor: Callable[[], str]) -> None:
        """`actor` says on whose behalf a change is made."""
        self._store = store
        self._actor = actor

    def make(self, verb: str, reminder_id: str, version: int | None, change: Change) -> Reminder:
        """The reminder as it is after the change. Where the verb's result already holds, nothing happens.

        `version` is the one that the caller has read, None for any. NotFound, StaleVersion, IllegalTransition,
        RowRefused.
        """

        def once() -> tuple[Reminder, bool]:
            moment = self._store.now()
            reminder = self.lock(reminder_id, version)
            if not transitions.permits(verb, reminder.status):
                return reminder, False
            changed = change(reminder, moment)
            if changed == reminder:
                return reminder, False
            saved = replace(changed, version=_following(reminder.version), updated_at=moment)
            self._store.reminders.save(saved, reminder)
            return saved, True

        # With a version, a repeated change would be refused because its first try had already raised that version.
        with rows_to_blame():
            reminder, is_changed = self._store.atomically(once, repeatable=version is None)
        if is_changed:
            self.tell(verb, reminder.id)
        return reminder

    def lock(self, reminder_id: str, version: int | None) -> Reminder:
        """Within a transaction: the reminder, locked until it ends. NotFound, NeedsNewerEngine, StaleVersion."""
        reminder = self._store.reminders.lock(reminder_id)
        if reminder is None:
            raise NotFound("reminder", reminder_id)
        must_understand(reminder)
        if version is not None and version != reminder.version:
            raise StaleVersion(reminder.version)
        return reminder

    def tell(self, verb: str, reminder_id: str) -> None:
        """One line in the log: who did what to which reminder."""
        logger.info("change", extra={"verb": verb, "reminder": reminder_id, "actor": self._actor()})


def must_understand(reminder: Reminder) -> None:
    """NeedsNewerEngine for a reminder that only a newer engine can change without harm."""
    if reminder.needs > ENGINE_LEVEL:
        raise NeedsNewerEngine(reminder.needs)


@contextmanager
def rows_to_blame() -> Iterator[None]:
    """What the database refuses because of what a row holds is no fault of this side: RowRefused."""
    try:
        yield
    except DatabaseRefused as refused:
        if not refused.is_about_the_data:
            raise
        raise RowRefused(refused.sqlstate) from refused


def _following(version: int) -> int:
    """The next version; after the last that the column can hold they begin again."""
    return version + 1 if version < _LAST_VERSION else 1
