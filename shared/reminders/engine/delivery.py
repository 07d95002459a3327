"""Leased runs on their way: a pool of threads for each channel, stop checks, and the recording of outcomes.

One thread owns a Delivery, and with it the connection: it hands runs to the pools, renews what they know of stop
conditions, and sees that what they report is written down. The threads of the pools only send.
"""

import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from queue import Empty, SimpleQueue
from time import monotonic
from typing import NamedTuple

from reminders.channels import Channel
from reminders.engine.pool import Pool
from reminders.engine.recording import Recorded, Recorder
from reminders.engine.sending import attempt
from reminders.instants import Instant
from reminders.lifecycle import stops
from reminders.lifecycle.outcomes import Outcome
from reminders.model import Run
from reminders.states import Reason, State
from reminders.storage.store import Store

ROOM = 2_000  # runs that a channel may hold: two batches, so that one is sent while the next is planned
FRESH_SECONDS = 0.9  # a stop fact that is older is read again before a send; the promise is one second
RENEW_SECONDS = 0.6  # the owner reads the facts again at this age, before anybody has to wait for them
GRACE_SECONDS = 0.5  # after the deadline, for sends that end a little late
FLUSH_RUNS = 500
FLUSH_SECONDS = 0.2


class NotBegun(NamedTuple):
    """A run that a pool's thread has let be: time is up, or it is somebody else's by now."""

    run: Run
    is_lost: bool


