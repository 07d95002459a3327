"""The cost of a tick grows with what is due, not with what is stored.

Hourly reminders with a flag and one past run each come due 1,000 at a time, from all over the table. Each tick gets
the instant at which the next thousand is due: hours pass in seconds, and no SQL but the engine's touches a row.

python -m bench.scale [--all] [--sizes 10000 …] [--ticks 11] [--churn 500] [--held 200]
"""

import argparse
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import perf_counter

from bench import ground
from bench.figures import Figure, show
from local.postgres import PostgresServer
from reminders.database import Address
from reminders.store import Store
from reminders.tick import Tick

SIZES = (10_000, 100_000, 1_000_000)
LARGEST = 5_000_000
CHURNED = 100_000
DUE = 1_000
LOAD_SECONDS = 3_600.0
_STRIDE = 7_919  # a prime: the due time of a reminder tells nothing of its place in the table
_SAMPLE = 25  # ticks before and after, of which the medians are compared


class Hour:
    """`active` hourly reminders, and a clock that moves on with each tick until the next DUE of them are due."""

    def __init__(self, store: Store, active: int, begin: datetime) -> None:
        self._store = store
        self._step = timedelta(hours=1) * DUE / active
        self._now = begin

    def tick(self) -> float:
        """Milliseconds of one tick, which must send DUE runs."""
        self._now += self._step
        tick = Tick(self._store, {"null": ground.NullChannel()}, budget_seconds=60.0, now=self._now)
        began = perf_counter()
        summary = tick.run()
        took = (perf_counter() - began) * 1000
        if summary.sent != DUE:
            raise AssertionError(f"sent {summary.sent} instead of {DUE}")
        return took

    def ticks(self, count: int) -> list[float]:
        return [self.tick() for _ in range(count)]


@contextmanager
def loaded(server: PostgresServer, active: int) -> Iterator[tuple[Address, Hour]]:
    """A fresh database with `active` reminders, and their hour."""
    address = ground.fresh_database(server)
    begin = _load(address, active)
    with ground.store(address) as store:
        store.now(None)  # the connection is not what is measured
        yield address, Hour(store, active, begin)


def _load(address: Address, active: int) -> datetime:
    """The first reminder is due a moment after the instant that is returned, the last an hour after."""
    with ground.session(address) as database:
        begin: datetime = database.run("SELECT date_trunc('hour', now()) + interval '2 hours'")[0][0]
        database.wait_for_answers(LOAD_SECONDS)
        database.run(f"INSERT INTO status_flags (key) SELECT 'done:' || g FROM generate_series(1, {active}) g")
        database.run(
            f"""
            INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes, start_at,
              next_run_at, planned_through, occurrence_no, stop_condition_type, stop_condition_value)
            SELECT 'interviewer', 'INT_' || g, 'feedback_form', 'null', 'recurring', 60, due - interval '1 hour',
              due, due - interval '1 hour', 1, 'db_check', 'done:' || g
            FROM (SELECT g, CAST(:begin AS timestamptz) + interval '1 hour' * ((g * {_STRIDE}::bigint % {active} + 1) / {active}::float8) AS due
              FROM generate_series(1, {active}) g) reminders
            """,
            begin=begin.isoformat(),
        )
        database.run(
            """
            INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, attempt, finished_at)
            SELECT id, 1, planned_through, channel, 'SENT', 1, now() FROM reminder_jobs
            """
        )
        database.run("VACUUM ANALYZE")
        database.run("CHECKPOINT")
    return begin


def size(server: PostgresServer, active: int, ticks: int) -> float:
    """Milliseconds a tick with so many active reminders."""
    with loaded(server, active) as (_, hour):
        return statistics.median(hour.ticks(ticks))


def churn(server: PostgresServer, active: int, ticks: int) -> tuple[float, float]:
    """Milliseconds a tick before and after so many ticks, once each reminder has fired."""
    with loaded(server, active) as (_, hour):
        hour.ticks(active // DUE)
        taken = hour.ticks(ticks)
    return statistics.median(taken[:_SAMPLE]), statistics.median(taken[-_SAMPLE:])


def held(server: PostgresServer, active: int, ticks: int) -> tuple[float, float]:
    """The same, with a snapshot held open from before the first of so many ticks until after the last."""
    with loaded(server, active) as (address, hour), ground.session(address) as reader:
        hour.ticks(active // DUE)
        before = statistics.median(hour.ticks(_SAMPLE))
        reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.run("SELECT count(*) FROM reminder_jobs")
        after = statistics.median(hour.ticks(ticks)[-_SAMPLE:])
        reader.run("ROLLBACK")
    return before, after


def _show_drift(title: str, drift: tuple[float, float], at_most: float) -> None:
    before, after = drift
    show(
        title,
        [
            Figure(label="before", value=before, unit="ms"),
            Figure(label="after", value=after, unit="ms"),
            Figure(label="after / before", value=after / before, unit="×", digits=2, at_most=at_most),
        ],
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="active reminders; none skips this part")
    parser.add_argument("--all", action="store_true", help=f"also {LARGEST:,}, which takes minutes to load")
    parser.add_argument("--ticks", type=int, default=11, help="of each size; the median counts")
    parser.add_argument("--churned", type=int, default=CHURNED, help="active reminders in the two parts below")
    parser.add_argument("--churn", type=int, default=500, help="ticks; 0 skips this part")
    parser.add_argument("--held", type=int, default=200, help="ticks under an open snapshot; 0 skips this part")
    arguments = parser.parse_args()
    sizes = [*arguments.sizes, LARGEST] if arguments.all else arguments.sizes
    with ground.server() as server:
        if sizes:
            took = {active: size(server, active, arguments.ticks) for active in sizes}
            figures = [Figure(label=f"{active:,} active", value=value, unit="ms") for active, value in took.items()]
            ratio = took[sizes[-1]] / took[sizes[0]]
            figures.append(Figure(label="last / first", value=ratio, unit="×", digits=2, at_most=2.2))
            show(f"one tick, {DUE:,} due, medians of {arguments.ticks}", figures)
        title = f"{arguments.churned:,} active, {{:,}} ticks{{}}, medians of {_SAMPLE} before and after"
        if arguments.churn:
            drift = churn(server, arguments.churned, arguments.churn)
            _show_drift(title.format(arguments.churn, ""), drift, 1.15)
        if arguments.held:
            drift = held(server, arguments.churned, arguments.held)
            _show_drift(title.format(arguments.held, " under an open snapshot"), drift, 1.3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
