"""Leasing runs that wait, and those that dead workers have left.

A batch that the database refuses is halved until the culprit is alone. That one is ended; where its end is refused,
too, this tick passes it over.
"""

from collections.abc import Callable, Collection, Sequence

from reminders.engine.limits import BATCH, LEASED_BYTES
from reminders.errors import DatabaseRefused
from reminders.lifecycle.retries import TAKEOVER_BATCHES
from reminders.messages.weight import weight_of
from reminders.runs import LostRun, Run
from reminders.states import Reason, State
from reminders.storage.store import Store

_ANY_ATTEMPT = range(1000)

type Lease = Callable[[str, range, int], list[Run]]
"""Leases so many runs of one channel that are at one of these attempts."""


class Leases:
    """What one tick leases besides its own plans."""

    def __init__(
        self, store: Store, lease_seconds: float, end: Callable[[Sequence[LostRun], Reason, str], int]
    ) -> None:
        """`end` ends runs as DEAD, and says how many it could end."""
        self._store = store
        self._lease_seconds = lease_seconds
        self._end = end
        self._most = BATCH  # waiting runs of a channel that are asked for at once
        self._passed: set[int] = set()  # runs that can be neither leased nor ended

    def waiting(self, rooms: dict[str, int]) -> list[Run]:
        """Leases waiting runs: for each channel at most as many as it has room for, fewer where messages are long."""
        runs = self._some_waiting({channel: min(room, self._most) for channel, room in rooms.items()})
        weight = sum(weight_of(run.message) for run in runs if isinstance(run.message, dict))
        self._most = 2 * len(runs) if weight > LEASED_BYTES else min(BATCH, 2 * self._most)
        return runs

    def _some_waiting(self, rooms: dict[str, int]) -> list[Run]:
        try:
            return self._waiting(rooms)
        except DatabaseRefused as refused:
            _check(refused)
        found: list[Run] = []
        for channel, room in rooms.items():
            found += self._halved(channel, State.PENDING, _ANY_ATTEMPT, room, self._waiting_of)
        return found

    def left_behind(self, channels: Collection[str], attempts: range) -> list[Run]:
        """Takes over runs of dead workers that are at one of these attempts."""
        try:
            return self._left_behind(channels, attempts, TAKEOVER_BATCHES)
        except DatabaseRefused as refused:
            _check(refused)
        found: list[Run] = []
        for channel in channels:
            found += self._halved(channel, State.SENDING, attempts, max(TAKEOVER_BATCHES), self._left_behind_of)
        return found

    def _waiting(self, rooms: dict[str, int]) -> list[Run]:
        return self._store.runs.lease_waiting(rooms, self._lease_seconds, self._passed)

    def _waiting_of(self, channel: str, attempts: range, size: int) -> list[Run]:
        return self._waiting({channel: size})

    def _left_behind(self, channels: Collection[str], attempts: range, batches: Sequence[int]) -> list[Run]:
        return self._store.runs.take_over(channels, attempts, batches, self._lease_seconds, self._passed)

    def _left_behind_of(self, channel: str, attempts: range, size: int) -> list[Run]:
        return self._left_behind([channel], attempts, [min(size, most) for most in TAKEOVER_BATCHES])

    def _halved(self, channel: str, state: State, attempts: range, size: int, lease: Lease) -> list[Run]:
        """What can be leased of one channel before the next culprit, or once it is out of the way."""
        while True:
            try:
                return lease(channel, attempts, size)
            except DatabaseRefused as refused:
                _check(refused)
                if size == 1:
                    return self._without_culprit(channel, state, attempts, lease, refused)
                size = max(1, size // 2)

    def _without_culprit(
        self, channel: str, state: State, attempts: range, lease: Lease, refused: DatabaseRefused
    ) -> list[Run]:
        """Ends the one that is refused, and leases the next. Which of those of one instant comes first nobody knows, so
        they are set aside one by one: the last of them before a lease succeeds is the culprit."""
        aside: list[LostRun] = []
        while True:
            candidate = self._store.runs.first_unfinished(channel, state, attempts, self._passed)
            if candidate is None:
                raise refused
            aside.append(candidate)
            self._passed.add(candidate.id)
            try:
                found = lease(channel, attempts, 1)
                break
            except DatabaseRefused as again:
                _check(again)
        self._passed -= {run.id for run in aside}
        if not self._end(aside[-1:], Reason.UNREADABLE, f"the database refuses to lease it: {refused}"[:500]):
            self._passed.add(candidate.id)
        return found


def _check(refused: DatabaseRefused) -> None:
    """Raises what is not about the data: no run is to blame for it."""
    if not refused.is_about_the_data:
        raise refused
