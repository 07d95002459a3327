"""What came of the sends of one tick, counted."""

from collections import Counter

from reminders.engine.reports import Recorded
from reminders.instants import Instant
from reminders.states import State


class Results:
    """Counts by state, outcomes that came too late, and how punctual the sends were."""

    def __init__(self) -> None:
        self.states: Counter[State] = Counter()
        self.late = 0  # outcomes that another worker's attempt had overtaken
        self.lateness: list[float] = []  # seconds from scheduled_for until the send that arrived began

    def add(self, recorded: Recorded, clock: tuple[Instant, float]) -> None:
        """`clock` is what the database said, and when by the monotonic clock."""
        self.states.update([outcome.state for outcome in recorded.outcomes])
        self.late += len(recorded.outcomes) - recorded.ours
        instant, at = clock
        self.lateness += [
            (instant - outcome.run.scheduled_at) / 1e6 + outcome.begun - at
            for outcome in recorded.outcomes
            if outcome.state is State.SENT
        ]
