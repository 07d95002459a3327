"""What can be set for email."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class EmailSettings:
    email_transport: str = field(default="ses", repr=False)  # ses · smtp://user:password@host:port · outbox:FOLDER
    email_sender: str = "reminders@localhost"
    default_email_recipient: str = ""  # where a reminder without a recipient goes
