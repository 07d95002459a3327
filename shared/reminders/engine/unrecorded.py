"""How much has been sent that the database does not know of: a crash would send it again, so it is bounded."""

import threading
from collections.abc import Callable
from time import monotonic

from reminders.engine import limits


class Unrecorded:
    """Holds the sending threads back while FLUSH_RUNS outcomes are not recorded, and for FLUSH_SECONDS none has been:
    the database does not take them, or does not let the owner ask."""

    def __init__(self, uncollected: Callable[[], int]) -> None:
        """`uncollected` says how many outcomes the owner has not seen yet."""
        self._uncollected = uncollected
        self._most = limits.FLUSH_RUNS
        self._seconds = limits.FLUSH_SECONDS
        self._count = 0
        self._since = monotonic()  # when some were last recorded, or there were none
        self._is_closed = False
        self._waiting = 0
        self._changed = threading.Condition()

    # For the owner

    def note(self, count: int) -> None:
        """So many outcomes are collected and not recorded."""
        if count < self._count or not count:
            self._since = monotonic()
        self._count = count
        if self._waiting:
            self._wake()

    def close(self) -> None:
        """From now on nothing more is begun: threads that wait go on."""
        self._is_closed = True
        self._wake()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # For the sending threads

    def wait(self) -> None:
        """Returns when another send may begin."""
        # Said here as well as below: a call less for each of the many sends that need not wait.
        if self._count + self._uncollected() < self._most or monotonic() - self._since < self._seconds:
            return
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(self._may_send)
            self._waiting -= 1

    def _may_send(self) -> bool:
        if self._count + self._uncollected() < self._most or self._is_closed:
            return True
        return monotonic() - self._since < self._seconds
