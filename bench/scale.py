"""The cost of a tick grows with what is due, not with what is stored.

Hourly reminders with a flag and one past run each come due 1,000 at a time, from all over the table. Either SQL makes
them due just before the tick; or by schedule: each tick gets the instant at which the next thousand is due, so that
hours pass in seconds. By schedule the pages are touched for the first time since a checkpoint, and the server writes
each of them whole into its log. With millions of reminders that is most of the difference.

python -m bench.scale [--all] [--sizes 10000 …] [--ticks 11] [--churn 500] [--held 200]
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import perf_counter

from bench import ground
from bench.figures import Figure, show
from local.postgres import PostgresServer
from reminders.engine.tick import Tick
from reminders.storage.dsn import Address
from reminders.storage.store import Store

SIZES = (10_000, 100_000, 1_000_000)
LARGEST = 5_000_000
CHURNED = 100_000
DUE = 1_000
_STRIDE = 7_919  # a prime: those that SQL makes due together are far from each other
_SAMPLE = 25  # ticks before and after, of which the medians are compared

# In production autovacuum comes by once a minute, as ticks do. Here a tick's minute lasts a tenth of a second.
_SETTINGS = {"autovacuum_naptime": "1s"}


class Hour:
    """`active` reminders that are due within an hour and again the next, DUE at a time."""

    def __init__(self, address: Address, store: Store, active: int) -> None:
        self.address = address
        self._store = store
        self._active = active
        self._now = _load(address, active)
        self._woken = 0

    def tick_by_schedule(self) -> float:
        """Milliseconds of the tick that comes when the next DUE reminders are due."""
        self._now += timedelta(hours=1) * DUE / self._active
        return self._tick(self._now)

    def tick_by_hand(self) -> float:
        """Milliseconds of a tick at this very moment, just after SQL has made the next DUE reminders due."""
        numbers = [(self._woken + place) * _STRIDE % self._active + 1 for place in range(DUE)]
        self._woken += DUE
        with ground.session(self.address) as database:
            database.run(
                """
                UPDATE reminder_jobs
                SET next_run_at = now()
                WHERE status = 'ACTIVE' AND entity_type = 'interviewer' AND event_type = 'feedback_form'
                  AND entity_id = ANY (CAST(:entities AS text[]))
                """,
                entities=[f"INT_{number}" for number in numbers],
            )
        return self._tick(None)

    def _tick(self, now: datetime | None) -> float:
        store = self._store.by(lambda: now)
        tick = Tick(store, {"null": ground.NullChannel()}, budget_seconds=60.0)
        began = perf_counter()
        summary = tick.run()
        took = (perf_counter() - began) * 1000
        if summary.sent != DUE:
            raise AssertionError(f"sent {summary.sent} instead of {DUE}")
        return took


@contextmanager
def loaded(server: PostgresServer, active: int) -> Iterator[Hour]:
    """A fresh database with `active` reminders."""
    address = ground.fresh_database(server)
    with ground.store(address) as store:
        store.now()  # the connection is not what is measured
        yield Hour(address, store, active)


def _load(address: Address, active: int) -> datetime:
    """The first reminder is due a moment after the instant that is returned, the last an hour after."""
    with ground.session(address, ground.LOAD_SECONDS) as database:
        begin: datetime = database.run("SELECT date_trunc('hour', now()) + interval '2 hours'")[0][0]
        database.run(f"INSERT INTO status_flags (key) SELECT 'done:' || g FROM generate_series(1, {active}) g")
        database.run(
            f"""
            INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes,
              start_at, next_run_at, planned_through, occurrence_no, stop_condition_type, stop_condition_value,
              listed_as)
            SELECT entity_type, entity_id, event_type, channel, 'recurring', 60, due - interval '1 hour',
              due, due - interval '1 hour', 1, 'db_check', 'done:' || g, {ground.LISTED_AS}
            FROM (SELECT g, 'interviewer' AS entity_type, 'INT_' || g AS entity_id, 'feedback_form' AS event_type,
                'null' AS channel, CAST(:begin AS timestamptz)
                + interval '1 hour' * (row_number() OVER (ORDER BY hashint8(g)) / {active}::float8) AS due
              FROM generate_series(1, {active}) g
              ORDER BY g) reminders
            """,
            begin=begin.isoformat(),
        )
        database.run(ground.LISTING)
        database.run(
            """
            INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, attempt, finished_at)
            SELECT id, 1, planned_through, channel, 'SENT', 1, now() FROM reminder_jobs
            """
        )
        database.run("VACUUM ANALYZE")
        database.run("CHECKPOINT")
    return begin


def size(server: PostgresServer, active: int, ticks: int, tick: Callable[[Hour], float]) -> float:
    """Milliseconds a tick with so many active reminders."""
    with loaded(server, active) as hour:
        return statistics.median(tick(hour) for _ in range(ticks))


def churn(server: PostgresServer, active: int, ticks: int) -> tuple[float, float]:
    """Milliseconds a tick before and after so many, once each reminder has fired."""
    with loaded(server, active) as hour:
        for _ in range(active // DUE):
            hour.tick_by_schedule()
        return _before_and_after([hour.tick_by_schedule() for _ in range(ticks)])


def held(server: PostgresServer, active: int, ticks: int, tick: Callable[[Hour], float]) -> tuple[float, float]:
    """The same, of which all but the first are made under a snapshot that another session holds open."""
    with loaded(server, active) as hour, ground.session(hour.address) as reader:
        taken = [tick(hour) for _ in range(active // DUE + _SAMPLE)][-_SAMPLE:]
        reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.run("SELECT count(*) FROM reminder_jobs")
        taken += [tick(hour) for _ in range(ticks)]
        reader.run("ROLLBACK")
        return _before_and_after(taken)


def _before_and_after(taken: Sequence[float]) -> tuple[float, float]:
    return statistics.median(taken[:_SAMPLE]), statistics.median(taken[-_SAMPLE:])


def _show_sizes(server: PostgresServer, sizes: Sequence[int], ticks: int) -> None:
    for tick, how in (
        (Hour.tick_by_hand, "made due by SQL"),
        (Hour.tick_by_schedule, "by schedule, after a checkpoint"),
    ):
        took = [size(server, active, ticks, tick) for active in sizes]
        figures = [
            Figure(label=f"{active:,} active", value=value, unit="ms")
            for active, value in zip(sizes, took, strict=True)
        ]
        figures.append(Figure(label="last / first", value=took[-1] / took[0], unit="×", digits=2, at_most=2.2))
        show(f"one tick, {DUE:,} due, {how}, medians of {ticks}", figures)


def _show_drift(title: str, drift: tuple[float, float], at_most: float | None = None) -> None:
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
    arguments = _arguments()
    sizes = [*arguments.sizes, LARGEST] if arguments.all else arguments.sizes
    active = arguments.churned
    with ground.server(_SETTINGS) as server:
        if sizes:
            _show_sizes(server, sizes, arguments.ticks)
        title = f"{active:,} active, {{:,}} ticks{{}}, medians of {_SAMPLE}"
        if arguments.churn:
            drift = churn(server, active, arguments.churn)
            _show_drift(title.format(arguments.churn, ""), drift, 1.15)
        if arguments.held:
            drift = held(server, active, arguments.held, Hour.tick_by_hand)
            _show_drift(title.format(arguments.held, " at once under an open snapshot"), drift, 1.3)
            # Without a goal: a tick that comes a minute after the last looks without the lower bound, too.
            drift = held(server, active, arguments.held, Hour.tick_by_schedule)
            _show_drift(title.format(arguments.held, " over hours under an open snapshot"), drift)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="active reminders; none skips this part")
    parser.add_argument("--all", action="store_true", help=f"also {LARGEST:,}, which takes minutes to load")
    parser.add_argument("--ticks", type=int, default=11, help="of each size")
    parser.add_argument("--churned", type=int, default=CHURNED, help="active reminders in the parts below")
    parser.add_argument("--churn", type=int, default=500, help="ticks; 0 skips this part")
    parser.add_argument("--held", type=int, default=200, help="ticks under an open snapshot; 0 skips this part")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
