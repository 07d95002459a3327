"""Email: Amazon SES, an SMTP server, or a folder of .eml files; the setting EMAIL_TRANSPORT says which."""

import smtplib
import threading
from contextlib import suppress
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from reminders.channels import Channel, PermanentFailure, UnknownOutcome, channel
from reminders.runs import Run
from reminders.settings import Settings
from reminders.states import Reason

_STEP_SECONDS = 2.0  # one step of an exchange: connecting, or waiting for an answer; SMTP has up to nine


class _Transport(Protocol):
    def deliver(self, key: str, message: EmailMessage) -> str | None: ...


@channel("email")
class EmailChannel(Channel):
    concurrency = 20
    timeout_seconds = 20.0

    def __init__(self, settings: Settings) -> None:
        self._sender = settings.email_sender
        self._default_recipient = settings.default_email_recipient
        self._transport = _transport(settings.email_transport)

    def send_one(self, run: Run) -> str | None:
        recipient = run.recipient or self._default_recipient
        if not recipient:
            raise PermanentFailure("the reminder has no recipient and there is no default", Reason.NO_RECIPIENT)
        return self._transport.deliver(run.key, compose(run, self._sender, recipient))


def compose(run: Run, sender: str, recipient: str) -> EmailMessage:
    """The message for a run: the same text and Message-ID on each repeat."""
    # Imported here: a cold start without an email does without the parser of headers.
    from email.headerregistry import Address

    message = EmailMessage()
    title = f"Reminder: {run.event_type} for {run.entity_type} {run.entity_id}"
    try:
        message["From"] = Address(addr_spec=sender)
        message["To"] = Address(addr_spec=recipient)
        message["Subject"] = run.subject or title
        message["Date"] = format_datetime(run.scheduled_for)
        message["Message-ID"] = f"<{run.key}@{sender.rpartition('@')[2]}>"
        message["X-Reminder-Run"] = run.key
        message.set_content(run.body or f"{title}.\n")
    except (ValueError, MessageError) as refused:
        raise PermanentFailure(f"no email can be made of this: {refused}") from refused
    return message


def _transport(setting: str) -> _Transport:
    scheme, _, rest = setting.partition(":")
    if scheme == "outbox":
        return _Outbox(Path(rest))
    if scheme == "smtp":
        return _Smtp(setting)
    if scheme == "ses":
        return _Ses()
    raise ValueError("EMAIL_TRANSPORT is ses, smtp://… or outbox:FOLDER")


class _Outbox:
    """A folder: one file a run, so that a repeat replaces what it repeats."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, key: str, message: EmailMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{key}.draft"
        draft.write_bytes(bytes(message))
        draft.replace(self._folder / f"{key}.eml")


class _Smtp:
    """An SMTP server; STARTTLS where the server offers it, and always before a password is sent."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "localhost", parts.port or 25
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    def deliver(self, key: str, message: EmailMessage) -> None:
        server = smtplib.SMTP(self._host, self._port, timeout=_STEP_SECONDS)
        try:
            self._greet(server)
            _hand_over(server, message)
        finally:
            # A farewell that goes wrong says nothing about a message that was taken: it must not be sent again for
            # that.
            with suppress(OSError):
                server.quit()
            server.close()

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if self._user or server.has_extn("starttls"):
            server.starttls()
            server.ehlo()
        if self._user:
            server.login(self._user, self._password)


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
        if _is_final(refused):
            raise PermanentFailure("the mail server refuses the message") from refused
        raise
    except (TimeoutError, smtplib.SMTPServerDisconnected) as silence:
        raise UnknownOutcome("the mail server did not answer") from silence


def _is_final(refused: smtplib.SMTPException) -> bool:
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in refused.recipients.values())
    return isinstance(refused, smtplib.SMTPResponseException) and refused.smtp_code >= 500


class _Ses:
    """Amazon SES. Its client is made with the first message: boto3 costs a cold start three times its work."""

    _FINAL = ("MessageRejected", "MailFromDomainNotVerifiedException", "BadRequestException", "NotFoundException")

    def __init__(self) -> None:
        self._client: Any = None
        self._lock = threading.Lock()

    def deliver(self, key: str, message: EmailMessage) -> str:
        from botocore.exceptions import ClientError, ReadTimeoutError

        try:
            answer = self._connected().send_email(
                FromEmailAddress=str(message["From"]),
                Destination={"ToAddresses": [str(message["To"])]},
                Content={"Raw": {"Data": bytes(message)}},
            )
        except ReadTimeoutError as silence:
            raise UnknownOutcome("SES did not answer") from silence
        except ClientError as refused:
            code = refused.response["Error"]["Code"]
            if code in self._FINAL:
                raise PermanentFailure(f"SES refuses the message: {code}") from refused
            raise
        return str(answer["MessageId"])

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                import boto3
                from botocore.config import Config

                # The engine retries; a second layer of retries would only hide a fault and outlast the lease.
                config = Config(
                    connect_timeout=_STEP_SECONDS,
                    read_timeout=5 * _STEP_SECONDS,
                    max_pool_connections=EmailChannel.concurrency,
                    retries={"total_max_attempts": 1},
                )
                self._client = boto3.client("sesv2", config=config)
            return self._client
