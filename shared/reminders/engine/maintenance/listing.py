"""Keeps the listing to what SQL, or code that does not know it, has made of the reminders."""

from reminders.engine.limits import LISTED
from reminders.storage.store import Store


class Listing:
    def __init__(self, store: Store) -> None:
        self._store = store

    def once(self) -> bool:
        """Enters a few reminders that have changed, and checks a few entries more; False when nothing was wrong."""
        return self._store.listing.enter_changed(LISTED) + self._store.listing.check(LISTED) > 0
