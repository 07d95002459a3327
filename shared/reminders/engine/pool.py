"""The threads of one channel, and the runs that wait for them."""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from reminders.channels import Channel
from reminders.model import Run


class Pool:
    """The threads of one channel, started as there is work for them."""

    def __init__(self, name: str, channel: Channel, work: Callable[["Pool"], None]) -> None:
        self.name = name
        self.channel = channel
        self.inbox: SimpleQueue[tuple[Run, float] | None] = SimpleQueue()
        self.held = 0
        self._work = work
        self._threads: list[threading.Thread] = []

    def accept(self, runs: list[Run], read_at: float) -> None:
        self.held += len(runs)
        for run in runs:
            self.inbox.put((run, read_at))
        for _ in range(min(self.channel.concurrency, self.held) - len(self._threads)):
            thread = threading.Thread(target=self._work, args=(self,), name=f"send-{self.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def take_back(self) -> list[Run]:
        """What no thread has begun."""
        runs = []
        with suppress(Empty):
            while item := self.inbox.get_nowait():
                runs.append(item[0])
        return runs

    def dismiss(self) -> None:
        for _ in self._threads:
            self.inbox.put(None)
