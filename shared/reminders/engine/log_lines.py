"""The engine's log lines about single reminders and runs: one event, one shape. Never a message's content or
address."""

from reminders.errors import DatabaseRefused
from reminders.observe import logger
from reminders.runs import Run
from reminders.states import Reason


def run_is_dead(*, run: str, reminder: str, channel: str, reason: Reason | None) -> None:
    """A run that is not tried again without a person; `run` is its key."""
    logger.warning("run is dead", extra={"run": run, "reminder": reminder, "channel": channel, "reason": reason})


def attempt_failed(run: Run, reason: Reason, failure: BaseException) -> None:
    """An attempt that will be made again."""
    logger.warning("attempt failed", extra=_facts(run) | {"reason": reason, "error": type(failure).__name__})


def outcome_refused(run: Run, refused: DatabaseRefused) -> None:
    """An outcome that the database does not take with its texts."""
    logger.error("outcome recorded without its texts", extra=_facts(run) | {"error": refused.sqlstate})


def reminder_parked(reminder: str, error: str) -> None:
    """A reminder that is FAILED because it cannot be planned; `error` is the exception's name or the SQLSTATE."""
    logger.error("reminder parked", extra={"reminder": reminder, "error": error})


def reminder_not_replanned(reminder: str, error: Exception) -> None:
    """A reminder that keeps its instants because new ones cannot be worked out."""
    logger.warning("reminder not re-planned", extra={"reminder": reminder, "error": type(error).__name__})


def _facts(run: Run) -> dict[str, object]:
    return {"run": run.key, "reminder": run.reminder_id, "channel": run.channel, "attempt": run.attempt}
