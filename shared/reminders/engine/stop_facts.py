"""What stops leased runs, as last read. The owner reads it; the sending threads look at it and wait for fresh
readings."""

import threading
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from reminders.conditions import Facts
from reminders.engine.limits import FRESH_SECONDS
from reminders.errors import NotKnownHere
from reminders.instants import Instant
from reminders.lifecycle import stops
from reminders.lifecycle.stops import RunFacts
from reminders.states import Reason


class Reading(NamedTuple):
    """One reading for all runs that were held. Never changed, so that threads may look at it without a lock."""

    read_at: float  # monotonic: when it began
    unsendable: Mapping[int, Reason | None]  # by run id, why it is not sent; None: it is another worker's by now


class StopFacts:
    """All that the sending threads and the owner share. Safe to use from several threads."""

    def __init__(self, ask_for_fresh: Callable[[], None]) -> None:
        """`ask_for_fresh` tells the owner that a thread is waiting for a new reading."""
        self.reading = Reading(read_at=float("-inf"), unsendable={})
        self.is_closing = False  # nothing more is begun
        self._ask_for_fresh = ask_for_fresh
        self._changed = threading.Condition()

    @property
    def is_stale(self) -> bool:
        """Whether a send must not begin on the last reading."""
        return monotonic() - self.reading.read_at >= FRESH_SECONDS

    # For the owner

    def renew(self, read_at: float, runs: Sequence[RunFacts], facts: Facts, now: Instant) -> None:
        """Puts a new reading, begun at `read_at`, in the place of the last, and wakes the threads that wait for it."""
        unsendable: dict[int, Reason | None] = {}
        for each in runs:
            try:
                reason = stops.forbids(each, facts, now)
                if reason is not None:
                    unsendable[each.run_id] = reason
            except stops.Lost:
                unsendable[each.run_id] = None
            except NotKnownHere:
                unsendable[each.run_id] = Reason.UNKNOWN_CONDITION
        with self._changed:
            self.reading = Reading(read_at=read_at, unsendable=unsendable)
            self._changed.notify_all()

    def close(self) -> None:
        """From now on nothing more is begun; threads that wait go on."""
        with self._changed:
            self.is_closing = True
            self._changed.notify_all()

    # For the sending threads

    def fresh(self) -> tuple[float, Reading]:
        """Waits for a fresh reading, or until nothing more is begun anyway; what time it is then (monotonic)."""
        with self._changed:
            if self.is_stale and not self.is_closing:
                self._ask_for_fresh()
                self._changed.wait_for(lambda: self.is_closing or not self.is_stale)
        return monotonic(), self.reading
