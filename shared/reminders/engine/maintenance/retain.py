"""Removes runs that are older than the history is kept."""

from reminders.storage.store import Store


class Retain:
    def __init__(self, store: Store, days: int, batch: int) -> None:
        """`days` is how long the history is kept."""
        self._store = store
        self._days = days
        self._batch = batch

    def once(self) -> bool:
        """Removes one batch; False when there was nothing to remove."""
        return self._store.runs.delete_old(self._days, self._batch) > 0
