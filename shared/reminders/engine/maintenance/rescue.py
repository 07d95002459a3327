"""Runs that workers have left behind: taken over while they have attempts left, ended when they have none."""

from collections.abc import Collection, Sequence
from itertools import groupby
from time import monotonic

from reminders.engine import log_lines
from reminders.engine.delivery import Delivery
from reminders.engine.halving import in_halves
from reminders.engine.leases import Leases
from reminders.engine.limits import LOOK_SECONDS
from reminders.errors import DatabaseRefused
from reminders.lifecycle.retries import ALONE_FROM_ATTEMPT, MAX_ATTEMPTS
from reminders.runs import LostRun
from reminders.states import Reason
from reminders.storage.store import Store


class Undeliverable:
    """Ends runs that nobody will send: dead workers have used up their attempts, or for a long time no worker has known
    what they name."""

    def __init__(self, store: Store, channels: Collection[str], unknown_grace_hours: float) -> None:
        self._store = store
        self._channels = channels
        self._grace_hours = unknown_grace_hours
        self.ended = 0

    def once(self) -> bool:
        """Ends some as DEAD; False when there are no more, or none whose reminder could be locked."""
        found = self._store.runs.undeliverable(self._channels, MAX_ATTEMPTS, self._grace_hours)
        before = self.ended
        for why, alike in groupby(sorted(found, key=_why), _why):
            self.ended += self.end(list(alike), *why)
        return self.ended > before

    def end(self, runs: Sequence[LostRun], reason: Reason, error: str) -> int:
        """How many were ended: those whose reminder nobody else has locked, and whose change is not refused."""

        def work(some: Sequence[LostRun], *, with_reminders: bool = True) -> list[LostRun]:
            ours = self._store.due.lock_free({run.reminder_id for run in some})
            ended = [run for run in some if run.reminder_id in ours]
            if ended:
                self._store.runs.end_dead([run.id for run in ended], reason, error)
            if ended and with_reminders:
                self._store.due.fail_undelivered(ours)
            return ended

        def alone(run: LostRun, refused: DatabaseRefused) -> list[LostRun]:
            """Without what follows for its reminder; where that is refused as well, it stays as it is."""
            try:
                return self._store.atomically(lambda: work([run], with_reminders=False))
            except DatabaseRefused:
                log_lines.run_cannot_end(run=run.key, reminder=run.reminder_id, channel=run.channel, refused=refused)
                return []

        parts = in_halves(runs, lambda some: self._store.atomically(lambda: work(some)), alone)
        ended = [run for part in parts for run in part]
        for run in ended:
            log_lines.run_is_dead(run=run.key, reminder=run.reminder_id, channel=run.channel, reason=reason)
        return len(ended)


def _why(run: LostRun) -> tuple[Reason, str]:
    match run.reason:
        case Reason.UNKNOWN_CHANNEL:
            return run.reason, f"no channel is called {run.channel!r}"
        case Reason.UNKNOWN_CONDITION:
            return run.reason, f"no stop condition is called {run.condition_type!r}"
    return run.reason, "each worker that began to send it died"


class Leftovers:
    """Takes over runs whose lease has ended under a worker that died, and gives them to the delivery."""

    def __init__(self, leases: Leases, delivery: Delivery) -> None:
        self._leases = leases
        self._delivery = delivery
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

    @property
    def may_be_more(self) -> bool:
        """Whether the last look found some, after which another one is due."""
        return bool(self._suspects)

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
        runs = self._leases.left_behind(channels, attempts)
        self.taken_over += len(runs)
        self._delivery.accept_unread(runs)
        return [run.id for run in runs]
