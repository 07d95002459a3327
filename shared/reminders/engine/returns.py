"""Leased runs that go back unsent: not begun in time, or naming something that this worker does not know."""

from collections.abc import Sequence

from reminders.engine import limits, log_lines
from reminders.engine.halving import in_halves
from reminders.engine.reports import NotKnown
from reminders.instants import HOUR, Instant
from reminders.lifecycle.outcomes import Outcome, Unsent
from reminders.runs import Run
from reminders.states import Reason
from reminders.storage.store import Store


class Returns:
    """What waits to be handed back; each run gets its attempt back."""

    def __init__(self, store: Store, grace_hours: float) -> None:
        """`grace_hours` is how long a newer deployment may take to come, whose words are not known here."""
        self._store = store
        self._grace_hours = grace_hours
        self.waiting: list[Unsent] = []
        self.handed_back = 0  # that had not begun
        self.unknown = 0

    def not_begun(self, run: Run) -> None:
        self.waiting.append(Unsent(run))

    def not_known(self, report: NotKnown, now: Instant) -> Outcome | None:
        """What this worker does not know may be a newer one's; after some time it is nobody's, and the run is DEAD."""
        run, error = report.run, str(report.error)
        if now - run.scheduled_at >= self._grace_hours * HOUR:
            return Outcome.dead(run, begun=report.begun, reason=Reason.UNKNOWN_ENDPOINT, error=error)
        self.waiting.append(Unsent(run, limits.UNKNOWN_SECONDS, Reason.UNKNOWN_ENDPOINT, error))
        self.unknown += 1
        return None

    def hand_back(self) -> None:
        if not self.waiting:
            return
        unsent, self.waiting = self.waiting, []
        in_halves(unsent, self._give_back, lambda each, refused: log_lines.run_not_handed_back(each.run, refused))
        self.handed_back += sum(each.reason is None for each in unsent)

    def _give_back(self, unsent: Sequence[Unsent]) -> None:
        # Never made twice: after an unanswered first time they may be somebody else's, at the same attempt.
        self._store.atomically(lambda: self._store.runs.hand_back(unsent), repeatable=False)
