"""Channels: the protocol, the registry, and what a channel may raise.

A new channel is one module in this folder with one class and one decorator; it is found by being there. Its settings
are its own: it reads them from the environment, and nobody else knows them.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Self

from reminders.observe import logger, places_of
from reminders.runs import Run
from reminders.settings import BadSetting
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
NotKnownHere that a newer deployment may know what it names; any other exception is a failed attempt that is made
again."""

type RecipientCheck = Callable[[str | None], None]
"""Raises InvalidField for a recipient that its channel cannot reach, as far as that shows at once."""


class Channel:
    """A way to deliver. `send` is called by several threads at once, never within a transaction."""

    concurrency: int  # how many threads may send at the same time
    timeout_seconds: float  # the longest that one `send` may take
    batch_size: int = 1  # how many runs `send` takes at once
    clock: Callable[[], datetime] = staticmethod(lambda: datetime.now(UTC))
    """What time it is, in UTC: while a tick sends, by the database's clock, since a worker's own may be wrong."""

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
_BROKEN: set[str] = set()  # modules that cannot be imported


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
    """One instance of each channel. Made at start-up, which a wrong setting ends with BadSetting, also of a channel
    that no reminder uses."""
    return _of_each(lambda kind: kind.from_environment(environment))


def build_recipient_checks(environment: Mapping[str, str]) -> dict[str, RecipientCheck]:
    """For each channel what refuses its recipients: what the API builds of the channels, at its start-up likewise."""
    return _of_each(lambda kind: kind.recipient_check(environment))


def _of_each[T](make: Callable[[type[Channel]], T]) -> dict[str, T]:
    """What is made of each channel by its name; a wrong setting is the operator's to mend, anything else is a fault of
    the channel, which is left out."""
    _load()
    made: dict[str, T] = {}
    wrong: BadSetting | None = None
    for name, kind in _REGISTRY.items():
        try:
            made[name] = make(kind)
        except BadSetting as named:
            wrong = named
        except ValueError as refused:
            wrong = BadSetting(f"channel {name}: {' '.join(str(refused).split())}")
        except Exception as broken:
            _leave_out(name, broken)
    if wrong is not None:  # here, where no other exception hangs on to it
        raise wrong
    return made


def _load() -> None:
    """A module that is broken is named once, and costs the channels in it."""
    for module in pkgutil.iter_modules(__path__):
        if module.name in _BROKEN:
            continue
        try:
            importlib.import_module(f"{__name__}.{module.name}")
        except Exception as broken:
            _BROKEN.add(module.name)
            _leave_out(module.name, broken)


def _leave_out(channel: str, broken: Exception) -> None:
    logger.error(
        "channel left out", extra={"channel": channel, "error": type(broken).__name__, "at": places_of(broken)}
    )
