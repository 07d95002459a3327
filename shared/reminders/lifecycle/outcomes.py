"""What came of one attempt to send a run."""

from typing import NamedTuple, Self

from reminders.runs import Run
from reminders.states import Reason, State


class Unsent(NamedTuple):
    """A leased run that no attempt was made for: it is given back, with its attempt."""

    run: Run
    delay: float = 0.0  # seconds until it may be leased again
    reason: Reason | None = None
    error: str | None = None


class Outcome(NamedTuple):
    """What is recorded of one attempt."""

    run: Run
    state: State
    begun: float  # monotonic: when the attempt began
    delay: float | None = None  # seconds until the run is looked at again
    reason: Reason | None = None
    error: str | None = None
    provider_id: str | None = None

    @classmethod
    def sent(cls, run: Run, *, begun: float, provider_id: str | None = None) -> Self:
        """The channel took it."""
        return cls(run, State.SENT, begun, provider_id=provider_id)

    @classmethod
    def retry(cls, run: Run, *, begun: float, after: float, reason: Reason, error: str) -> Self:
        """It failed, and is tried again after so many seconds."""
        return cls(run=run, state=State.PENDING, begun=begun, delay=after, reason=reason, error=error)

    @classmethod
    def dead(cls, run: Run, *, begun: float, reason: Reason, error: str) -> Self:
        """It failed for good."""
        return cls(run=run, state=State.DEAD, begun=begun, reason=reason, error=error)

    @classmethod
    def stopped(cls, run: Run, *, begun: float, reason: Reason) -> Self:
        """It was stopped before it began."""
        return cls(run=run, state=State.CANCELLED, begun=begun, reason=reason)

    def without_texts(self) -> Self:
        """The same without what the channel or its exception said."""
        return self._replace(error=None, provider_id=None)

    def without_message(self) -> Self:
        """The same without what was sent, which is not needed to record it."""
        return self._replace(run=self.run._replace(message=None))
