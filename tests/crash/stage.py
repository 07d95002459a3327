"""The stage of a crash test: a receiver that writes down what it gets, and a prompter that says what happens at a
point.

Workers are processes of their own (`tests/crash/worker.py`). At each point of a tick a worker asks the prompter and
waits for the answer; the test decides there whether to kill it, to cut its connection, or to let it go on.
"""

import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POINTS = (
    "after the claim",
    "before the planning commit",
    "after the planning commit",
    "before a send",
    "after a send",
    "before recording",
    "after recording",
)

ROOT = Path(__file__).parents[2]


@dataclass
class Receiver:
    """What arrived: for each key the texts, in their order, and when."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    early: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, message: dict[str, Any]) -> str:
        with self.lock:
            self.texts.setdefault(message["key"], []).append(message["text"])
            self.early += time.time() < message["scheduled_for"]
        return "taken"

    @property
    def repeated(self) -> int:
        """How many messages were one too many."""
        return sum(len(texts) - 1 for texts in self.texts.values())


@dataclass
class Prompter:
    """Answers workers at their points. `script` is called once, at the first worker that reaches `point` for the nth
    time."""

    point: str = ""
    nth: int = 1
    script: Callable[[dict[str, Any]], None] = lambda cue: None
    happened: threading.Event = field(default_factory=threading.Event)  # the script has been played to its end
    begun: threading.Event = field(default_factory=threading.Event)
    seen: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, cue: dict[str, Any]) -> str:
        with self.lock:
            self.seen[cue["point"]] += 1
            fires = cue["point"] == self.point and self.seen[self.point] == self.nth and not self.begun.is_set()
            if fires:
                self.begun.set()
        if fires:
            try:
                self.script(cue)
            finally:
                self.happened.set()
        return "go on"


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            answer = self.server.take(json.loads(line))  # type: ignore[attr-defined]
            self.wfile.write(answer.encode() + b"\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that is killed leaves its line unfinished: that is what this is for."""


@contextmanager
def listening(take: Callable[[dict[str, Any]], str]) -> Iterator[int]:
    """A server on loopback that answers each line of JSON; yields its port."""
    with _Server(("127.0.0.1", 0), _Line) as server:
        server.take = take  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def start_worker(url: str, receiver: int, prompter: int, **settings: object) -> subprocess.Popen[str]:
    """A worker that ticks until its standard input is closed. Settings: lease, budget, concurrency, send_seconds,
    poison."""
    arguments = json.dumps({"url": url, "receiver": receiver, "prompter": prompter, **settings})
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash.worker", arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}", "POWERTOOLS_LOG_LEVEL": "CRITICAL"},
    )


def kill(worker: subprocess.Popen[str]) -> None:
    """SIGKILL: nothing that the worker could do about it."""
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    if worker.stdin:
        worker.stdin.close()


def stop(worker: subprocess.Popen[str]) -> int:
    """Lets the worker end its tick and go."""
    if worker.stdin:
        worker.stdin.close()
    return worker.wait(60)


def wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Polls until it is so, at most this long."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
