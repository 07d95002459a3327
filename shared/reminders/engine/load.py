"""How much memory the messages take that a worker holds."""

from collections.abc import Sequence

from reminders.engine.limits import HELD_BYTES
from reminders.messages.weight import weight_of
from reminders.runs import Run


class Load:
    """The weights of the messages of the runs that are held. Runs without a message cost nothing here."""

    def __init__(self) -> None:
        self._weights: dict[int, int] = {}
        self._total = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be taken until something is sent."""
        return self._total > HELD_BYTES

    def take(self, runs: Sequence[Run]) -> None:
        for run in runs:
            if isinstance(run.message, dict):
                self._weights[run.id] = weight = weight_of(run.message)
                self._total += weight

    def let_go(self, run: Run) -> int:
        """How much less it is now, in bytes."""
        weight = self._weights.pop(run.id, 0)
        self._total -= weight
        return weight
