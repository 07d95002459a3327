"""`make bench`: how many due reminders a second the real tick works through, beside what the server itself could do.

Each reminder has a flag (5 % true), is rescheduled on its grid, and gets a run with its message; a null channel sends
it through the production path: pools, stop checks, flushes. The server limit is the same work in a procedure.
"""

import argparse
import json
import multiprocessing
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import ground, peers
from local.postgres import PostgresServer
from reminders.engine import planning
from reminders.engine.limits import BATCH
from reminders.engine.tick import Tick
from reminders.storage.dsn import Address
from reminders.storage.due import DueTable
from reminders.storage.runs import RunTable

SIZES = (20_000, 200_000)
REPEATS = 3
BUDGET_SECONDS = 600.0
_LIMIT = Path(__file__).with_name("server_limit.sql")


def measure(server: PostgresServer, n: int, *, body_bytes: int = 0, workers: int = 1, cron: bool = False) -> float:
    """Reminders a second through the real tick, until nothing is due."""
    address = ground.fresh_database(server)
    ground.load_due(address, n, body_bytes=body_bytes, cron=cron)
    seconds = _one_worker(address) if workers == 1 else _several_workers(address, workers)
    _check(address, n)
    return n / seconds


def _one_worker(address: Address) -> float:
    with ground.store(address) as store:
        store.now()  # the connection is not what is measured
        began = perf_counter()
        Tick(store, {"null": ground.NullChannel()}, budget_seconds=BUDGET_SECONDS).run()
        return perf_counter() - began


def _several_workers(address: Address, workers: int) -> float:
    context = multiprocessing.get_context("spawn")
    ready, spans = context.Barrier(workers), context.SimpleQueue()
    processes = [context.Process(target=_worker, args=(address, ready, spans)) for _ in range(workers)]
    for process in processes:
        process.start()
    found = [spans.get() for _ in processes]
    for process in processes:
        process.join()
    return float(max(end for _, end in found) - min(begin for begin, _ in found))


def _worker(address: Address, ready: Any, spans: Any) -> None:
    with ground.store(address) as store:
        store.now()
        ready.wait()
        began = perf_counter()
        Tick(store, {"null": ground.NullChannel()}, budget_seconds=BUDGET_SECONDS).run()
        spans.put((began, perf_counter()))


def _check(address: Address, n: int) -> None:
    """A measurement counts only if the work was done: all moved on or completed, each fired one sent once."""
    with ground.session(address) as database:
        ((due, completed, sent, runs),) = database.run(
            """
            SELECT (SELECT count(*) FROM reminder_jobs WHERE status = 'ACTIVE' AND next_run_at <= now()),
              (SELECT count(*) FROM reminder_jobs WHERE status = 'COMPLETED'),
              (SELECT count(*) FROM reminder_runs WHERE state = 'SENT'), (SELECT count(*) FROM reminder_runs)
            """
        )
    if (due, completed, sent, runs) != (0, n // 20, n - n // 20, n - n // 20):
        raise AssertionError(f"due {due}, completed {completed}, sent {sent} of {runs} runs")


def measure_limit(server: PostgresServer, n: int) -> tuple[float, float, float]:
    """The server's own limit in reminders a second, and the bytes of WAL and of tables and indexes for each."""
    address = ground.fresh_database(server)
    ground.load_due(address, n)
    with ground.session(address, BUDGET_SECONDS) as database:
        database.run(_LIMIT.read_text(encoding="utf-8"))
        size = "SELECT pg_total_relation_size('reminder_jobs') + pg_total_relation_size('reminder_runs')"
        position, stored = database.run("SELECT pg_current_wal_lsn()::text")[0][0], database.run(size)[0][0]
        began = perf_counter()
        database.run(f"CALL server_limit({BATCH})")
        seconds = perf_counter() - began
        wal = database.run("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), CAST(:since AS pg_lsn))", since=position)[0][0]
        stored = database.run(size)[0][0] - stored
    _check(address, n)
    return n / seconds, float(wal) / n, stored / n


def split(server: PostgresServer, n: int) -> dict[str, float]:
    """Where one worker's time goes, in microseconds a reminder. The timers themselves cost a little."""
    spent: defaultdict[str, float] = defaultdict(float)

    def timed(owner: Any, attribute: str, name: str) -> Callable[[], None]:
        original = getattr(owner, attribute)

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            began = perf_counter()
            try:
                return original(*args, **kwargs)
            finally:
                spent[name] += perf_counter() - began

        setattr(owner, attribute, wrapper)
        return lambda: setattr(owner, attribute, original)

    undo = [
        timed(DueTable, "claim", "claim"),
        timed(planning, "plan_of", "decide and render"),
        timed(DueTable, "advance", "advance"),
        timed(ground.NullChannel, "send", "send"),
        timed(RunTable, "record", "record"),
    ]
    try:
        total = 1e6 / measure(server, n)
    finally:
        for restore in undo:
            restore()
    parts = {name: seconds / n * 1e6 for name, seconds in spent.items()}
    return parts | {"the rest": total - sum(parts.values()) + parts["send"]}


def _median(measurements: list[float]) -> float:
    return round(statistics.median(measurements), 1)


def run(server: PostgresServer, n: int) -> dict[str, Any]:
    """All figures for one size, as the JSON line has them: medians, repeats outermost."""
    figures: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(REPEATS):
        limit, wal, stored = measure_limit(server, n)
        figures["server_limit_per_s"].append(limit)
        figures["wal_bytes_each"].append(wal)
        figures["stored_bytes_each"].append(stored)
        figures["interval_per_s"].append(measure(server, n))
        figures["cron_per_s"].append(measure(server, n, cron=True))
        figures["one_kb_per_s"].append(measure(server, n, body_bytes=1024))
        figures["two_workers_per_s"].append(measure(server, n, workers=2))
    line: dict[str, Any] = {"n": n, "peers": {}}
    return line | {name: _median(values) for name, values in figures.items()}


def _print(line: dict[str, Any], parts: dict[str, float]) -> None:
    limit = line["server_limit_per_s"]
    print(f"\n{line['n']:,} due reminders, batches of {BATCH:,}, medians of {REPEATS}")
    for name, label in (
        ("interval_per_s", "one worker"),
        ("cron_per_s", "one worker, cron in a time zone"),
        ("one_kb_per_s", "one worker, bodies of 1 KB"),
        ("two_workers_per_s", "two workers"),
        ("server_limit_per_s", "server limit"),
    ):
        print(f"  {label:28} {line[name]:10,.0f}/s  {line[name] / limit:6.0%} of the limit")
    print(f"  WAL {line['wal_bytes_each']:.0f} and storage {line['stored_bytes_each']:.0f} bytes each")
    for peer, rate in line["peers"].items():
        print(f"  {peer:28} {rate:10,.0f}/s  {line['interval_per_s'] / rate:6.1f} times as many")
    print("  µs each: " + " · ".join(f"{name} {part:.1f}" for name, part in parts.items()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line a size, for programs")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    arguments = parser.parse_args()
    with ground.server() as server:
        for n in arguments.sizes:
            line = run(server, n)
            if n == arguments.sizes[-1] and peers.is_installed():
                line["peers"] = peers.measure_all(server)
            if arguments.json:
                print(json.dumps(line), flush=True)
            else:
                _print(line, split(server, n))
    return 0


if __name__ == "__main__":
    sys.exit(main())
