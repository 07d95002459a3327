"""Runs that wait for an instant which the database's clock named while it was ahead: they wait no longer than any
other."""

from collections.abc import Collection

from reminders.lifecycle.retries import LONGEST_WAIT_SECONDS
from reminders.storage.store import Store

SLACK_SECONDS = 60.0  # a clock that was put back by less has misdated nothing that would not be due soon


class Misdated:
    """Brings back leases and retries that lie further ahead than they could have been put."""

    def __init__(self, store: Store, channels: Collection[str], batch: int, lease_seconds: float) -> None:
        self._store = store
        self._channels = channels
        self._batch = batch
        self._lease_seconds = lease_seconds

    def once(self) -> bool:
        """Brings one batch back; False when there was none."""
        brought_back = self._store.runs.bring_back(
            self._channels,
            lease_seconds=self._lease_seconds,
            wait_seconds=LONGEST_WAIT_SECONDS,
            slack_seconds=SLACK_SECONDS,
            count=self._batch,
        )
        return brought_back > 0
