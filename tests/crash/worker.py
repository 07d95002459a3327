"""A worker as a process of its own: it ticks on a real database, and at each point of a tick asks what shall happen."""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from reminders.channels import Channel
from reminders.channels.webhook import WebhookChannel
from reminders.channels.webhook.settings import WebhookSettings
from reminders.egress import Egress
from reminders.engine import limits
from reminders.engine.tick import Tick
from reminders.lifecycle.outcomes import Outcome
from reminders.lifecycle.plans import Plan
from reminders.runs import Run
from reminders.storage import connection
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.due import Claim, DueTable
from reminders.storage.runs import RunTable
from reminders.storage.store import Store

connection.READ_TIMEOUT_SECONDS = 3.0  # a black hole is noticed within the test's patience
limits.MARGIN_SECONDS = 0.2


class Line:
    """One line of JSON out, one line back, over a connection of each thread's own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._local = threading.local()

    def ask(self, message: dict[str, Any]) -> None:
        if not hasattr(self._local, "file"):
            sock = socket.create_connection(("127.0.0.1", self._port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._local.file = sock.makefile("rw")
        self._local.file.write(json.dumps(message) + "\n")
        self._local.file.flush()
        self._local.file.readline()


class Prompted(Store):
    """The store, stopping at each point."""

    def __init__(self, made: Database, prompt: Callable[[str], None]) -> None:
        super().__init__(made)
        self._prompt = prompt
        self.due = PromptedDue(self.due, prompt)  # type: ignore[assignment]
        self.runs = PromptedRuns(self.runs, prompt)  # type: ignore[assignment]

    def another(self) -> "Prompted":
        return Prompted(self._database.another(), self._prompt)

    def atomically[T](self, work: Callable[[], T], *, repeatable: bool = True) -> T:
        self.due.plans = False  # type: ignore[attr-defined]
        result = super().atomically(work, repeatable=repeatable)
        if self.due.plans:  # type: ignore[attr-defined]
            self._prompt("after the planning commit")
        return result


class PromptedDue:
    def __init__(self, table: DueTable, prompt: Callable[[str], None]) -> None:
        self._table = table
        self._prompt = prompt
        self.plans = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def claim(self, count: int, floor: int | None) -> Claim:
        claim = self._table.claim(count, floor)
        if claim.due:
            self._prompt("after the claim")
        return claim

    def advance(self, plans: Sequence[Plan], lease_seconds: float, incarnation: str | None) -> int:
        advanced = self._table.advance(plans, lease_seconds, incarnation)
        self.plans = True
        self._prompt("before the planning commit")
        return advanced


class PromptedRuns:
    def __init__(self, table: RunTable, prompt: Callable[[str], None]) -> None:
        self._table = table
        self._prompt = prompt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def record(self, outcomes: Sequence[Outcome]) -> int:
        self._prompt("before recording")
        recorded = self._table.record(outcomes)
        self._prompt("after recording")
        return recorded


class Posting(Channel):
    """A channel that posts each run to the receiver."""

    timeout_seconds = 1.0

    def __init__(self, receiver: Line, prompt: Callable[[str], None], concurrency: int, poison: str) -> None:
        self.concurrency = concurrency
        self._receiver = receiver
        self._prompt = prompt
        self._poison = poison

    def send_one(self, run: Run) -> None:
        if run.entity_id == self._poison:
            os.kill(os.getpid(), signal.SIGKILL)
        self._prompt("before a send")
        text = json.dumps([run.subject, run.body, run.entity_id])
        self._receiver.ask({"key": run.key, "text": text, "scheduled_for": run.scheduled_at / 1e6})
        self._prompt("after a send")


def _hook(settings: dict[str, Any]) -> Channel:
    """The webhook channel as it is, to a receiver on loopback; a send there is over within the lease."""
    given = WebhookSettings(
        webhook_endpoints=json.dumps({"hook": settings["endpoint"]}), egress_allow=settings["allow"]
    )
    channel = WebhookChannel(given, Egress(settings["allow"], ca_file=settings["ca_file"]))
    channel.concurrency, channel.timeout_seconds = 4, 1.0
    return channel


def main() -> None:
    settings = json.loads(sys.argv[1])
    prompter = Line(settings["prompter"]) if settings["prompter"] else None
    address = Address.from_url(settings["url"])

    def prompt(point: str) -> None:
        if prompter:
            prompter.ask({"point": point, "pid": os.getpid()})

    store = Prompted(Database(lambda fresh: address), prompt)
    channel: Channel
    if "hook" in settings:
        channel = _hook(settings["hook"])
    else:
        receiver, concurrency = Line(settings["receiver"]), settings.get("concurrency", 4)
        channel = Posting(receiver, prompt, concurrency, settings.get("poison", ""))
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.wait(settings.get("pause", 0.1)):
        Tick(
            store,
            {"post": channel},
            budget_seconds=settings.get("budget", 10.0),
            lease_seconds=settings.get("lease", 2.0),
            batch=settings.get("batch", limits.BATCH),
        ).run()
    store.close()


if __name__ == "__main__":
    main()