class Delivery:
    """The runs that this worker holds, until each is recorded or handed back."""

    def __init__(self, store: Store, channels: Mapping[str, Channel], *, deadline: float) -> None:
        """`deadline` on the monotonic clock is when the last begun send must have ended."""
        self._store = store
        self._deadline = deadline
        self._pools = {name: Pool(name, channel, self._work) for name, channel in channels.items()}
        self._held: dict[int, Run] = {}
        self._reports: SimpleQueue[Outcome | NotBegun | Recorded | BaseException | None] = SimpleQueue()
        self._recorder = Recorder(store, self._reports.put)
        self._recording = 0  # batches of outcomes that the recorder has
        self._finished: list[Outcome] = []
        self._finished_since = 0.0
        self._unbegun: list[Run] = []
        self._clock: tuple[Instant, float] = (0, 0.0)
        # Shared with the threads, under the condition's lock where a thread waits for a change.
        self._changed = threading.Condition()
        self._checked_at = float("-inf")
        self._oldest_reading = float("inf")
        self._stopped: dict[int, Reason | None] = {}
        self._closing = False
        self.counts: Counter[str] = Counter()
        self.lateness: list[float] = []  # seconds from scheduled_for to the begin of the send that arrived

    @property
    def is_idle(self) -> bool:
        """Whether nothing is held and nothing waits to be recorded."""
        return not self._held and not self._finished and not self._unbegun and not self._recording

    def holds_any(self, ids: Collection[int]) -> bool:
        """Whether one of these runs is still held."""
        return any(run_id in self._held for run_id in ids)

    def rooms(self) -> dict[str, int]:
        """How many more runs each channel may hold; none where a send could not end before the deadline."""
        left = self._deadline - monotonic()
        return {
            name: ROOM - pool.held if pool.channel.timeout_seconds < left else 0 for name, pool in self._pools.items()
        }

    def accept(self, runs: Sequence[Run], read_at: float, now: Instant) -> None:
        """Takes leased runs whose stop facts began to be read at `read_at` (monotonic), when the database said `now`."""
        self._clock = (now, read_at)
        self._hold(runs)
        self._oldest_reading = min(self._oldest_reading, read_at)
        self._hand_out(runs, read_at)

    def accept_unread(self, runs: Sequence[Run]) -> None:
        """Takes leased runs whose stop facts nobody has read yet, and reads them."""
        if runs:
            self._hold(runs)
            self._renew()
            self._hand_out(runs, float("-inf"))

    def settle(self, wait_seconds: float = 0.0) -> None:
        """Records what is due to be recorded and keeps the stop facts fresh; waits for news if there is none yet."""
        self._collect(wait_seconds)
        if self._finished and self._is_time_to_record():
            self._record()
        while self._recording and len(self._finished) >= ROOM:  # the database takes them more slowly than they come
            self._collect(RENEW_SECONDS)
        if self._unbegun:
            self._hand_back()
        if not self._held:
            self._oldest_reading = float("inf")
        elif monotonic() - max(self._checked_at, self._oldest_reading) >= RENEW_SECONDS:
            self._renew()

    def record_aside(self) -> None:
        """From now on outcomes are written on a connection of their own, while the owner plans on."""
        self._recorder.step_aside()

    def finish(self) -> None:
        """Waits until everything that is held is recorded or, after the deadline, handed back.

        A send that outlives its channel's time-out is not waited for: what it holds comes back when its lease ends.
        """
        while not self.is_idle and monotonic() < self._deadline + GRACE_SECONDS:
            self.settle(0.05)

    def close(self) -> None:
        """Begins nothing more, waits for the sends that have begun, records them and hands the others back."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for pool in self._pools.values():
            for run in pool.take_back():
                self._take(NotBegun(run, False))
        try:
            self.finish()
        finally:
            self._dismiss()

    def abandon(self) -> None:
        """Lets the threads go without the database: what they hold comes back when its lease ends."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._dismiss()

    def _dismiss(self) -> None:
        for pool in self._pools.values():
            pool.dismiss()
        self._recorder.dismiss()

    # In the threads

    def _work(self, pool: Pool) -> None:
        while (item := pool.inbox.get()) is not None:
            self._reports.put(self._attempt(pool.channel, *item))

    def _attempt(self, channel: Channel, run: Run, read_at: float) -> Outcome | NotBegun:
        begun = monotonic()
        if begun - read_at >= FRESH_SECONDS and begun - self._checked_at >= FRESH_SECONDS:
            self._wait_for_facts()
            begun = monotonic()
        stopped = self._stopped  # the owner may put another in its place at any moment
        if stopped and run.id in stopped:
            reason = stopped[run.id]
            if reason is None:
                return NotBegun(run, True)
            return Outcome.stopped(run, begun=begun, reason=reason)
        if self._closing or begun + channel.timeout_seconds > self._deadline:
            return NotBegun(run, False)
        return attempt(channel, run, begun)

    def _wait_for_facts(self) -> None:
        with self._changed:
            if monotonic() - self._checked_at >= FRESH_SECONDS and not self._closing:
                self._reports.put(None)
                self._changed.wait_for(lambda: self._closing or monotonic() - self._checked_at < FRESH_SECONDS)

    # In the owner's thread

    def _is_time_to_record(self) -> bool:
        if self._recording:
            return False
        if not self._held or len(self._finished) >= FLUSH_RUNS:
            return True
        return monotonic() - self._finished_since >= FLUSH_SECONDS

    def _hold(self, runs: Sequence[Run]) -> None:
        for run in runs:
            self._held[run.id] = run

    def _hand_out(self, runs: Sequence[Run], read_at: float) -> None:
        by_channel: dict[str, list[Run]] = {}
        for run in runs:
            by_channel.setdefault(run.channel, []).append(run)
        for name, some in by_channel.items():
            self._pools[name].accept(some, read_at)

    def _collect(self, wait_seconds: float) -> None:
        try:
            report = self._reports.get(timeout=wait_seconds) if wait_seconds else self._reports.get_nowait()
            while True:
                if report is None:
                    self._renew_if_stale()
                elif isinstance(report, Recorded):
                    self._count(report)
                elif isinstance(report, BaseException):
                    raise report
                else:
                    self._take(report)
                report = self._reports.get_nowait()
        except Empty:
            pass

    def _take(self, report: Outcome | NotBegun) -> None:
        run = report.run
        del self._held[run.id]
        self._pools[run.channel].held -= 1
        if self._stopped:
            self._stopped.pop(run.id, None)
        if isinstance(report, Outcome):
            if not self._finished:
                self._finished_since = monotonic()
            self._finished.append(report)
        elif not report.is_lost:
            self._unbegun.append(run)

    def _renew_if_stale(self) -> None:
        """Several threads may ask at once: the first one's question answers all."""
        if monotonic() - self._checked_at >= FRESH_SECONDS:
            self._renew()

    def _renew(self) -> None:
        """One statement reads again what may stop any of the runs that are held."""
        runs = list(self._held.values())
        if not runs:
            return
        read_at = monotonic()
        instant, run_facts, facts = self._store.runs.facts(runs)
        self._clock = (instant, read_at)
        stopped: dict[int, Reason | None] = {}
        for each in run_facts:
            try:
                reason = stops.forbids(each, facts, instant)
                if reason is not None:
                    stopped[each.run_id] = reason
            except stops.Lost:
                stopped[each.run_id] = None
        with self._changed:
            self._stopped = stopped
            self._checked_at = read_at
            self._changed.notify_all()

    def _record(self) -> None:
        outcomes, self._finished = self._finished, []
        self._recording += 1
        self._recorder.record(outcomes)
        self._collect(0.0)

    def _count(self, recorded: Recorded) -> None:
        self._recording -= 1
        if recorded.kept and not self._finished:
            self._finished_since = monotonic()
        self._finished += recorded.kept
        self.counts.update([outcome.state for outcome in recorded.outcomes])
        self.counts["late"] += len(recorded.outcomes) - recorded.ours
        instant, at = self._clock
        self.lateness += [
            (instant - outcome.run.scheduled_at) / 1e6 + outcome.begun - at
            for outcome in recorded.outcomes
            if outcome.state is State.SENT
        ]

    def _hand_back(self) -> None:
        runs, self._unbegun = self._unbegun, []
        # Never made twice: after an unanswered first time they may be somebody else's, at the same attempt.
        self._store.atomically(lambda: self._store.runs.hand_back(runs), repeatable=False)
        self.counts["handed_back"] += len(runs)
