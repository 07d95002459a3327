"""What can be set for email."""

from collections.abc import Mapping
from typing import NamedTuple

from reminders.settings import given_settings


class EmailSettings(NamedTuple):
    email_transport: str = "ses"  # ses · smtp://user:password@host:port · outbox:FOLDER
    email_sender: str = "reminders@localhost"
    default_email_recipient: str = ""  # where a reminder without a recipient goes

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "EmailSettings":
        """Reads the settings; what a transport may be is known where it is made."""
        return cls(**given_settings(cls.__annotations__, environment))

    def __repr__(self) -> str:
        return "EmailSettings(…)"
