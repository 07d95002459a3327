"""Runs that workers have left behind: taken over while they have attempts left, ended when they have none."""

from collections.abc import Collection, Sequence
from time import monotonic

from reminders.engine import log_lines
from reminders.engine.delivery import Delivery
from reminders.engine.limits import LOOK_SECONDS
from reminders.lifecycle.retries import ALONE_FROM_ATTEMPT, MAX_ATTEMPTS, TAKEOVER_BATCHES
from reminders.runs import LostRun
from reminders.states import Reason
from reminders.storage.store import Store


class Undeliverable:
    """Ends runs that nobody will send: dead workers have used up their attempts, or their channel does not exist."""

    def __init__(self, store: Store, channels: Collection[str]) -> None:
        self._store = store
        self._channels = channels
        self.ended = 0

    def once(self) -> bool:
        """Ends some as DEAD; False when there are no more, or none whose reminder could be locked."""
        found = self._store.runs.undeliverable(self._channels, MAX_ATTEMPTS)
        before = self.ended
        for exhausted, reason, error in (
            (True, Reason.EXHAUSTED, "each worker that began to send it died"),
            (False, Reason.UNKNOWN_CHANNEL, "no channel has this name"),
        ):
            runs = [run for run in found if run.is_exhausted is exhausted]
            if runs:
                self.ended += self._end(runs, reason, error)
        return self.ended > before

    def _end(self, runs: Sequence[LostRun], reason: Reason, error: str) -> int:
        """How many were ended: those whose reminder nobody else has locked."""

        def work() -> list[LostRun]:
            ours = self._store.due.lock_free({run.reminder_id for run in runs})
            ended = [run for run in runs if run.reminder_id in ours]
            if ended:
                self._store.runs.end_dead([run.id for run in ended], reason, error)
                self._store.due.fail_undelivered(ours)
            return ended

        ended = self._store.atomically(work)
        for run in ended:
            log_lines.run_is_dead(run=run.key, reminder=run.reminder_id, channel=run.channel, reason=reason)
        return len(ended)


class Leftovers:
    """Takes over runs whose lease has ended under a worker that died, and gives them to the delivery."""

    def __init__(self, store: Store, delivery: Delivery, lease_seconds: float) -> None:
        self._store = store
        self._delivery = delivery
        self._lease_seconds = lease_seconds
        self._suspects: list[int] = []  # taken over and not settled yet
        self._asked_at = float("-inf")
        self.taken_over = 0

    def send_one_alone(self, until: float) -> bool:
        """Sends, with nothing else in hand, one that may have killed the workers that held it; False when there is
        none.

        It is waited for until `until` (monotonic); after that the tick goes on while its channel still hangs.
        """
        if not self._take_over(range(ALONE_FROM_ATTEMPT, MAX_ATTEMPTS + 2)):
            return False
        self._delivery.finish(until)
        return True

    def take_some(self) -> bool:
        """Takes over one batch at a time of the others, next to everything else."""
        if self._delivery.holds_any(self._suspects):
            return False
        if not self._suspects and monotonic() - self._asked_at < LOOK_SECONDS:
            return False
        self._asked_at = monotonic()
        self._suspects = self._take_over(range(1, ALONE_FROM_ATTEMPT))
        return bool(self._suspects)

    def _take_over(self, attempts: range) -> list[int]:
        channels = [name for name, room in self._delivery.rooms().items() if room > 0]
        runs = self._store.runs.take_over(channels, attempts, TAKEOVER_BATCHES, self._lease_seconds)
        self.taken_over += len(runs)
        self._delivery.accept_unread(runs)
        return [run.id for run in runs]
