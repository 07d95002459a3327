"""What other threads report to the one that owns a delivery. An attempt that was made is reported by its `Outcome`."""

from collections.abc import Sequence
from typing import NamedTuple

from reminders.errors import NotKnownHere
from reminders.lifecycle.outcomes import Outcome
from reminders.runs import Run


class NotBegun(NamedTuple):
    """A run that a sending thread did not begin, because time is up."""

    run: Run


class NotKnown(NamedTuple):
    """A run that names something that this worker does not know."""

    run: Run
    begun: float  # monotonic
    error: NotKnownHere


class NotOurs(NamedTuple):
    """A run that a sending thread did not begin, because another worker has taken it over."""

    run: Run


class WantsFreshFacts(NamedTuple):
    """A sending thread waits for a new reading of the stop facts."""


class Recorded(NamedTuple):
    """What became of some outcomes: written, except where another worker's attempt had overtaken them."""

    outcomes: Sequence[Outcome]
    ours: int  # of them, those that were still this worker's to write
    kept: list[Outcome]  # not tried: their reminder is locked by somebody else


class Failed(NamedTuple):
    """The recorder came upon an error that nobody expects."""

    error: BaseException


type SendReport = Outcome | NotBegun | NotKnown | NotOurs
type Report = SendReport | WantsFreshFacts | Recorded | Failed
