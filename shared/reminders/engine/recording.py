"""Recording what came of attempts: on the owner's connection, or on a second one while the owner plans on."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import NamedTuple

from reminders.engine import limits, log_lines
from reminders.engine.halving import in_halves
from reminders.engine.reports import Failed, Recorded
from reminders.errors import DatabaseRefused, DatabaseUnavailable
from reminders.lifecycle.outcomes import Outcome
from reminders.observe import logger
from reminders.states import State
from reminders.storage.store import Store


class ToRecord(NamedTuple):
    """Outcomes that the thread is to write."""

    outcomes: list[Outcome]


class Dismissed(NamedTuple):
    """The thread may go."""


class Recorder:
    """Takes outcomes and reports what has become of them."""

    def __init__(self, store: Store, report: Callable[[Recorded | Failed], None]) -> None:
        """`report` is called once for each `record`, by whichever thread does the work."""
        self._store = store
        self._report = report
        self._inbox: SimpleQueue[ToRecord | Dismissed] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._has_second = False

    def use_second_connection(self) -> None:
        """From now on records in a thread with a connection of its own: worth it where batch follows batch.

        If no second connection can be had, or it is lost, the owner's is used again.
        """
        if self._thread is None:
            self._has_second = True
            self._thread = threading.Thread(
                target=self._work, args=(self._store.another(),), name="record", daemon=True
            )
            self._thread.start()

    def record(self, outcomes: list[Outcome]) -> None:
        if self._has_second:
            self._inbox.put(ToRecord(outcomes))
            return
        try:
            self._report(_write(self._store, outcomes))
        except BaseException:
            self._report(Recorded(outcomes=[], ours=0, kept=outcomes))
            raise

    def dismiss(self) -> None:
        """Lets the thread go once it has written what it was given."""
        self._has_second = False
        self._inbox.put(Dismissed())
        if self._thread is not None:
            self._thread.join(limits.PARTING_SECONDS)

    def _work(self, store: Store) -> None:
        while isinstance(message := self._inbox.get(), ToRecord):
            try:
                self._report(_write(store, message.outcomes))
            except (DatabaseUnavailable, DatabaseRefused) as lost:
                # Had it been written after all, the owner will find these runs no longer SENDING.
                logger.warning("second connection lost", extra={"error": type(lost).__name__})
                self._has_second = False
                self._report(Recorded(outcomes=[], ours=0, kept=message.outcomes))
            except BaseException as error:
                self._report(Recorded(outcomes=[], ours=0, kept=message.outcomes))
                self._report(Failed(error))
        store.close()


def _write(store: Store, outcomes: list[Outcome]) -> Recorded:
    """Writes outcomes down. A batch that the database refuses is halved until the culprit is alone."""
    alive = [outcome for outcome in outcomes if outcome.state is not State.DEAD]
    dead = [outcome for outcome in outcomes if outcome.state is State.DEAD]
    written: list[Recorded] = []
    for some, write in ((alive, _write_alive), (dead, _write_dead)):
        if some:
            written += in_halves(some, partial(write, store), partial(_write_culprit, store, write))
    return written[0] if len(written) == 1 else _together(written)


def _write_alive(store: Store, outcomes: Sequence[Outcome]) -> Recorded:
    return Recorded(outcomes=outcomes, ours=store.runs.record(outcomes), kept=[])


def _write_culprit(
    store: Store, write: Callable[[Store, Sequence[Outcome]], Recorded], outcome: Outcome, refused: DatabaseRefused
) -> Recorded:
    """Records one without its texts and, where that is refused too, without what follows for its reminder.

    If nothing of it can be recorded, its lease ends like that of a dead worker: it is sent as often as its attempts
    allow.
    """
    bare = [outcome.without_texts()]
    for attempt in (write, _write_alive):
        with suppress(DatabaseRefused):
            recorded = attempt(store, bare)
            log_lines.outcome_refused(outcome.run, refused)
            return recorded
    log_lines.outcome_not_recorded(outcome.run, refused)
    return Recorded(outcomes=[], ours=0, kept=[])


def _together(parts: Sequence[Recorded]) -> Recorded:
    return Recorded(
        outcomes=[outcome for part in parts for outcome in part.outcomes],
        ours=sum(part.ours for part in parts),
        kept=[outcome for part in parts for outcome in part.kept],
    )


def _write_dead(store: Store, outcomes: Sequence[Outcome]) -> Recorded:
    """A reminder whose last run ends DEAD has failed: both are written in one transaction, the reminder locked first.

    A reminder that somebody else has locked is not waited for.
    """

    def work() -> Recorded:
        ours = store.due.lock_free({outcome.run.reminder_id for outcome in outcomes})
        dead = [outcome for outcome in outcomes if outcome.run.reminder_id in ours]
        kept = [outcome for outcome in outcomes if outcome.run.reminder_id not in ours]
        recorded = store.runs.record(dead) if dead else 0
        if dead:
            store.due.fail_undelivered(ours)
        return Recorded(outcomes=dead, ours=recorded, kept=kept)

    recorded = store.atomically(work)
    for outcome in recorded.outcomes:
        run = outcome.run
        log_lines.run_is_dead(run=run.key, reminder=run.reminder_id, channel=run.channel, reason=outcome.reason)
    return recorded
