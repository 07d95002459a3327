"""The engine's log lines about single reminders and runs: one event, one shape. Never a message's content or
address."""

from reminders.errors import DatabaseRefused
from reminders.observe import logger, places_of
from reminders.runs import Run
from reminders.states import Reason


def run_is_dead(*, run: str, reminder: str, channel: str, reason: Reason | None) -> None:
    """A run that is not tried again without a person; `run` is its key."""
    logger.warning("run is dead", extra={"run": run, "reminder": reminder, "channel": channel, "reason": reason})


def run_cannot_end(*, run: str, reminder: str, channel: str, refused: DatabaseRefused) -> None:
    """A run that nobody will send, and whose end the database refuses."""
    facts = {"run": run, "reminder": reminder, "channel": channel}
    logger.error("run cannot end", extra=facts | {"error": refused.sqlstate})


def attempt_failed(run: Run, reason: Reason, failure: BaseException) -> None:
    """An attempt that will be made again."""
    logger.warning("attempt failed", extra=_facts(run) | {"reason": reason, "error": type(failure).__name__})


def outcome_refused(run: Run, refused: DatabaseRefused) -> None:
    """An outcome that the database does not take with its texts."""
    logger.error("outcome recorded without its texts", extra=_facts(run) | {"error": refused.sqlstate})


def outcome_not_recorded(run: Run, refused: DatabaseRefused) -> None:
    """An outcome that the database does not take at all: the run stays leased, and is sent again."""
    logger.error("outcome not recorded", extra=_facts(run) | {"error": refused.sqlstate})


def run_not_handed_back(run: Run, refused: DatabaseRefused) -> None:
    """A run that was leased and not begun, and that stays leased until its lease ends."""
    logger.error("run not handed back", extra=_facts(run) | {"error": refused.sqlstate})


def reminder_parked(reminder: str, error: str) -> None:
    """A reminder that is FAILED because it cannot be planned."""
    logger.error("reminder parked", extra={"reminder": reminder, "error": error})


def reminder_put_off(reminder: str, refused: DatabaseRefused) -> None:
    """A reminder that cannot be planned now, for a reason that lies in other rows."""
    logger.error("reminder put off", extra={"reminder": reminder, "error": refused.sqlstate, "at": refused.constraint})


def numbers_moved_on(refused: DatabaseRefused) -> None:
    """Numbers that lag behind the rows, as after a partial restore, are about to be moved beyond them."""
    logger.warning("numbers moved on", extra={"error": refused.sqlstate, "at": refused.constraint})


def flag_not_drained(flag: str, refused: DatabaseRefused) -> None:
    """A flag one of whose reminders cannot be completed: they are left until they are due."""
    logger.error("flag not drained", extra={"flag": flag, "error": refused.sqlstate})


def reminder_not_replanned(reminder: str, error: Exception) -> None:
    """A reminder that keeps its instants because new ones cannot be worked out."""
    logger.warning("reminder not re-planned", extra={"reminder": reminder, "error": type(error).__name__})


def new_life_begun() -> None:
    """The database was restored or copied: what is planned from now on has ids that no receiver has seen."""
    logger.warning("the database has begun a new life")


def tick_ended_early(error: Exception) -> None:
    """A tick that could not do its work, by the exception's type and place: its text might hold what was sent."""
    logger.error("tick ended early", extra={"error": type(error).__qualname__, "at": places_of(error)})


def _facts(run: Run) -> dict[str, object]:
    return {"run": run.key, "reminder": run.reminder_id, "channel": run.channel, "attempt": run.attempt}
