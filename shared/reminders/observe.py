"""The log, in the form that CloudWatch reads. Never the content or the address of a notification."""

import traceback
from pathlib import Path

from aws_lambda_powertools import Logger

try:
    logger = Logger(service="reminders")
except ValueError:
    raise SystemExit("POWERTOOLS_LOG_LEVEL (or LOG_LEVEL) is DEBUG, INFO, WARNING, ERROR or CRITICAL") from None

_DEEPEST = 8  # calls that are shown of an exception's way


def places_of(error: BaseException) -> list[str]:
    """Where an exception was raised, for a log that may not hold its text."""
    frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
