"""Other job queues on PostgreSQL, doing what this engine does: each job checked against a flag (5 % are true), written
to a history and queued again an hour ahead.

Each has a database of its own on the server that the engine is measured on, reached by the same Unix socket. Read
ratios within one run, not absolutes.
"""

import statistics
from collections import defaultdict

from bench.peers.contest import Peer, PeerFailed, measure
from bench.peers.installation import InstallationFailed, ToolsMissing, install, is_installed
from local.postgres import PostgresServer

__all__ = [
    "PEERS",
    "InstallationFailed",
    "PeerFailed",
    "ToolsMissing",
    "install",
    "is_installed",
    "measure_all",
    "measure_once",
]

PEERS = (
    Peer(
        name="procrastinate",
        settings="10 at a time",
        worker="procrastinate_worker.py",
        most_jobs=2_500,
        queue="""
        SELECT count(*) FILTER (WHERE scheduled_at > now()), count(*) FILTER (WHERE scheduled_at IS NULL)
        FROM procrastinate_jobs
        WHERE status IN ('todo', 'doing')
        """,
    ),
    Peer(
        name="pgqueuer",
        settings="batches of 100",
        worker="pgqueuer_worker.py",
        most_jobs=5_000,
        queue="""
        SELECT count(*) FILTER (WHERE execute_after > now()), count(*) FILTER (WHERE execute_after <= now())
        FROM pgqueuer
        """,
    ),
    Peer(
        name="graphile-worker",
        settings="24 at a time, local queue of 500, completion in batches",
        worker="graphile_worker.js",
        most_jobs=5_000,
        queue="""
        SELECT count(*) FILTER (WHERE run_at > now()), count(*) FILTER (WHERE run_at <= now())
        FROM graphile_worker._private_jobs
        """,
    ),
    Peer(
        name="pg-boss",
        settings="bare loop, batches of 1,000, the rest set-based by hand",
        worker="pg_boss_worker.js",
        queue="""
        SELECT count(*) FILTER (WHERE start_after > now()), count(*) FILTER (WHERE start_after <= now())
        FROM pgboss.job
        WHERE state < 'completed'
        """,
    ),
)


def measure_once(server: PostgresServer, n: int) -> dict[str, float]:
    """Each peer's jobs a second, once. They must be installed."""
    return {peer.name: measure(server, peer, n) for peer in PEERS}


def measure_all(server: PostgresServer, n: int = 20_000, repeats: int = 3) -> dict[str, float]:
    """Each peer's jobs a second: medians, repeats outermost. They must be installed."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(repeats):
        for name, jobs_per_s in measure_once(server, n).items():
            found[name].append(jobs_per_s)
    return {name: round(statistics.median(values), 1) for name, values in found.items()}
