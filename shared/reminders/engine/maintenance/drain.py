"""Completes what flags have stopped, due or not, where the transaction that set the flag was not enough."""

from reminders.engine import log_lines
from reminders.errors import DatabaseRefused
from reminders.storage.store import Store


class Drain:
    """Goes through the flags that have reminders left to complete."""

    def __init__(self, store: Store, batch: int) -> None:
        self._store = store
        self._batch = batch
        self._passed: set[str] = set()  # flags that have nothing left for this tick
        self._flag: str | None = None  # the one that is being drained
        self._is_done = False
        self.completed = 0

    def once(self) -> bool:
        """Completes one batch; False when no flag has any left, after which it no longer asks.

        A batch that the database refuses is halved; what stops a flag's drain when it is alone waits for the next tick.
        """
        if self._is_done:
            return False
        try:
            self._is_done = not self._store.atomically(self._complete_some)
        except DatabaseRefused as refused:
            if not refused.is_about_the_data or self._flag is None:
                raise
            if self._batch == 1:
                log_lines.flag_not_drained(self._flag, refused)
                self._passed.add(self._flag)
            self._batch = max(1, self._batch // 2)
        return not self._is_done

    def _complete_some(self) -> bool:
        key = self._flag = self._store.flags.lock_draining(self._passed)
        if key is None:
            return False
        completed = self._store.reminders.drain_stopped(key, self._batch)
        self.completed += completed
        if completed < self._batch:
            self._passed.add(key)
            self._store.flags.set_draining(key, self._store.reminders.stops_any(key))
        return True
