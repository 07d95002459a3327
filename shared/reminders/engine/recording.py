"""Writing down what came of attempts: on the owner's connection, or aside, on one of its own, while the owner plans on."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple

from reminders.errors import DatabaseRefused, DatabaseUnavailable
from reminders.lifecycle.outcomes import Outcome
from reminders.observe import logger
from reminders.states import State
from reminders.storage.store import Store

PARTING_SECONDS = 1.0  # for the thread to close its connection, so that no frozen process keeps it


class Recorded(NamedTuple):
    """What has become of some outcomes: written, but for those that another worker's attempt had overtaken."""

    outcomes: list[Outcome]
    ours: int  # of them that were this worker's to write
    kept: list[Outcome]  # not tried: their reminder is locked by somebody else


class Recorder:
    """Takes outcomes and reports what has become of them."""

    def __init__(self, store: Store, report: Callable[[Recorded | BaseException], None]) -> None:
        """`report` is called once for each `record`, by whichever thread does the work."""
        self._store = store
        self._report = report
        self._inbox: SimpleQueue[list[Outcome] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_aside = False

    def step_aside(self) -> None:
        """From now on works in a thread with a connection of its own: worth it where batch follows batch.

        Where no second connection can be had, or it is lost, the owner's goes on to do.
        """
        if self._thread is None:
            self._is_aside = True
            self._thread = threading.Thread(
                target=self._work, args=(self._store.another(),), name="record", daemon=True
            )
            self._thread.start()

    def record(self, outcomes: list[Outcome]) -> None:
        if self._is_aside:
            self._inbox.put(outcomes)
        else:
            self._report(self._write(self._store, outcomes))

    def dismiss(self) -> None:
        """Lets the thread go, once it has written what it was given."""
        self._is_aside = False
        self._inbox.put(None)
        if self._thread is not None:
            self._thread.join(PARTING_SECONDS)

    def _work(self, store: Store) -> None:
        while (outcomes := self._inbox.get()) is not None:
            try:
                self._report(self._write(store, outcomes))
            except DatabaseUnavailable as lost:
                # What was written all the same is found to be no longer SENDING when the owner writes it again.
                logger.warning("recording on one connection", extra={"error": type(lost).__name__})
                self._is_aside = False
                self._report(Recorded([], 0, outcomes))
            except BaseException as error:
                self._report(error)
        store.close()

    def _write(self, store: Store, outcomes: list[Outcome]) -> Recorded:
        others = [outcome for outcome in outcomes if outcome.state is not State.DEAD]
        count = self._write_some(store, others) if others else 0
        if len(others) == len(outcomes):
            return Recorded(outcomes, count, [])
        dead, buried = self._write_dead(store, [outcome for outcome in outcomes if outcome.state is State.DEAD])
        written = [*others, *dead]
        return Recorded(written, count + buried, [outcome for outcome in outcomes if outcome not in written])

    def _write_some(self, store: Store, outcomes: list[Outcome]) -> int:
        """A batch that the database refuses is halved until the culprit is alone; that one is recorded without its texts."""
        try:
            return store.runs.record(outcomes)
        except DatabaseRefused as refused:
            if len(outcomes) == 1:
                logger.error("an outcome could not be recorded as it was", extra={"sqlstate": refused.sqlstate})
                return self._write_some(store, [outcomes[0].without_texts()])
        half = len(outcomes) // 2
        return self._write_some(store, outcomes[:half]) + self._write_some(store, outcomes[half:])

    def _write_dead(self, store: Store, outcomes: list[Outcome]) -> tuple[list[Outcome], int]:
        """A reminder whose last run ends DEAD has failed: both are written in one transaction, the reminder locked first.

        One that somebody else has locked is not waited for. Which were written, and how many of them were ours.
        """

        def work() -> tuple[list[Outcome], int]:
            ours = store.due.lock_free({outcome.run.reminder_id for outcome in outcomes})
            dead = [outcome for outcome in outcomes if outcome.run.reminder_id in ours]
            recorded = store.runs.record(dead) if dead else 0
            if dead:
                store.due.fail_undelivered(ours)
            return dead, recorded

        dead, recorded = store.atomically(work)
        for outcome in dead:
            extra = {"run": outcome.run.key, "channel": outcome.run.channel, "reason": outcome.reason}
            logger.warning("run is dead", extra=extra)
        return dead, recorded
