"""What callers ask of the engine: each verb is one transaction, safe to repeat where it says so.

reminders   create, read, list, edit, pause, resume, complete, cancel, trigger
flags       set, read, remove, list
calendars   put, read, remove, list
previews    what a schedule will do
recipients  what a channel refuses at once
"""

from collections.abc import Callable

from reminders.commands.calendars import Calendars
from reminders.commands.flags import Flags
from reminders.commands.previews import Previews
from reminders.commands.recipients import Recipients
from reminders.commands.reminders import Reminders
from reminders.storage.changes import Changes
from reminders.storage.scheduler import Health
from reminders.storage.store import Store


class Commands:
    """The verbs of the API over one store."""

    def __init__(self, store: Store, recipients: Recipients, actor: Callable[[], str] = lambda: "unknown") -> None:
        """`actor` says on whose behalf a verb is carried out."""
        self._store = store
        self.flags = Flags(store)
        self.calendars = Calendars(store)
        self.reminders = Reminders(store, Changes(store, actor), self.calendars, recipients)
        self.previews = Previews(store, self.calendars)

    def health(self) -> Health:
        """Whether the engine keeps up, as an operator asks."""
        return self._store.scheduler.health()

    def close(self) -> None:
        """Closes the connection; the next command opens another."""
        self._store.close()


__all__ = ["Calendars", "Commands", "Flags", "Previews", "Recipients", "Reminders"]
