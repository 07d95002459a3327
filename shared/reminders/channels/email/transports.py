"""What takes a message: Amazon SES, an SMTP server, or a folder of .eml files."""

import smtplib
import threading
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from reminders.channels import PermanentFailure, UnknownOutcome

_STEP_SECONDS = 2.0  # one step of an exchange: connecting, or waiting for an answer; SMTP has up to nine


class Transport(Protocol):
    def deliver(self, key: str, message: EmailMessage) -> str | None:
        """Hands the message over and returns the id that it was given, if there is one."""


def transport_of(setting: str, connections: int) -> Transport:
    """The transport that EMAIL_TRANSPORT names, for so many threads; ValueError when it names none."""
    scheme, _, rest = setting.partition(":")
    if scheme == "outbox":
        return _Outbox(Path(rest))
    if scheme == "smtp":
        return _Smtp(setting)
    if scheme == "ses":
        return _Ses(connections)
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

    def __init__(self, connections: int) -> None:
        self._connections = connections
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
                    max_pool_connections=self._connections,
                    retries={"total_max_attempts": 1},
                )
                self._client = boto3.client("sesv2", config=config)
            return self._client
