"""A worker as a process of its own, as lean as the function: it makes one tick and says what came of it.

Benchmarks start it with `start` and read its report with `finish`. The channels of its orders are receivers, too: each
notes when a run has arrived.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from reminders.channels import Channel
from reminders.engine.tick import Tick
from reminders.runs import Run
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Receiver:
    """A channel that takes its time."""

    seconds: float = 0.0  # that each send takes
    concurrency: int = 1
    timeout_seconds: float = 1.0
    notes: bool = True  # whether it remembers what has arrived


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """What a worker shall do."""

    url: str
    channels: Mapping[str, Receiver]
    budget_seconds: float
    stay_seconds: float = 0.0
    begin_at: float = 0.0  # Unix time; it connects before and waits

    @classmethod
    def from_json(cls, text: str) -> "Orders":
        given = json.loads(text)
        channels = {name: Receiver(**receiver) for name, receiver in given.pop("channels").items()}
        return cls(channels=channels, **given)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What came of it."""

    began_at: float  # Unix time of the tick's begin
    seconds: float  # that the tick took
    peak_mb: float  # of the process's memory
    sent: int
    error: str
    arrived: Mapping[str, list[tuple[float, float]]] = field(
        default_factory=dict
    )  # (scheduled for, Unix time) by channel


@dataclass(frozen=True, slots=True)
class Worker:
    """A process at work, and where its report will be."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    @property
    def is_done(self) -> bool:
        return self.process.poll() is not None


def start(orders: Orders) -> Worker:
    """Starts a worker. Its report goes to a file, since a pipe that nobody reads would hold it up."""
    output = tempfile.TemporaryFile()  # noqa: SIM115 - `finish` closes it
    process = subprocess.Popen([sys.executable, "-m", "bench.worker", json.dumps(asdict(orders))], stdout=output)
    return Worker(process, output)


def finish(worker: Worker) -> Report:
    """Waits for the worker and reads its report."""
    if worker.process.wait() != 0:
        raise RuntimeError(f"a worker ended with {worker.process.returncode}")
    with worker.output as output:
        output.seek(0)
        report = json.loads(output.read().splitlines()[-1])
    return Report(**report)


class _Channel(Channel):
    """Sends to nobody, and is the receiver."""

    def __init__(self, receiver: Receiver) -> None:
        self.concurrency = receiver.concurrency
        self.timeout_seconds = receiver.timeout_seconds
        self._seconds = receiver.seconds
        self._notes = receiver.notes
        self._arrived = array("d")

    def send_one(self, run: Run) -> None:
        if self._seconds:
            time.sleep(self._seconds)
        if self._notes:
            self._arrived.extend((run.scheduled_at / 1e6, time.time()))

    @property
    def arrived(self) -> list[tuple[float, float]]:
        return list(zip(self._arrived[::2], self._arrived[1::2], strict=True))


def _work(orders: Orders) -> Report:
    address = Address.from_url(orders.url)
    store = Store(Database(lambda fresh: address))
    channels = {name: _Channel(receiver) for name, receiver in orders.channels.items()}
    store.now()
    time.sleep(max(0.0, orders.begin_at - time.time()))
    began_at, began = time.time(), time.monotonic()
    tick = Tick(store, channels, budget_seconds=orders.budget_seconds, stay_seconds=orders.stay_seconds)
    summary = tick.run()
    took = time.monotonic() - began
    store.close()
    return Report(
        began_at=began_at,
        seconds=took,
        peak_mb=_peak_mb(),
        sent=summary.sent,
        error=summary.error,
        arrived={name: channel.arrived for name, channel in channels.items()},
    )


def _peak_mb() -> float:
    """The most memory that this process has held; ru_maxrss begins with what its parent held, so Linux is asked
    itself."""
    status = Path("/proc/self/status")
    if status.exists():
        facts: dict[str, Any] = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(facts["VmHWM"].split()[0]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    print(json.dumps(asdict(_work(Orders.from_json(sys.argv[1])))))
