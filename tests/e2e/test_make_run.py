"""`make run` as a process of its own: how it starts, how it is told to stop, and what it leaves behind."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doors import ROOT
from tests.world import World

type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder; not pytest's, into which the embedded server's own user may not look."""
    made = Path(tempfile.mkdtemp(prefix="reminders-run-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts Python with these arguments in that folder."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **settings: str) -> subprocess.Popen[str]:
        given = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "PYTEST"))}
        environment = given | {"PYTHONPATH": f"{ROOT / 'shared'}:{ROOT}", "PORT": str(free_port()), **settings}
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def where_ready(process: subprocess.Popen[str]) -> str:
    """Waits for the line that says so, and returns the server's address."""
    assert process.stdout
    said = []
    for line in process.stdout:
        if line.startswith("ready: "):
            return line.split()[1]
        said.append(line)
    raise AssertionError("".join(said))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_stops_its_database_when_it_is_told_to(start: Start, folder: Path, sign: signal.Signals) -> None:
    """SIGTERM and a closed terminal are as clean as Ctrl-C: nothing stays behind."""
    process = start("-m", "local")
    where = where_ready(process)
    with urllib.request.urlopen(f"{where}/flags") as answer:
        assert json.load(answer) == {"items": [], "next_cursor": None}
    (pid_file,) = folder.glob(".local/postgres-*/postmaster.pid")
    process.send_signal(sign)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (0, False)
    assert not pid_file.exists()


@pytest.fixture
def silent_mail() -> Iterator[int]:
    """A mail server that takes connections and says nothing; the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=500) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_nothing_stays_leased_when_it_is_told_to_stop(
    start: Start, world: World, silent_mail: int, sign: signal.Signals
) -> None:
    """In the middle of a tick: what is being sent is recorded, what has not begun is handed back."""
    world.plant(400, channel="email")
    process = start(
        "-m",
        "local",
        DATABASE_URL=world.address.url,
        EMAIL_TRANSPORT=f"smtp://127.0.0.1:{silent_mail}",
        DEFAULT_EMAIL_RECIPIENT="a@example.com",
    )
    where_ready(process)
    world.wait_until("SELECT FROM reminder_runs WHERE state = 'SENDING'")
    process.send_signal(sign)
    assert process.stdout
    drain = threading.Thread(target=process.stdout.read)
    drain.start()
    assert process.wait(60) == 0
    drain.join()
    states = world.states()
    assert states.keys() == {"PENDING"}
    assert states["PENDING"] == 400


DYING = """
import sys
import tempfile
from local import __main__
from reminders.wiring import Scheduler
def die(*given, **named):
    raise SystemExit("out of threads")
Scheduler.tick = die
sys.exit(__main__.main())
"""


def test_a_ticker_that_died_ends_the_process(start: Start, world: World) -> None:
    """A server that answers while nothing fires would look well: it ends, and not with 0."""
    process = start("-c", DYING, DATABASE_URL=world.address.url)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the ticker has died" in said


@pytest.mark.parametrize(
    ("name", "value"), [("MAX_WORKERS", "many"), ("POWERTOOLS_LOG_LEVEL", "LOUD"), ("EGRESS_ALLOW", "everything")]
)
def test_a_wrong_setting_ends_the_process_with_one_line(start: Start, world: World, name: str, value: str) -> None:
    """No traceback, and not `ready`."""
    process = start("-m", "local", DATABASE_URL=world.address.url, **{name: value})
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert name in said
    assert said.count("\n") == 1
