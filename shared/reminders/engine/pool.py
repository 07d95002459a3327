"""The threads of one channel: each takes a run, looks whether it has been stopped, sends it, and reports."""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import NamedTuple

from reminders.channels import Channel
from reminders.engine.limits import FRESH_SECONDS
from reminders.engine.reports import NotBegun, NotOurs, SendReport
from reminders.engine.sending import attempt, attempt_one
from reminders.engine.stop_facts import Reading, StopFacts
from reminders.engine.unrecorded import Unrecorded
from reminders.lifecycle.outcomes import Outcome
from reminders.runs import Run
from reminders.states import Reason


class Waiting(NamedTuple):
    """A run that some thread is to send."""

    run: Run
    read_at: float  # monotonic: when its stop facts began to be read


class Dismissed(NamedTuple):
    """One thread may go."""


class Pool:
    """The threads of one channel, started as there is work for them."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        facts: StopFacts,
        unrecorded: Unrecorded,
        deadline: float,
        report: Callable[[SendReport], None],
    ) -> None:
        self.name = name
        self.channel = channel
        self.held = 0
        self._facts = facts
        self._unrecorded = unrecorded
        self._deadline = deadline
        self._report = report
        self._inbox: SimpleQueue[Waiting | Dismissed] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    # In the owner's thread

    def accept(self, runs: list[Run], read_at: float) -> None:
        self.held += len(runs)
        for run in runs:
            self._inbox.put(Waiting(run, read_at))
        for _ in range(min(self.channel.concurrency, self.held) - len(self._threads)):
            thread = threading.Thread(target=self._work, name=f"send-{self.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def take_back(self) -> list[Run]:
        """What no thread has begun."""
        runs = []
        with suppress(Empty):
            while isinstance(message := self._inbox.get_nowait(), Waiting):
                runs.append(message.run)
        return runs

    def dismiss(self) -> None:
        for _ in self._threads:
            self._inbox.put(Dismissed())

    # In the channel's threads

    def _work(self) -> None:
        takes_several = self.channel.batch_size > 1
        while isinstance(message := self._inbox.get(), Waiting):
            if takes_several:
                self._send_together([message, *self._more()])
            else:
                self._report(self._send(message))

    def _send(self, message: Waiting) -> SendReport:
        self._unrecorded.wait()
        run, read_at = message
        begun, reading = monotonic(), self._facts.reading
        if begun - read_at >= FRESH_SECONDS and begun - reading.read_at >= FRESH_SECONDS:
            begun, reading = self._facts.fresh()
        if run.id in reading.unsendable or self._is_too_late(begun):
            return self._not_sent(run, begun, reading)
        return attempt_one(self.channel, run, begun)

    def _send_together(self, messages: list[Waiting]) -> None:
        """The same for several at once."""
        self._unrecorded.wait()
        begun, reading = monotonic(), self._facts.reading
        read_at = min(message.read_at for message in messages)
        if begun - read_at >= FRESH_SECONDS and begun - reading.read_at >= FRESH_SECONDS:
            begun, reading = self._facts.fresh()
        runs: list[Run] = []
        for run, _ in messages:
            if run.id in reading.unsendable or self._is_too_late(begun):
                self._report(self._not_sent(run, begun, reading))
            else:
                runs.append(run)
        for outcome in attempt(self.channel, runs, begun) if runs else ():
            self._report(outcome)

    def _more(self) -> list[Waiting]:
        more: list[Waiting] = []
        while len(more) + 1 < self.channel.batch_size:
            try:
                message = self._inbox.get_nowait()
            except Empty:
                break
            if isinstance(message, Dismissed):
                self._inbox.put(message)
                break
            more.append(message)
        return more

    def _is_too_late(self, begun: float) -> bool:
        """Whether a send that begins now could not end in time, or the tick is ending."""
        return self._facts.is_closing or begun + self.channel.timeout_seconds > self._deadline

    def _not_sent(self, run: Run, begun: float, reading: Reading) -> SendReport:
        """What is reported of a run that is not begun."""
        if run.id in reading.unsendable:
            reason = reading.unsendable[run.id]
            if reason is None:
                return NotOurs(run)
            if reason is not Reason.UNKNOWN_CONDITION:
                return Outcome.stopped(run, begun=begun, reason=reason)
        return NotBegun(run)
