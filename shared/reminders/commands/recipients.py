"""Which channels there are, and which recipients they refuse at once."""

from collections.abc import Mapping

from reminders.channels import RecipientCheck
from reminders.errors import InvalidField


class Recipients:
    def __init__(self, channels: frozenset[str], checks: Mapping[str, RecipientCheck] | None = None) -> None:
        """`checks`: by channel, what refuses a recipient that it could not reach."""
        self._channels = channels
        self._checks = checks or {}

    def check_channel(self, channel: str) -> None:
        """InvalidField when there is no such channel."""
        if channel not in self._channels:
            raise InvalidField("channel", f"unknown; known channels: {', '.join(sorted(self._channels))}")

    def check(self, channel: str, recipient: str | None) -> None:
        """InvalidField when the channel cannot reach this recipient, as far as that can be told at once."""
        check = self._checks.get(channel)
        if check is not None:
            check(recipient)
