"""One attempt: a run and a channel in, and what came of it out. Never raises: a channel is anybody's code."""

import random

from reminders.channels import Channel, PermanentFailure, RetryLater, UnknownOutcome
from reminders.lifecycle import retries
from reminders.lifecycle.outcomes import Outcome
from reminders.model import Run
from reminders.observe import logger
from reminders.states import Reason


def attempt(channel: Channel, run: Run, begun: float) -> Outcome:
    """Sends the run; `begun` (monotonic) is when that began."""
    try:
        provider_id = channel.send(run)
        shown = None if provider_id is None else _storable(provider_id)
        return Outcome.sent(run, begun=begun, provider_id=shown)
    except PermanentFailure as failure:
        return Outcome.dead(run, begun=begun, reason=failure.reason, error=_error(failure))
    except UnknownOutcome as failure:
        return _again(run, Reason.UNKNOWN, failure, begun)
    except RetryLater as failure:
        return _again(run, Reason.RETRY, failure, begun, failure.after_seconds)
    except BaseException as failure:  # a channel is anybody's code, and a thread that died would hold its run for good
        return _again(run, Reason.RETRY, failure, begun)


def _again(run: Run, reason: Reason, failure: BaseException, begun: float, asked: float = 0.0) -> Outcome:
    delay = retries.retry_delay(run.attempt, random.random, asked)
    if delay is None:
        return Outcome.dead(run, begun=begun, reason=Reason.EXHAUSTED, error=_error(failure))
    extra = {"run": run.key, "channel": run.channel, "attempt": run.attempt, "error": type(failure).__name__}
    logger.warning("attempt failed", extra=extra)
    return Outcome.retry(run, begun=begun, after=delay, reason=reason, error=_error(failure))


def _error(failure: BaseException) -> str:
    name = type(failure).__name__
    try:
        return _storable(f"{name}: {failure}")
    except Exception:  # it cannot even be shown
        return name


def _storable(text: str) -> str:
    """At most 500 characters that PostgreSQL takes."""
    return str(text)[:500].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
