"""Removes runs that are older than the history is kept, and reminders that ended longer ago than they are."""

from reminders.engine.limits import Periods
from reminders.storage.store import Store

_RUNS_EACH = 10  # times as many runs as reminders are removed at once


class Retain:
    def __init__(self, store: Store, periods: Periods, batch: int) -> None:
        """Runs are kept so long after they were made, and reminders after they ended."""
        self._store = store
        self._periods = periods
        self._batch = batch

    def once(self) -> bool:
        """Removes one batch of both; False when there was nothing to remove."""
        runs = self._store.runs.delete_old(self._periods.run_retention_days, self._batch)
        days = self._periods.reminder_retention_days
        ended = self._store.due.delete_ended(days, self._batch, runs=self._batch * _RUNS_EACH)
        return runs + ended > 0
