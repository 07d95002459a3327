"""What takes a message: Amazon SES, an SMTP server, or a folder of .eml files."""

import os
import threading
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from reminders.channels import PermanentFailure, UnknownOutcome
from reminders.settings import BadSetting

_CONNECT_SECONDS, _ANSWER_SECONDS = 2.0, 10.0  # for SES


type Transport = Callable[[str, EmailMessage], str | None]
"""Hands the message of the run with this key over, and returns the id that it was given, if there is one."""


def transport_of(setting: str, connections: int) -> Transport:
    """The transport that EMAIL_TRANSPORT names, for so many threads; BadSetting when it names none."""
    scheme, _, rest = setting.partition(":")
    if scheme == "outbox" and rest:
        return _Outbox(Path(rest)).deliver
    if scheme == "smtp":
        from reminders.channels.email.smtp import Smtp

        return Smtp(setting).deliver
    if scheme == "ses":
        return _Ses(connections).deliver
    raise BadSetting("EMAIL_TRANSPORT is ses, smtp://… or outbox:FOLDER")


class _Outbox:
    """A folder: one file a run, so that a repeat replaces what it repeats."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not there.is_dir() or (there == folder and not os.access(folder, os.W_OK | os.X_OK)):
            raise BadSetting("EMAIL_TRANSPORT is outbox:FOLDER, and this is no folder that can be written")

    def deliver(self, key: str, message: EmailMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{key}.draft"
        draft.write_bytes(bytes(message))
        draft.replace(self._folder / f"{key}.eml")


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
                    connect_timeout=_CONNECT_SECONDS,
                    read_timeout=_ANSWER_SECONDS,
                    max_pool_connections=self._connections,
                    retries={"total_max_attempts": 1},
                )
                self._client = boto3.client("sesv2", config=config)
            return self._client
