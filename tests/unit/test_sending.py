"""One attempt: whatever a channel does, each run gets its outcome."""

from collections.abc import Sequence
from typing import Any

import pytest

from reminders.channels import Channel, PermanentFailure, RetryLater, Sent, UnknownOutcome
from reminders.engine import limits
from reminders.engine.sending import attempt, attempt_one
from reminders.engine.summary import quantile
from reminders.runs import Run
from reminders.states import Reason, State
from tests.world import leased


class Answering(Channel):
    """A channel for batches that answers as it is told to."""

    concurrency = 1
    timeout_seconds = 1.0
    batch_size = 10

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def send(self, runs: Sequence[Run]) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


def outcomes(answer: Any, count: int = 3) -> list[tuple[State, Reason | None]]:
    """What becomes of so many runs that are sent together."""
    runs = [leased(id=number) for number in range(count)]
    made = attempt(Answering(answer), runs, begun=0.0)
    assert [outcome.run.id for outcome in made] == list(range(count))
    return [(outcome.state, outcome.reason) for outcome in made]


def test_each_run_of_a_batch_has_a_result_of_its_own() -> None:
    """One that was taken, one that is refused for good and one to be tried later stand side by side."""
    answer = [Sent("a"), PermanentFailure("no"), RetryLater("busy", 5.0)]
    assert outcomes(answer) == [
        (State.SENT, None),
        (State.DEAD, Reason.PERMANENT),
        (State.PENDING, Reason.RETRY),
    ]


@pytest.mark.parametrize(
    "answer, state, reason",
    [
        (PermanentFailure("no"), State.DEAD, Reason.PERMANENT),
        (UnknownOutcome("silence"), State.PENDING, Reason.UNKNOWN),
        (OSError("down"), State.PENDING, Reason.RETRY),
        (SystemExit(), State.PENDING, Reason.RETRY),
    ],
    ids=lambda value: str(value) or "SystemExit",
)
def test_an_exception_stands_for_the_whole_batch(answer: BaseException, state: State, reason: Reason) -> None:
    """A channel that raises has said the same of each run."""
    assert outcomes(answer) == [(state, reason)] * 3


@pytest.mark.parametrize("answer", [[], [Sent()], [Sent()] * 4, None, 7, "abc"], ids=repr)
def test_a_channel_that_answers_wrongly_loses_no_run(answer: Any) -> None:
    """With too few results, too many, or none that can be read, nobody knows what has arrived: each is tried again."""
    assert [state for state, _ in outcomes(answer)] == [State.PENDING] * 3


class Unspeakable:
    """An id that cannot be written as a text."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    "answer, state, reason",
    [
        ([Sent(Unspeakable())], State.SENT, None),  # type: ignore[arg-type]
        (RetryLater("busy", "soon"), State.PENDING, Reason.RETRY),  # type: ignore[arg-type]
        ([], State.PENDING, Reason.UNKNOWN),
        ([Sent(), Sent()], State.PENDING, Reason.UNKNOWN),
        (None, State.PENDING, Reason.RETRY),
    ],
    ids=["an id without words", "a delay that is no number", "no result", "two results", "nothing"],
)
def test_an_attempt_never_raises(answer: Any, state: State, reason: Reason | None) -> None:
    """Alone or together, a run has the same outcome whatever the channel answers: no sending thread dies of it."""
    alone = attempt_one(Answering(answer), leased(), begun=0.0)
    assert (alone.state, alone.reason) == (state, reason)
    assert outcomes(answer, 1) == [(state, reason)]


@pytest.mark.parametrize("share, expected", [(0.5, 2.0), (0.51, 3.0), (0.99, 4.0), (1.0, 4.0), (0.25, 1.0)])
def test_a_quantile_is_the_smallest_value_that_covers_its_share(share: float, expected: float) -> None:
    """Half of four values do not exceed the second."""
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == expected


def test_the_end_of_a_tick_fits_into_its_margin() -> None:
    """Waiting for the last sends and for the second connection leaves time for the last statements."""
    assert limits.GRACE_SECONDS + limits.PARTING_SECONDS < limits.MARGIN_SECONDS
