"""The secrets that messages are signed with: as they stand in the settings, or from Secrets Manager, kept for a
while."""

import base64
import json
import logging
import re
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from reminders.egress.side_calls import SideCalls
from reminders.egress.sockets import Deadline
from reminders.observe import logger

MAX_LIVE = 2  # secrets of one receiver
READ_SECONDS = 8.0  # for all secrets of a message, with the loading of the client
ARN = re.compile(r"arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^\s]+", re.ASCII)

_FRESH_SECONDS = 300.0  # how long a secret is used before it is read again
_USABLE_SECONDS = 3_600.0  # how long it is used while it cannot be read again
_AGAIN_SECONDS = 10.0  # from a reading that failed to the next
_STEP_SECONDS = 2.0  # connecting to Secrets Manager, and each wait for a part of its answer
_MAX_READINGS = 16  # at a time, those that hang included


class SecretUnreadable(Exception):
    """Secrets Manager does not give a secret, or what it gives is none. Never says what it is."""


@dataclass
class _Kept:
    """What is known of one ARN; `lock` is held by the one thread that reads it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    secrets: list[str] = field(default_factory=list, repr=False)
    usable_until: float = 0.0  # by the monotonic clock, like the next
    next_reading: float = 0.0

    def is_usable(self) -> bool:
        return bool(self.secrets) and monotonic() < self.usable_until


class Secrets:
    """Reads secrets; those in Secrets Manager with its client, which is made with the first. Safe to use from several
    threads."""

    def __init__(self) -> None:
        self._kept: defaultdict[str, _Kept] = defaultdict(_Kept)
        self._readings = SideCalls("reading of a secret", _MAX_READINGS)
        self._provider: Any = None
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def live(self, references: Sequence[str]) -> list[str]:
        """The live secrets, the newest first, within READ_SECONDS; SecretUnreadable when there are none."""
        deadline = Deadline(READ_SECONDS)
        found = [
            secret
            for each in references
            for secret in ([each] if is_secret(each) else self._from_manager(each, deadline))
        ]
        if not 1 <= len(found) <= MAX_LIVE:
            raise SecretUnreadable("Secrets Manager has no one or two secrets of the form whsec_… for this receiver")
        return found

    def _from_manager(self, arn: str, deadline: Deadline) -> list[str]:
        """What was read last, after a new reading where it is time for one. One thread reads; others use what there
        is."""
        with self._lock:
            kept = self._kept[arn]
        if monotonic() >= kept.next_reading:
            self._read_once(kept, arn, deadline)
        if not kept.is_usable():
            raise SecretUnreadable("Secrets Manager does not give the secret of this receiver")
        return kept.secrets

    def _read_once(self, kept: _Kept, arn: str, deadline: Deadline) -> None:
        try:
            may_read = kept.lock.acquire(timeout=0 if kept.is_usable() else deadline.left())
        except TimeoutError:
            return
        if not may_read:
            return
        try:
            if monotonic() >= kept.next_reading:
                self._renew(kept, arn, deadline)
        finally:
            kept.lock.release()

    def _renew(self, kept: _Kept, arn: str, deadline: Deadline) -> None:
        try:
            found = self._readings.call(partial(self._read, arn), deadline.left())
        except Exception as failure:  # whatever it was: what was read last may be used
            logger.warning("secret not read", extra={"error": type(failure).__name__})
            kept.next_reading = monotonic() + _AGAIN_SECONDS
            return
        now = monotonic()
        kept.secrets, kept.usable_until, kept.next_reading = found, now + _USABLE_SECONDS, now + _FRESH_SECONDS

    def _read(self, arn: str) -> list[str]:
        found = _parts(self._connected().get(arn, force_fetch=True, max_age=0))
        if not 1 <= len(found) <= MAX_LIVE or not all(map(is_secret, found)):
            raise SecretUnreadable("Secrets Manager has no one or two secrets of the form whsec_… there")
        return found

    def _connected(self) -> Any:
        with self._making:
            if self._provider is None:
                from aws_lambda_powertools.utilities.parameters import SecretsProvider
                from botocore.config import Config

                # At DEBUG it logs each answer as it came, and these answers are secrets.
                logging.getLogger("botocore.parsers").setLevel(logging.INFO)
                # The engine retries; a second layer of retries would outlast the channel's time-out.
                config = Config(
                    connect_timeout=_STEP_SECONDS, read_timeout=_STEP_SECONDS, retries={"total_max_attempts": 1}
                )
                self._provider = SecretsProvider(boto_config=config)
            return self._provider


def is_secret(text: str) -> bool:
    """Whether this is a secret as Standard Webhooks writes it."""
    try:
        return text.startswith("whsec_") and 24 <= len(base64.b64decode(text[6:], validate=True)) <= 64
    except ValueError:  # no base64, or not even ASCII
        return False


def _parts(value: str | bytes) -> list[str]:
    """A secret's text: one or two separated by blanks, a JSON list of them, or a JSON object whose values they are."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not text.lstrip().startswith(("{", "[")):
        return text.split()
    try:
        given = json.loads(text)
    except ValueError:
        return []
    return [str(part) for part in (given.values() if isinstance(given, dict) else given)]
