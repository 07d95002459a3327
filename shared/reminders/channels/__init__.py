"""Channels: the protocol, the registry, and what a channel may raise.

A new channel is one module in this folder with one class and one decorator; it is found by being there.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Protocol

from reminders.model import Run
from reminders.settings import Settings
from reminders.states import Reason


class Channel(Protocol):
    """A way to deliver. `send` is called by several threads at once, never within a transaction."""

    def __init__(self, settings: Settings) -> None: ...

    @property
    def concurrency(self) -> int:
        """How many threads may send at the same time. A class attribute will do."""

    @property
    def timeout_seconds(self) -> float:
        """The longest that one send may take. A class attribute will do."""

    def send(self, run: Run) -> str | None:
        """Delivers the run and returns the provider's id for it, if there is one.

        Any exception is a failed attempt that is made again; PermanentFailure is final; UnknownOutcome may have
        arrived; RetryLater says when. `run.key` is the same on each repeat: hand it on, so that a receiver can drop
        the second.
        """


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


type RecipientCheck = Callable[[str | None], None]
"""Raises InvalidField for a recipient that its channel cannot reach, as far as that shows at once."""

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


def build_channels(settings: Settings) -> dict[str, Channel]:
    """One instance of each channel."""
    _load()
    return {name: kind(settings) for name, kind in _REGISTRY.items()}


def build_recipient_checks(settings: Settings) -> dict[str, RecipientCheck]:
    """One for each channel that has rules for recipients: a class method `recipient_check(settings)`."""
    _load()
    kinds = [(name, kind) for name, kind in _REGISTRY.items() if hasattr(kind, "recipient_check")]
    return {name: kind.recipient_check(settings) for name, kind in kinds}


def _load() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
