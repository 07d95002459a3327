"""Everybody at nine o'clock, and the morning after an outage.

python -m bench.rush [--n 50000] [--send-ms 50] [--workers 8]
python -m bench.rush --outage [--overdue 500000] [--on-time 1000]
"""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench import ground
from bench.figures import Figure, show
from reminders.changes import NewReminder
from reminders.channels.email import EmailChannel
from reminders.commands import Commands
from reminders.database import Address
from reminders.model import NaturalKey, Run
from reminders.summary import quantile
from reminders.tick import Tick

BUDGET_SECONDS = 90.0


class Slow:
    """Takes its time for each send, as many at once as email has; keeps how late each began."""

    concurrency = EmailChannel.concurrency
    timeout_seconds = 1.0

    def __init__(self, milliseconds: float) -> None:
        self._seconds = milliseconds / 1000
        self.lateness: list[tuple[str, float]] = []

    def send(self, run: Run) -> None:
        self.lateness.append((run.event_type, time.time() - run.scheduled_at / 1e6))
        if self._seconds:
            time.sleep(self._seconds)


def work(address: Address, milliseconds: float, until_empty: bool, found: Any) -> None:
    """Ticks as the function would, until nothing is left."""
    channel = Slow(milliseconds)
    with ground.store(address) as store:
        while True:
            summary = Tick(store, {"null": channel}, budget_seconds=BUDGET_SECONDS).run()
            if not until_empty or (not summary.sent and not summary.due):
                break
    found.put(channel.lateness)


def call(address: Address, ended: Any, found: Any) -> None:
    """A caller that creates and reads, and keeps how long each took."""
    took = []
    with ground.store(address) as store:
        commands, number = Commands(store, frozenset({"null"})), 0
        while not ended.is_set():
            number += 1
            key = NaturalKey(entity_type="caller", entity_id=str(number), event_type="later")
            began = time.perf_counter()
            created, _ = commands.create(
                NewReminder(key=key, channel="null", schedule_type="recurring", interval_minutes=60)
            )
            commands.get(created.id)
            took.append((time.perf_counter() - began) / 2)
            time.sleep(0.01)
    found.put(took)


def run(address: Address, workers: int, milliseconds: float) -> tuple[list[tuple[str, float]], list[float], float]:
    """What became of everything that is due: each lateness by event, the API's times meanwhile, and seconds in all."""
    context = multiprocessing.get_context("spawn")
    found, calls, ended = context.SimpleQueue(), context.SimpleQueue(), context.Event()
    caller = context.Process(target=call, args=(address, ended, calls))
    processes = [context.Process(target=work, args=(address, milliseconds, True, found)) for _ in range(workers)]
    began = time.perf_counter()
    for process in (caller, *processes):
        process.start()
    lateness = [each for _ in processes for each in found.get()]
    took = time.perf_counter() - began
    ended.set()
    times = calls.get()
    for process in (caller, *processes):
        process.join()
    return lateness, times, took


def figures(lateness: Sequence[float], times: Sequence[float], took: float) -> list[Figure]:
    ordered, api = sorted(lateness), sorted(times)
    return [
        Figure(label="sent", value=len(ordered), digits=0),
        Figure(label="until the last one", value=took, unit="s"),
        Figure(label="lateness, median", value=quantile(ordered, 0.5), unit="s"),
        Figure(label="lateness, p99", value=quantile(ordered, 0.99), unit="s"),
        Figure(label="the API meanwhile, p95", value=quantile(api, 0.95) * 1000, unit="ms"),
    ]


def rush(n: int, milliseconds: float, workers: int) -> None:
    with ground.server() as server:
        address = ground.fresh_database(server)
        ground.load_due(address, n)
        with ground.session(address) as database:
            database.run("UPDATE reminder_jobs SET next_run_at = now(), start_at = now() WHERE status = 'ACTIVE'")
            database.run("VACUUM ANALYZE")
        lateness, times, took = run(address, workers, milliseconds)
    title = (
        f"{n:,} due at one instant, {milliseconds:g} ms a send, {workers} workers with {Slow.concurrency} threads each"
    )
    show(title, figures([late for _, late in lateness], times, took))


def outage(overdue: int, on_time: int) -> None:
    """One worker drains what was missed while every minute's share comes due."""
    with ground.server() as server:
        address = ground.fresh_database(server)
        ground.load_due(address, overdue)
        with ground.session(address) as database:
            database.run(
                """
                INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, start_at, next_run_at)
                SELECT 'thing', g::text, 'on time', 'null', 'one_time', at, at
                FROM (SELECT g, now() + g * interval '60 seconds' / CAST(:n AS integer) AS at
                  FROM generate_series(1, CAST(:n AS integer)) g) reminders
                """,
                n=on_time,
            )
        lateness, times, took = run(address, 1, 0.0)
    show(f"{overdue:,} overdue and {on_time:,} on time within a minute, one worker", figures([], times, took)[1:2])
    ordered = sorted(late for event, late in lateness if event == "on time")
    show(
        f"those on time that came due meanwhile: {len(ordered)}",
        [
            Figure(label="lateness, median", value=quantile(ordered, 0.5), unit="s", digits=2),
            Figure(label="lateness, the worst", value=ordered[-1] if ordered else 0.0, unit="s", digits=2),
        ],
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--send-ms", type=float, default=50.0)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--outage", action="store_true")
    parser.add_argument("--overdue", type=int, default=500_000)
    parser.add_argument("--on-time", type=int, default=1_000)
    arguments = parser.parse_args()
    if arguments.outage:
        outage(arguments.overdue, arguments.on_time)
    else:
        rush(arguments.n, arguments.send_ms, arguments.workers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
