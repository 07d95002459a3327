"""What can be set for email."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from reminders.settings import BadSetting, given_settings

_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


class EmailSettings(NamedTuple):
    email_transport: str = "ses"  # ses · smtp://user:password@host:port · outbox:FOLDER
    email_sender: str = "reminders@localhost"
    default_email_recipient: str = ""  # where a reminder without a recipient goes

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "EmailSettings":
        """Reads the settings, or BadSetting; what a transport may be is known where it is made."""
        settings = cls(**given_settings(cls.__annotations__, environment))
        for name in ("email_sender", "default_email_recipient"):
            address = getattr(settings, name)
            if address and not _ADDRESS.fullmatch(address):
                raise BadSetting(f"{name.upper()} is not an email address")
        return settings

    def __repr__(self) -> str:
        return "EmailSettings(…)"
