"""How far back a tick's claims look. A claim skips what lies below a lower bound of `next_run_at`, where an old snapshot
keeps dead index entries alive; so that nothing starves below it, a claim without the bound, a sweep, comes now and then.
"""

from time import monotonic

from reminders.instants import Instant
from reminders.planning import Planned
from reminders.store import Bookmark

SWEEP_SECONDS = 1.0  # within a tick, a claim goes without its lower bound when the last such claim is older than this
RECENT_SECONDS = 5.0  # with a backlog, what became due within this time is planned between older batches
RECENT_EVERY_SECONDS = 0.25


class Horizon:
    """The bounds of one tick's claims, moved on by what each of them has found."""

    def __init__(self) -> None:
        self.floor: Instant | None = None  # everything that is due lies after it, but for what a sweep may find
        self.sweep_pause: float | None = None  # seconds that the next ticks keep to the floor; None: no sweep was made
        self.recent_floor: Instant = 0  # what lies after it has just become due
        self.is_behind = False  # what is being planned was due a while ago
        self._swept_at = float("-inf")
        self._recent_at = monotonic()

    def start_from(self, bookmark: Bookmark) -> None:
        """Goes on where the last tick left off, unless it is time for a sweep."""
        if not bookmark.may_sweep:
            self.floor, self._swept_at = bookmark.claim_floor, monotonic()

    def is_time_for_the_recent(self) -> bool:
        """Whether it is the turn of what has just become due, before more of the backlog."""
        if not self.is_behind or monotonic() - self._recent_at < RECENT_EVERY_SECONDS:
            return False
        self._recent_at = monotonic()
        return True

    def is_time_to_sweep(self) -> bool:
        return monotonic() - self._swept_at >= SWEEP_SECONDS

    def move(self, planned: Planned, *, swept: bool) -> None:
        """Takes in what a claim of the oldest has found; `swept` says that it had no bound."""
        if swept:
            self._swept_at = planned.read_at
            self.sweep_pause = _sweep_pause(planned)
        self.recent_floor = planned.now - int(RECENT_SECONDS * 1e6)
        if planned.is_full and planned.last_due is not None:
            self.floor = planned.last_due - 1
            self.is_behind = planned.last_due < self.recent_floor
        else:
            self.floor = planned.now
            self.is_behind = False

    def keep_in_sight(self, instant: Instant | None) -> None:
        """Lowers the floor so that the next claim finds what is due at this instant."""
        if instant is not None and self.floor is not None:
            self.floor = min(self.floor, instant - 1)


def _sweep_pause(planned: Planned) -> float:
    """How long, in seconds, the next ticks keep to the claim's lower bound after a claim without it.

    Not at all as long as that claim costs what its rows explain. Where an old snapshot keeps dead index entries alive
    it costs more: then it is made so seldom that the excess stays below a hundredth of the time, yet each second.
    """
    excess = planned.claim_seconds - 0.005 - 10e-6 * len(planned.plans)
    return min(SWEEP_SECONDS, max(0.0, 100 * excess))
