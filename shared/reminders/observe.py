"""The log, in the form that CloudWatch reads. Never the content or the address of a notification."""

import traceback
from pathlib import Path

from aws_lambda_powertools import Logger

logger = Logger(service="reminders")

_DEEPEST = 8  # calls that are shown of an exception's way


def places_of(error: BaseException) -> list[str]:
    """Where an exception was raised, for a log that may not hold its text."""
    frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
