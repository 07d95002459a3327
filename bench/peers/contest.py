"""One peer's turn: a fresh database, its jobs, its worker, and a look at whether all the work was done."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import ground
from bench.peers import installation
from local import postgres
from local.postgres import PostgresServer
from reminders.storage.dsn import Address

_HERE = Path(__file__).parent
_TABLES = (_HERE / "flags_and_history.sql").read_text(encoding="utf-8")
_DATABASE = "bench_peer"
_LIMIT_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """Another job queue, and how it is asked to do this engine's work."""

    name: str
    settings: str  # how it was tuned, for people
    worker: str  # the file in workers/
    # No more jobs than this: a peer whose every job is a round trip is as fast with few of them.
    most_jobs: int | None = None
    # Counts the jobs that are queued ahead, and those that are not done.
    queue: str


class PeerFailed(Exception):
    """A peer ended with an error, or left work undone."""

    def __init__(self, peer: str, reason: str) -> None:
        super().__init__(f"{peer}: {reason}")
        self.peer = peer


def measure(server: PostgresServer, peer: Peer, n: int) -> float:
    """Jobs a second, from the first claim to the last completion; the start of the process is not counted."""
    count = min(n, peer.most_jobs or n)
    admin = postgres.address_of(server, "postgres")
    postgres.drop_database(admin, _DATABASE)
    postgres.create_database(admin, _DATABASE)
    address = admin.to(_DATABASE)
    try:
        _load(address, peer, count)
        seconds = float(_run_worker(address, peer, "work", count).splitlines()[-1])
        _check(address, peer, count)
    finally:
        postgres.drop_database(admin, _DATABASE)
    return count / seconds


def _load(address: Address, peer: Peer, count: int) -> None:
    with ground.session(address) as database:
        for statement in _TABLES.replace(":count", str(count)).split(";\n"):
            if statement.strip():
                database.run(statement)
        _run_worker(address, peer, "load", count)
        database.run("VACUUM ANALYZE")
        database.run("CHECKPOINT")


def _run_worker(address: Address, peer: Peer, act: str, count: int) -> str:
    file = _HERE / "workers" / peer.worker
    program = ["node"] if file.suffix == ".js" else [str(installation.PYTHON), "-I"]
    environment = os.environ | {
        "PGHOST": address.host,
        "PGPORT": str(address.port),
        "PGUSER": address.user,
        "PGDATABASE": address.database,
        "NODE_PATH": str(installation.NODE_MODULES),
        "NODE_ENV": "production",
    }
    command = [*program, str(file), act, str(count)]
    try:
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as expired:
        raise PeerFailed(peer.name, f"{act} took longer than {_LIMIT_SECONDS:.0f} s") from expired
    if ended.returncode:
        print(ended.stderr, file=sys.stderr)
        raise PeerFailed(peer.name, f"{act} ended with {ended.returncode}")
    return ended.stdout


def _check(address: Address, peer: Peer, count: int) -> None:
    """A measurement counts only if the work was done: one of twenty stopped, the others written down and queued."""
    with ground.session(address) as database:
        ((written,),) = database.run("SELECT count(DISTINCT reminder_id) FROM history")
        ((ahead, undone),) = database.run(peer.queue)
    going = count - count // 20
    if (written, ahead, undone) != (going, going, 0):
        raise PeerFailed(peer.name, f"{count} jobs: {written} in the history, {ahead} queued ahead, {undone} not done")
