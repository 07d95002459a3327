"""Email: Amazon SES, an SMTP server, or a folder of .eml files; the setting EMAIL_TRANSPORT says which."""

from collections.abc import Mapping
from typing import Self

from reminders.channels import Channel, PermanentFailure, channel
from reminders.channels.email.message import compose
from reminders.channels.email.settings import EmailSettings
from reminders.runs import Run
from reminders.states import Reason


@channel("email")
class EmailChannel(Channel):
    concurrency = 20
    timeout_seconds = 20.0

    def __init__(self, settings: EmailSettings) -> None:
        # Here: the API knows this channel, and sends nothing.
        from reminders.channels.email.transports import transport_of

        self._sender = settings.email_sender
        self._default_recipient = settings.default_email_recipient
        self._deliver = transport_of(settings.email_transport, connections=self.concurrency)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        return cls(EmailSettings.from_environment(environment))

    def send_one(self, run: Run) -> str | None:
        recipient = run.recipient or self._default_recipient
        if not recipient:
            raise PermanentFailure("the reminder has no recipient and there is no default", Reason.NO_RECIPIENT)
        return self._deliver(run.key, compose(run, self._sender, recipient))
