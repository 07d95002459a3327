"""How far back a tick's claims look.

An old snapshot keeps dead index entries alive, and each claim would walk over them. So a claim begins after a floor, a
`next_run_at` up to which claims have found everything. Below it there may still be what somebody had locked, what was
committed later with an earlier instant, and what an operator has set to the past: a sweep, a claim without the floor,
finds these. A tick's first claim is a sweep, unless sweeps have become expensive; then there is one a second.

With a backlog, what has just become due does not wait for everything older: now and then a claim starts at the recent
end. Decided in `docs/decisions/2026-11-24-sweeping-without-a-bound.md`.
"""

from time import monotonic

from reminders.engine.planning import Planned
from reminders.instants import Instant
from reminders.storage.scheduler import Bookmark

SWEEP_SECONDS = 1.0  # within a tick, the time between two sweeps; the longest, too, that ticks go without one
RECENT_SECONDS = 5.0  # with a backlog, what became due within this time is planned between older batches
RECENT_EVERY_SECONDS = 0.25


class ClaimFloor:
    """The bounds of one tick's claims, moved on by what each of them has found."""

    def __init__(self) -> None:
        self.floor: Instant | None = None  # a claim that is no sweep looks only after it; None: at everything
        self.sweep_pause: float | None = None  # seconds that the next ticks go without one; None: this tick made none
        self.recent_floor: Instant = 0  # what lies after it has just become due
        self.is_behind = False  # what is being planned was due a while ago
        self._swept_at = float("-inf")
        self._recent_at = monotonic()

    def start_from(self, bookmark: Bookmark) -> None:
        """Goes on where the last tick left off, unless it is time for a sweep."""
        if not bookmark.may_sweep:
            self.floor, self._swept_at = bookmark.claim_floor, monotonic()

    def takes_turn_of_the_recent(self) -> bool:
        """Whether it is the turn of what has just become due, before more of the backlog. Asking takes the turn."""
        if not self.is_behind or monotonic() - self._recent_at < RECENT_EVERY_SECONDS:
            return False
        self._recent_at = monotonic()
        return True

    def is_time_to_sweep(self) -> bool:
        return monotonic() - self._swept_at >= SWEEP_SECONDS

    def move(self, planned: Planned, *, swept: bool) -> None:
        """Moves on by what a claim of the oldest has found; `swept` says that it was a sweep.

        A floor that lies ahead was set before the clock went back: what has become due meanwhile may lie below it.
        """
        if swept:
            self._swept_at = planned.read_at
            self.sweep_pause = _sweep_pause(planned)
        self.recent_floor = planned.now - int(RECENT_SECONDS * 1e6)
        if planned.is_full and planned.last_due is not None:
            self.floor = planned.last_due - 1
            self.is_behind = planned.last_due < self.recent_floor
        else:
            is_ahead = not swept and self.floor is not None and self.floor > planned.now
            self.floor = None if is_ahead else planned.now
            self.is_behind = False

    def keep_in_sight(self, instant: Instant | None) -> None:
        """Lowers the floor so that the next claim finds what is due at this instant."""
        if instant is not None and self.floor is not None:
            self.floor = min(self.floor, instant - 1)


def _sweep_pause(planned: Planned) -> float:
    """How long, in seconds, the next ticks make no sweep after this one.

    They all sweep as long as a sweep costs no more than its rows explain. Where an old snapshot keeps dead index
    entries alive it costs more: then they pause for a hundred times the excess, at most for SWEEP_SECONDS.
    """
    excess = planned.claim_seconds - 0.005 - 10e-6 * len(planned.plans)
    return min(SWEEP_SECONDS, max(0.0, 100 * excess))
