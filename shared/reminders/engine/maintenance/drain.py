"""Completes what flags have stopped, due or not, where the transaction that set the flag was not enough."""

from reminders.storage.store import Store


class Drain:
    """Goes through the flags that have reminders left to complete."""

    def __init__(self, store: Store, batch: int) -> None:
        self._store = store
        self._batch = batch
        self._passed: set[str] = set()  # flags that have nothing left for this tick
        self._is_done = False
        self.completed = 0

    def once(self) -> bool:
        """Completes one batch; False when no flag has any left, after which it no longer asks."""
        self._is_done = self._is_done or not self._store.atomically(self._complete_some)
        return not self._is_done

    def _complete_some(self) -> bool:
        key = self._store.flags.lock_draining(self._passed)
        if key is None:
            return False
        completed = self._store.reminders.drain_stopped(key, self._batch)
        self.completed += completed
        if completed < self._batch:
            self._passed.add(key)
            self._store.flags.set_draining(key, self._store.reminders.stops_any(key))
        return True
