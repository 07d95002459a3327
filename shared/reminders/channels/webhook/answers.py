"""What a receiver's answer means for the run. Pure but for the clock that a date in Retry-After is held against."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from reminders.channels import PermanentFailure, RetryLater
from reminders.egress import Answer
from reminders.states import Reason

# What may go better another time, beside all of 5xx.
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class NotAccepted(Exception):
    """An answer that is neither a success nor final: the attempt has failed."""


def judge(answer: Answer, now: datetime) -> None:
    """Returns when the receiver has taken the message; otherwise raises what shall become of the run."""
    status = answer.status
    if 200 <= status < 300:
        return
    said = f"{answer.host} answers {status}"
    if status == HTTPStatus.GONE:
        raise PermanentFailure(f"{said}: it wants no more of this", Reason.GONE)
    if status in _LATER or status >= 500:
        raise RetryLater(said, retry_after_seconds(answer.headers.get("retry-after", ""), now))
    if status >= 400:
        raise PermanentFailure(said)
    raise NotAccepted(f"{said}, and redirects are not followed" if status >= 300 else said)


def retry_after_seconds(text: str, now: datetime) -> float:
    """Retry-After in seconds, given as a number or as an HTTP date; 0 when it says nothing."""
    text = text.strip()
    if re.fullmatch(r"[0-9]+", text, re.ASCII):
        return float(text[:12])
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
