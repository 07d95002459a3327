"""The crash matrix: a worker dies, or loses its connection, at each point of a tick.

Whatever happens where: nothing is lost, no occurrence is planned twice, only what was begun and not recorded is
repeated, each repeat has the same id and text, and everything is done within one lease and one tick.
"""

import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from local import postgres
from reminders.storage.dsn import Address
from tests.crash.conftest import count, make_due, query
from tests.crash.proxy import Proxy
from tests.crash.stage import POINTS, Prompter, Receiver, kill, listening, start_worker, stop, wait_until

REMINDERS = 60
LEASE_SECONDS = 2.0
LONG_LEASE_SECONDS = (
    60.0  # where nobody waits for its end: a pause of the machine must not let it pass under the living
)
NOTHING_LEASED = POINTS[:2]  # as yet, when a worker is interrupted there
# One lease, one tick, and what a black hole takes to be noticed; the rest is for a busy machine.
PATIENCE_SECONDS = LEASE_SECONDS + 3.0 + 15.0


class Stage:
    """A database full of due reminders, a receiver, and a worker whose tick will be interrupted."""

    def __init__(self, stack: ExitStack, address: Address, lease: float = LEASE_SECONDS, **settings: Any) -> None:
        self.address = address
        self.proxy = stack.enter_context(Proxy(address))
        self.receiver = Receiver()
        self.prompter = Prompter()
        self.unrecorded: set[str] = set()
        self._ports = (
            stack.enter_context(listening(self.receiver.take)),
            stack.enter_context(listening(self.prompter.take)),
        )
        self._stack = stack
        self._settings = settings
        self.worker = self.start(f"postgresql://postgres@127.0.0.1:{self.proxy.port}/{address.database}", lease)

    def start(self, url: str, lease: float) -> subprocess.Popen[str]:
        worker = start_worker(url, *self._ports, lease=lease, **self._settings)
        self._stack.callback(lambda: kill(worker) if worker.poll() is None else None)
        return worker

    def interrupt(self, point: str, fault: Callable[["Stage", dict[str, Any]], None]) -> None:
        """Lets the fault happen at this point, in the middle of things, and notes what was unrecorded then."""

        def script(cue: dict[str, Any]) -> None:
            self.unrecorded = {
                f"{row[0]}_{row[1]}_0"
                for row in query(
                    self.address, "SELECT reminder_id, occurrence_no FROM reminder_runs WHERE state = 'SENDING'"
                )
            }
            fault(self, cue)

        self.prompter.point, self.prompter.script = point, script
        self.prompter.nth = REMINDERS // 2 if "a send" in point else 1

    def is_done(self) -> bool:
        try:
            return count(self.address, "state = 'SENT'") == REMINDERS
        except Exception:  # the server may be starting
            return False


def kill_worker(stage: Stage, cue: dict[str, Any]) -> None:
    kill(stage.worker)


def terminate_backends(stage: Stage, cue: dict[str, Any]) -> None:
    query(
        stage.address,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()",
        name=stage.address.database,
    )


def reset_connections(stage: Stage, cue: dict[str, Any]) -> None:
    stage.proxy.reset()


def black_hole(stage: Stage, cue: dict[str, Any]) -> None:
    stage.proxy.black_hole()


FAULTS = {
    "killed": kill_worker,
    "backend terminated": terminate_backends,
    "connection reset": reset_connections,
    "black hole": black_hole,
}


def play(stage: Stage, point: str, fault: Callable[[Stage, dict[str, Any]], None]) -> None:
    """The scene: the fault happens, another worker is there, and in the end each promise is looked at."""
    make_due(stage.address, REMINDERS)
    assert wait_until(stage.prompter.happened.is_set, 30), f"no worker came to the point {point!r}"
    helper = stage.start(stage.address.url, LONG_LEASE_SECONDS)

    assert wait_until(stage.is_done, PATIENCE_SECONDS), "lost, or not done within one lease and one tick"

    for worker in (stage.worker, helper):
        if worker.poll() is None:
            assert stop(worker) == 0, "a worker did not end cleanly"
    assert count(stage.address, "true") == REMINDERS, "an occurrence was planned twice"
    assert count(stage.address, "occurrence_no = 1", "reminder_jobs") == REMINDERS
    assert len(stage.receiver.texts) == REMINDERS, "recorded as sent and never received"
    repeated = {key for key, texts in stage.receiver.texts.items() if len(texts) > 1}
    assert repeated <= stage.unrecorded, "something was repeated whose outcome had been recorded"
    assert all(len(set(texts)) == 1 for texts in stage.receiver.texts.values()), "a repeat has another text"
    assert stage.receiver.early == 0


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_lost_and_only_the_unrecorded_repeated(scene: Address, point: str, fault: str) -> None:
    """A worker that is killed or cut off at any point of a tick loses nothing, and repeats at most what it had not
    recorded."""
    with ExitStack() as stack:
        stage = Stage(stack, scene, LONG_LEASE_SECONDS if point in NOTHING_LEASED else LEASE_SECONDS)
        stage.interrupt(point, FAULTS[fault])
        play(stage, point, FAULTS[fault])


@pytest.mark.parametrize("point", ["before recording", "after recording"])
def test_a_worker_that_records_aside_loses_nothing_either(scene: Address, point: str) -> None:
    """Killed while one connection records and the other plans on: the same promises, since batches are full."""
    with ExitStack() as stack:
        stage = Stage(stack, scene, batch=20)
        stage.interrupt(point, kill_worker)
        play(stage, point, kill_worker)


def test_an_unanswered_commit_loses_nothing_and_plans_nothing_twice(scene: Address) -> None:
    """When the answer to the planning COMMIT is lost, what it committed is found again when its lease ends."""
    with ExitStack() as stack:
        stage = Stage(stack, scene)
        stage.interrupt("before the planning commit", lambda stage, cue: stage.proxy.swallow_commit())
        play(stage, "before the planning commit", lambda stage, cue: None)


@pytest.mark.parametrize("point", POINTS)
def test_a_server_that_stops_at_once_and_starts_again_loses_nothing(
    scene: Address, breakable: postgres.PostgresServer, point: str
) -> None:
    """PostgreSQL that is stopped without a shutdown at any point comes back, and so do the workers."""

    def restart(stage: Stage, cue: dict[str, Any]) -> None:
        postgres.stop_immediately(breakable)
        breakable.ensure_postgres_running()

    with ExitStack() as stack:
        stage = Stage(stack, scene, LONG_LEASE_SECONDS if point in NOTHING_LEASED else LEASE_SECONDS)
        stage.interrupt(point, restart)
        play(stage, point, restart)
