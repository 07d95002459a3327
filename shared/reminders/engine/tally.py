"""What a tick counts while it goes on."""

from reminders.engine import limits
from reminders.engine.delivery import Delivery
from reminders.engine.planning import Planned
from reminders.engine.summary import Summary, quantile
from reminders.states import State, Status


class Tally:
    """Adds up what the batches have come to."""

    def __init__(self) -> None:
        self._summary = Summary()
        self.overflow = 0  # runs that found no room
        self.was_busy = False  # there was more to plan than one batch

    @property
    def is_too_much_for_one(self) -> bool:
        """Whether more workers are worth calling."""
        return self._summary.planned >= limits.FAN_OUT_RUNS or self.overflow >= limits.ROOM

    def add(self, planned: Planned) -> None:
        summary = self._summary
        runs = [plan.run_state for plan in planned.plans]
        statuses = [plan.decision.status for plan in planned.plans]
        skipped = runs.count(State.SKIPPED)
        summary.due += len(runs)
        summary.skipped += skipped
        summary.planned += len(runs) - runs.count(None) - skipped
        summary.dead += runs.count(State.DEAD)
        summary.completed += statuses.count(Status.COMPLETED)
        summary.parked += statuses.count(Status.FAILED) + len(planned.given_up)
        summary.unknown += planned.unknown
        self.overflow += runs.count(State.PENDING)
        self.was_busy = self.was_busy or planned.is_full

    def summary(self, delivery: Delivery, *, parked: int) -> Summary:
        """All of it, with what came of the sends; `parked` is how many the database has refused."""
        summary, results = self._summary, delivery.results
        summary.sent = results.states[State.SENT]
        summary.failed = results.states[State.PENDING]
        summary.dead += results.states[State.DEAD]
        summary.cancelled = results.states[State.CANCELLED]
        summary.handed_back = delivery.returns.handed_back
        summary.late = results.late
        summary.parked += parked
        summary.unknown += delivery.returns.unknown
        late = sorted(results.lateness)
        summary.lateness_p50_ms = round(quantile(late, 0.5) * 1000, 3)
        summary.lateness_p99_ms = round(quantile(late, 0.99) * 1000, 3)
        summary.lateness_max_ms = round(late[-1] * 1000, 3) if late else 0.0
        return summary
