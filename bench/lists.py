"""What a page of a list costs with a million reminders: each combination of filters, its newest page and deep ones.

python -m bench.lists [--size 1000000] [--repeats 3]
"""

import argparse
import itertools
import statistics
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from time import perf_counter

from bench import ground
from bench.figures import Figure, show
from reminders.model import ReminderFilter
from reminders.storage.dsn import Address
from reminders.storage.store import Store

SIZE = 1_000_000
DEPTHS = (0.0, 0.5, 0.95)  # how much of the list lies before the page
LIMIT = 50
GOAL = 50.0  # milliseconds


def main() -> int:
    arguments = _arguments()
    with ground.server() as server:
        address = ground.fresh_database(server)
        began = perf_counter()
        load(address, arguments.size)
        print(f"loaded in {perf_counter() - began:.0f} s", flush=True)
        with ground.store(address) as store:
            store.now()  # the connection is not what is measured
            measured = _measure(store, address, arguments.repeats)
    for name, taken in sorted(measured.items(), key=lambda each: -_p95(each[1]))[:10]:
        print(f"  {name:70} {statistics.median(taken):8.1f} {_p95(taken):8.1f} {max(taken):8.1f} ms")
    show(
        f"{arguments.size:,} reminders, {len(measured)} combinations of filters, the slowest of them", _worst(measured)
    )
    return 0


def load(address: Address, size: int) -> None:
    """Reminders of twenty events, seven types of entities and three channels, of which six in ten are ACTIVE."""
    with ground.session(address, ground.LOAD_SECONDS) as database:
        database.run(_REMINDERS, size=size)
        database.run(ground.LISTING)
        database.run("VACUUM ANALYZE")
        database.run("CHECKPOINT")


_REMINDERS = f"""
    INSERT INTO reminder_jobs (id, entity_type, entity_id, event_type, channel, schedule_type, interval_minutes,
      start_at, next_run_at, status, paused_at, completed_at, completion_reason, last_error, message, listed_as)
    SELECT CAST(lpad(to_hex(1700000000000 + g), 12, '0') || '70008' || substr(md5(g::text), 1, 15) AS uuid),
      entity_type, entity_id, event_type, channel, 'recurring', 60, '2026-01-01Z',
      CASE WHEN status = 'ACTIVE' THEN now() + interval '30 days' * random() - interval '10 minutes' END, status,
      CASE WHEN status = 'PAUSED' THEN now() END, CASE WHEN status NOT IN ('ACTIVE', 'PAUSED') THEN now() END,
      CASE WHEN status = 'COMPLETED' THEN 'stop_condition' END, CASE WHEN status = 'FAILED' THEN 'broken' END,
      jsonb_build_object('subject', 'Feedback', 'body', repeat('please ', 20)),
      CASE WHEN status = 'ACTIVE' THEN {ground.LISTED_AS} END
    FROM (
      SELECT g, 'type_' || (hashint8(g) & 7) AS entity_type, 'entity_' || g % 100000 AS entity_id,
        'event_' || (hashint8(g * 3) & 65535) % 20 AS event_type,
        (ARRAY['email', 'webhook', 'log'])[1 + (hashint8(g * 5) & 65535) % 3] AS channel,
        CASE WHEN g % 100 < 60 THEN 'ACTIVE' WHEN g % 100 < 65 THEN 'PAUSED' WHEN g % 100 < 90 THEN 'COMPLETED'
          WHEN g % 100 < 98 THEN 'CANCELLED' ELSE 'FAILED' END AS status
      FROM generate_series(1, CAST(:size AS integer)) g) made
    ON CONFLICT DO NOTHING
"""


def _measure(store: Store, address: Address, repeats: int) -> dict[str, list[float]]:
    """Milliseconds of each page, by its filters."""
    with ground.session(address) as database:
        places = [
            str(
                database.run(
                    "SELECT id FROM reminder_jobs ORDER BY id DESC OFFSET CAST(:skip AS integer) LIMIT 1", skip=skip
                )[0][0]
            )
            for skip in (
                int(depth * (database.run("SELECT count(*) FROM reminder_jobs")[0][0] - 1)) for depth in DEPTHS
            )
        ]
    taken: dict[str, list[float]] = {}
    for matching in _filters(store):
        name = " ".join(each for each, value in matching._asdict().items() if value is not None) or "none"
        name = f"{name} {matching.status or ''}"
        for before in [None, *places[1:]]:
            for _ in range(repeats):
                began = perf_counter()
                store.pages.page(matching, before=before, limit=LIMIT)
                taken.setdefault(name, []).append((perf_counter() - began) * 1000)
    return taken


def _filters(store: Store) -> Iterator[ReminderFilter]:
    soon = store.now() + timedelta(days=1)
    values: list[Sequence[object]] = [
        (None, "ACTIVE", "FAILED", "COMPLETED"),
        (None, "type_3"),
        (None, "entity_4711"),
        (None, "event_7"),
        (None, "log"),
        (None, soon),
    ]
    for status, entity_type, entity_id, event_type, channel, due_before in itertools.product(*values):
        yield ReminderFilter(
            status=status,  # type: ignore[arg-type]
            entity_type=entity_type,  # type: ignore[arg-type]
            entity_id=entity_id,  # type: ignore[arg-type]
            event_type=event_type,  # type: ignore[arg-type]
            channel=channel,  # type: ignore[arg-type]
            due_before=due_before,  # type: ignore[arg-type]
        )


def _p95(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=20, method="inclusive")[-1]


def _worst(measured: dict[str, list[float]]) -> list[Figure]:
    everything = [each for taken in measured.values() for each in taken]
    return [
        Figure(label="p50 of all pages", value=statistics.median(everything), unit="ms"),
        Figure(
            label="p95 of the slowest combination", value=max(map(_p95, measured.values())), unit="ms", at_most=GOAL
        ),
        Figure(label="slowest page", value=max(everything), unit="ms"),
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=SIZE, help="reminders")
    parser.add_argument("--repeats", type=int, default=3, help="of each page")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
