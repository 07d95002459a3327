"""One attempt: runs and a channel in, one outcome for each run out. Never raises: a channel is anybody's code."""

import random
from collections.abc import Sequence

from reminders.channels import Channel, PermanentFailure, RetryLater, Sent, UnknownOutcome
from reminders.engine import log_lines
from reminders.engine.reports import NotKnown
from reminders.errors import NotKnownHere
from reminders.lifecycle import retries
from reminders.lifecycle.outcomes import Outcome
from reminders.runs import Run
from reminders.states import Reason


def attempt_one(channel: Channel, run: Run, begun: float) -> Outcome | NotKnown:
    """Sends one run; `begun` (monotonic) is when that began."""
    try:
        results: Sequence[object] = channel.send((run,))
        result = results[0] if len(results) == 1 else _wrong_number(results, 1)
    except BaseException as failure:  # a thread that died would hold its run for good
        result = failure
    return _outcome(run, result, begun)


def attempt(channel: Channel, runs: Sequence[Run], begun: float) -> list[Outcome | NotKnown]:
    """Sends runs together; `begun` (monotonic) is when that began."""
    try:
        results: Sequence[object] = list(channel.send(runs))
        if len(results) != len(runs):
            results = [_wrong_number(results, len(runs))] * len(runs)
    except BaseException as failure:  # a thread that died would hold its runs for good
        results = [failure] * len(runs)
    return [_outcome(run, result, begun) for run, result in zip(runs, results, strict=True)]


def _wrong_number(results: Sequence[object], expected: int) -> UnknownOutcome:
    return UnknownOutcome(f"the channel answered with {len(results)} results for {expected} runs")


def _outcome(run: Run, result: object, begun: float) -> Outcome | NotKnown:
    if isinstance(result, Sent):
        provider_id = result.provider_id
        return Outcome.sent(run, begun=begun, provider_id=None if provider_id is None else _shown(provider_id))
    match result:
        case PermanentFailure():
            return Outcome.dead(run, begun=begun, reason=result.reason, error=_error(result))
        case NotKnownHere():
            return NotKnown(run, begun, result)
        case UnknownOutcome():
            return _again(run, Reason.UNKNOWN, result, begun)
        case RetryLater():
            return _again(run, Reason.RETRY, result, begun, _seconds(result.after_seconds))
        case BaseException():
            return _again(run, Reason.RETRY, result, begun)
    return _again(run, Reason.UNKNOWN, UnknownOutcome("the channel did not answer with a result"), begun)


def _again(run: Run, reason: Reason, failure: BaseException, begun: float, asked: float = 0.0) -> Outcome:
    delay = retries.retry_delay(run.attempt, random.random, asked)
    if delay is None:
        return Outcome.dead(run, begun=begun, reason=Reason.EXHAUSTED, error=_error(failure))
    log_lines.attempt_failed(run, reason, failure)
    return Outcome.retry(run, begun=begun, after=delay, reason=reason, error=_error(failure))


def _error(failure: BaseException) -> str:
    name = type(failure).__name__
    try:
        return _storable(f"{name}: {failure}")
    except Exception:  # it cannot even be shown
        return name


def _shown(provider_id: object) -> str | None:
    """The id as a text; None when it cannot be one, since what was sent is sent all the same."""
    try:
        return _storable(str(provider_id))
    except Exception:
        return None


def _seconds(asked: object) -> float:
    """The delay that a channel asks for; 0 when it is no number."""
    return asked if isinstance(asked, int | float) else 0.0


def _storable(text: str) -> str:
    """At most 500 characters that PostgreSQL takes."""
    return text[:500].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
