"""Removes runs that are older than the history is kept, and reminders that ended longer ago than they are."""

from reminders.storage.store import Store

_RUNS_EACH = 10  # times as many runs as reminders are removed at once


class Retain:
    def __init__(self, store: Store, *, run_days: int, reminder_days: int, batch: int) -> None:
        """How long runs are kept after they were made, and reminders after they ended."""
        self._store = store
        self._run_days = run_days
        self._reminder_days = reminder_days
        self._batch = batch

    def once(self) -> bool:
        """Removes one batch of both; False when there was nothing to remove."""
        runs = self._store.runs.delete_old(self._run_days, self._batch)
        ended = self._store.due.delete_ended(self._reminder_days, self._batch, runs=self._batch * _RUNS_EACH)
        return runs + ended > 0
