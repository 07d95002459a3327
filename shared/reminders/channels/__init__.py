"""Channels: the protocol, the registry, and what a channel may raise.

A new channel is one module in this folder with one class and one decorator; it is found by being there. Its settings
are its own: it reads them from the environment, and nobody else knows them.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Self

from reminders.runs import Run
from reminders.states import Reason


class Sent(NamedTuple):
    """The channel took the run."""

    provider_id: str | None = None  # the provider's id for it, for the history


class PermanentFailure(Exception):
    """Trying again is useless: the run ends DEAD."""

    reason = Reason.PERMANENT

    def __init__(self, message: str, reason: Reason = Reason.PERMANENT) -> None:
        super().__init__(message)
        self.reason = reason


class UnknownOutcome(Exception):
    """The request was written and no answer came: it is repeated, and may arrive twice."""


class RetryLater(Exception):
    """A failed attempt, and how long the receiver asks to be left alone."""

    def __init__(self, message: str, after_seconds: float) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


type Result = Sent | BaseException
"""What came of one run. PermanentFailure is final; UnknownOutcome may have arrived; RetryLater says when to try again;
any other exception is a failed attempt that is made again."""

type RecipientCheck = Callable[[str | None], None]
"""Raises InvalidField for a recipient that its channel cannot reach, as far as that shows at once."""


class Channel:
    """A way to deliver. `send` is called by several threads at once, never within a transaction."""

    concurrency: int  # how many threads may send at the same time
    timeout_seconds: float  # the longest that one `send` may take
    batch_size: int = 1  # how many runs `send` takes at once

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The channel as these variables set it up, or ValueError; by default there is nothing to set."""
        return cls()

    def send(self, runs: Sequence[Run]) -> Sequence[Result]:
        """Delivers the runs, at most `batch_size`: one result for each, in their order.

        An exception stands for all of them; what it means is what it means as a result. `run.key` is the same on each
        repeat: hand it on, so that a receiver can drop the second.
        """
        return [Sent(self.send_one(run)) for run in runs]

    def send_one(self, run: Run) -> str | None:
        """For channels that take one message at a time: delivers the run and returns the provider's id, if there is
        one."""
        raise NotImplementedError

    @classmethod
    def recipient_check(cls, environment: Mapping[str, str]) -> RecipientCheck:
        """What refuses a recipient before a reminder is made, with these variables, or ValueError; by default nothing
        is refused."""
        return lambda recipient: None


_REGISTRY: dict[str, type[Channel]] = {}


def channel(name: str) -> Callable[[type[Channel]], type[Channel]]:
    """Registers a class as the channel called `name`."""

    def register(kind: type[Channel]) -> type[Channel]:
        _REGISTRY[name] = kind
        return kind

    return register


def known_channels() -> frozenset[str]:
    """The names of all channels."""
    _load()
    return frozenset(_REGISTRY)


def build_channels(environment: Mapping[str, str]) -> dict[str, Channel]:
    """One instance of each channel. Made at start-up, which a wrong setting ends with ValueError, also of a channel
    that no reminder uses."""
    _load()
    return {name: kind.from_environment(environment) for name, kind in _REGISTRY.items()}


def build_recipient_checks(environment: Mapping[str, str]) -> dict[str, RecipientCheck]:
    """For each channel what refuses its recipients: what the API builds of the channels, at its start-up likewise."""
    _load()
    return {name: kind.recipient_check(environment) for name, kind in _REGISTRY.items()}


def _load() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
