"""The end of runs that nobody will send: those that have used up their attempts, and those whose channel does not exist."""

from collections.abc import Callable, Collection, Iterator, Mapping

from reminders.lifecycle.retries import MAX_ATTEMPTS
from reminders.observe import logger
from reminders.states import Reason
from reminders.storage.store import Store


def bury_undeliverable(store: Store, channels: Collection[str], has_time: Callable[[], bool]) -> Iterator[int]:
    """Ends as DEAD what has used up its attempts under dead workers, or names an unknown channel; yields how many each time."""
    while has_time() and (found := store.runs.undeliverable(channels, MAX_ATTEMPTS)):
        total = 0
        for exhausted, reason, error in (
            (True, Reason.EXHAUSTED, "each worker that began to send it died"),
            (False, Reason.UNKNOWN_CHANNEL, "no channel has this name"),
        ):
            runs = {run_id: reminder_id for run_id, reminder_id, is_exhausted in found if is_exhausted is exhausted}
            if runs:
                buried = _bury(store, runs, reason, error)
                total += buried
                yield buried
        if not total:
            return


def _bury(store: Store, runs: Mapping[int, str], reason: Reason, error: str) -> int:
    """How many were buried: those whose reminder nobody else has locked."""

    def work() -> list[int]:
        ours = store.due.lock_free(set(runs.values()))
        buried = [run_id for run_id, reminder_id in runs.items() if reminder_id in ours]
        if buried:
            store.runs.end_dead(buried, reason, error)
            store.due.fail_undelivered(ours)
        return buried

    buried = store.atomically(work)
    for run_id in buried:
        logger.warning("run is dead", extra={"run_id": run_id, "reason": reason})
    return len(buried)
