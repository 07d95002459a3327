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
from reminders.engine.sending import attempt
from reminders.engine.stop_facts import StopFacts
from reminders.lifecycle.outcomes import Outcome
from reminders.model import Run


class Waiting(NamedTuple):
    """A run that some thread is to send."""

    run: Run
    read_at: float  # monotonic: when its stop facts began to be read


class Dismissed(NamedTuple):
    """One thread may go."""


class Pool:
    """The threads of one channel, started as there is work for them."""

    def __init__(
        self, name: str, channel: Channel, facts: StopFacts, deadline: float, report: Callable[[SendReport], None]
    ) -> None:
        self.name = name
        self.channel = channel
        self.held = 0
        self._facts = facts
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
        while isinstance(message := self._inbox.get(), Waiting):
            for report in self._attempt(message):
                self._report(report)

    def _attempt(self, first: Waiting) -> list[SendReport]:
        """Sends a run, with others that wait if the channel takes several at once."""
        waiting = [first, *self._more()] if self.channel.batch_size > 1 else [first]
        begun = self._begin(min(message.read_at for message in waiting))
        reports: list[SendReport] = []
        runs: list[Run] = []
        for message in waiting:
            report = self._not_to_be_sent(message.run, begun)
            if report is None:
                runs.append(message.run)
            else:
                reports.append(report)
        if runs:
            reports += attempt(self.channel, runs, begun)
        return reports

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

    def _begin(self, read_at: float) -> float:
        """Waits for fresh stop facts, where those read at `read_at` are too old; when the attempt begins (monotonic)."""
        begun = monotonic()
        if begun - read_at >= FRESH_SECONDS and begun - self._facts.reading.read_at >= FRESH_SECONDS:
            self._facts.wait_until_fresh()
            return monotonic()
        return begun

    def _not_to_be_sent(self, run: Run, begun: float) -> SendReport | None:
        """What is reported instead of sending it; None when it may be sent."""
        reading = self._facts.reading  # the owner may put another in its place at any moment
        if run.id in reading.stopped:
            return Outcome.stopped(run, begun=begun, reason=reading.stopped[run.id])
        if run.id in reading.lost:
            return NotOurs(run)
        if self._facts.is_closing or begun + self.channel.timeout_seconds > self._deadline:
            return NotBegun(run)
        return None
