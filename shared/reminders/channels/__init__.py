"""Channels: the protocol, the registry, and what a channel may raise.

A new channel is one module in this folder with one class and one decorator; it is found by being there.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Protocol

from reminders.config import Settings
from reminders.model import Reason, Run


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
        arrived. `run.key` is the same on each repeat: hand it on, so that a receiver can drop the second.
        """


class PermanentFailure(Exception):
    """Trying again is useless: the run ends DEAD."""

    reason = Reason.PERMANENT

    def __init__(self, message: str, reason: Reason = Reason.PERMANENT) -> None:
        super().__init__(message)
        self.reason = reason


class UnknownOutcome(Exception):
    """The request was written and no answer came: it is repeated, and may arrive twice."""


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


def _load() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
