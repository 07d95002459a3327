"""Leased runs on their way: what this worker holds, hands to the channels' threads, and sees recorded or handed back.

One thread owns a Delivery, and with it the connection. What other threads have to say arrives on a queue, see
`reports`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from queue import Empty, SimpleQueue
from time import monotonic, sleep

from reminders.channels import Channel
from reminders.engine import limits
from reminders.engine.limits import FLUSH_RUNS, FLUSH_SECONDS, GRACE_HOURS, LONG_BYTES, RENEW_SECONDS, ROOM
from reminders.engine.load import Load
from reminders.engine.pool import Pool
from reminders.engine.recording import Recorder
from reminders.engine.reports import Failed, NotBegun, NotKnown, Recorded, Report, SendReport, WantsFreshFacts
from reminders.engine.results import Results
from reminders.engine.returns import Returns
from reminders.engine.stop_facts import StopFacts
from reminders.engine.unrecorded import Unrecorded
from reminders.errors import DatabaseRefused, DatabaseUnavailable
from reminders.instants import Instant, to_datetime
from reminders.lifecycle.outcomes import Outcome
from reminders.observe import logger
from reminders.runs import Run
from reminders.storage.store import Store


class Delivery:
    """The runs that this worker holds, until each is recorded or handed back."""

    def __init__(
        self, store: Store, channels: Mapping[str, Channel], *, deadline: float, grace_hours: float = GRACE_HOURS
    ) -> None:
        """`deadline` on the monotonic clock is when the last begun send must have ended."""
        self._store = store
        self._deadline = deadline
        self._reports: SimpleQueue[Report] = SimpleQueue()
        self._facts = StopFacts(lambda: self._reports.put(WantsFreshFacts()))
        self._unrecorded = Unrecorded(self._reports.qsize)
        self._pools = {
            name: Pool(name, channel, self._facts, self._unrecorded, deadline, self._reports.put)
            for name, channel in channels.items()
        }
        for channel in channels.values():
            channel.clock = self.now
        self._recorder = Recorder(store, self._reports.put)
        self._held: dict[int, Run] = {}
        self._load = Load()
        self._oldest_reading = float("inf")  # of what is held: when its stop facts were read with the claim
        self._recording: list[Outcome] = []  # what the recorder has
        self._finished: list[Outcome] = []
        self._finished_since = 0.0
        self.returns = Returns(store, grace_hours)
        self._clock: tuple[Instant, float] = (0, 0.0)  # what the database said, and when by the monotonic clock
        self.results = Results()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is held and nothing waits to be recorded."""
        return not self._held and not self._finished and not self.returns.waiting and not self._recording

    def now(self) -> datetime:
        """What time it is by the database's clock, as it was last read. Safe to ask from several threads."""
        instant, read_at = self._clock
        return to_datetime(instant + int((monotonic() - read_at) * 1e6))

    def holds_any(self, ids: Collection[int]) -> bool:
        """Whether one of these runs is still held."""
        return any(run_id in self._held for run_id in ids)

    def rooms(self) -> dict[str, int]:
        """How many more runs each channel may hold; none where a send could not end before the deadline, or while the
        messages that are held take much memory."""
        if self._load.is_full:
            return dict.fromkeys(self._pools, 0)
        left = self._deadline - monotonic()
        return {
            name: ROOM - pool.held if pool.channel.timeout_seconds < left else 0 for name, pool in self._pools.items()
        }

    def accept(self, runs: Sequence[Run], read_at: float, now: Instant) -> None:
        """Takes leased runs whose stop facts began to be read at `read_at` (monotonic), when the database said
        `now`."""
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
        while self._falls_behind():
            self._collect(RENEW_SECONDS)
        self.returns.hand_back()
        if not self._held:
            self._oldest_reading = float("inf")
        elif not self._facts.is_closing and self._reading_ages():
            self._renew()

    def _reading_ages(self) -> bool:
        return monotonic() - max(self._facts.reading.read_at, self._oldest_reading) >= RENEW_SECONDS

    def record_on_second_connection(self) -> None:
        """From now on outcomes are written on a connection of their own, while the owner plans on."""
        self._recorder.use_second_connection()

    def finish(self, until: float = float("inf")) -> None:
        """Waits until everything that is held is recorded or handed back, but no longer than `until` and the deadline.

        A send that outlives its channel's time-out is not waited for: what it holds comes back when its lease ends.
        """
        until = min(until, self._deadline + limits.GRACE_SECONDS)
        while not self.is_idle and monotonic() < until:
            self.settle(0.05)

    def close(self) -> None:
        """Begins nothing more, waits for the sends that have begun, records them and hands the others back."""
        self._begin_nothing_more()
        try:
            self.finish()
        finally:
            self._dismiss()

    def abandon(self) -> None:
        """Begins nothing more and lets the threads go, without relying on the database: what was sent is recorded as
        soon as it can be, and the rest handed back. What cannot be comes back when its lease ends."""
        self._begin_nothing_more()
        try:
            while (self._held or self._finished or self._recording) and monotonic() < self._deadline:
                try:
                    self.settle(0.05)
                except (DatabaseUnavailable, DatabaseRefused):
                    sleep(limits.AGAIN_SECONDS)
            self.returns.hand_back()
        except Exception as error:
            logger.warning("not all that was held is settled", extra={"error": type(error).__name__})
        finally:
            self._dismiss()

    def _begin_nothing_more(self) -> None:
        self._facts.close()
        self._unrecorded.close()
        for pool in self._pools.values():
            for run in pool.take_back():
                self._take(NotBegun(run))

    def _dismiss(self) -> None:
        for pool in self._pools.values():
            pool.dismiss()
        self._recorder.dismiss()

    def _falls_behind(self) -> bool:
        """Whether the database takes outcomes more slowly than they come, and there is time to wait for it."""
        return bool(self._recording) and len(self._finished) >= ROOM and monotonic() < self._deadline

    def _is_time_to_record(self) -> bool:
        if self._recording:
            return False
        if not self._held or len(self._finished) >= FLUSH_RUNS:
            return True
        return monotonic() - self._finished_since >= FLUSH_SECONDS

    def _hold(self, runs: Sequence[Run]) -> None:
        for run in runs:
            self._held[run.id] = run
        self._load.take(runs)

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
                self._hear(report)
                report = self._reports.get_nowait()
        except Empty:
            pass
        self._unrecorded.note(len(self._recording) + len(self._finished))

    def _hear(self, report: Report) -> None:
        if isinstance(report, Outcome):
            self._take(report)
        elif isinstance(report, Recorded):
            self._count(report)
        elif isinstance(report, WantsFreshFacts):
            if self._facts.is_stale:  # several threads may ask at once: the first one's question answers all
                self._renew()
        elif isinstance(report, Failed):
            raise report.error
        else:
            self._take(report)

    def _take(self, report: SendReport) -> None:
        run = report.run
        del self._held[run.id]
        self._pools[run.channel].held -= 1
        weight = self._load.let_go(run)
        if isinstance(report, Outcome):
            self._finish(report.without_message() if weight > LONG_BYTES else report)
        elif isinstance(report, NotBegun):
            self.returns.not_begun(run)
        elif isinstance(report, NotKnown) and (outcome := self.returns.not_known(report, self._clock[0])):
            self._finish(outcome)

    def _finish(self, outcome: Outcome) -> None:
        if not self._finished:
            self._finished_since = monotonic()
        self._finished.append(outcome)

    def _renew(self) -> None:
        """One statement reads again what may stop any of the runs that are held."""
        runs = list(self._held.values())
        if not runs:
            return
        read_at = monotonic()
        instant, run_facts, facts = self._store.runs.facts(runs)
        self._clock = (instant, read_at)
        self._facts.renew(read_at, run_facts, facts, instant)

    def _record(self) -> None:
        self._recording, self._finished = self._finished, []
        try:
            self._recorder.record(self._recording)
        finally:
            self._collect(0.0)

    def _count(self, recorded: Recorded) -> None:
        self._recording = []
        if recorded.kept and not self._finished:
            self._finished_since = monotonic()
        self._finished += recorded.kept
        self.results.add(recorded, self._clock)
