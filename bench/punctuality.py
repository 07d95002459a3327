"""PUNCTUALITY=second: reminders fire to the second although the schedule starts its ticks anywhere within their
minutes.

Two scenes at the same time, each in its own database: in one each minute's tick starts at any second of it, in the
other always around the same second. The receiver notes when a reminder has come. Takes five minutes.

python -m bench.punctuality [--n 10000] [--minutes 3] [--seed 1]
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence

from bench import ground, worker
from bench.figures import Figure, show
from bench.worker import Orders, Receiver
from local.postgres import PostgresServer
from reminders.engine.summary import quantile
from reminders.wiring import STAY_SECONDS

N = 10_000
MINUTES = 3
BUDGET_SECONDS = STAY_SECONDS + 15.0  # the function's time-out
JITTER_SECONDS = 5.0
PREPARATION_SECONDS = 10.0
LIMIT_MS = 1_000.0


class Scene:
    """Reminders spread over the minutes from `begin` on, and a tick for each minute, the one before and the one
    after."""

    def __init__(self, server: PostgresServer, name: str, n: int, minutes: int, begin: float) -> None:
        self._n = n
        self._begin = begin
        self._end = begin + minutes * 60
        self._address = ground.fresh_database(server, name)
        due = f"to_timestamp({begin}) + g * interval '{minutes} minutes' / {n}"
        ground.load_due(self._address, n, due=due, stopped_percent=0)

    def start(self, starts: Sequence[float]) -> None:
        """Has a process ready for each start. The last one finds what nobody was there for."""
        self._starts = starts
        self._workers = [worker.start(self._orders(at, STAY_SECONDS)) for at in starts]
        self._workers.append(worker.start(self._orders(max(self._end, starts[-1] + STAY_SECONDS), 0.0)))

    def _orders(self, at: float, stay_seconds: float) -> Orders:
        return Orders(
            url=self._address.url,
            channels={"null": Receiver()},
            budget_seconds=BUDGET_SECONDS,
            stay_seconds=stay_seconds,
            begin_at=at,
        )

    def figures(self) -> list[Figure]:
        """Waits for the end; how late they were."""
        reports = [worker.finish(each) for each in self._workers]
        arrived = [pair for report in reports for pair in report.arrived["null"]]
        if len(arrived) != self._n:
            raise AssertionError(f"{len(arrived)} of {self._n} have arrived")
        late = sorted((at - scheduled) * 1000 for scheduled, at in arrived)
        return [
            Figure(label="seconds in which no tick was there", value=self._gaps(), unit="s"),
            Figure(label="lateness p50", value=quantile(late, 0.5), unit="ms"),
            Figure(label="lateness p99", value=quantile(late, 0.99), unit="ms", at_most=LIMIT_MS),
            Figure(label="lateness max", value=late[-1], unit="ms"),
        ]

    def _gaps(self) -> float:
        gaps, covered = 0.0, self._begin
        for at in sorted(self._starts):
            gaps += max(0.0, min(at, self._end) - covered)
            covered = max(covered, at + STAY_SECONDS)
        return gaps + max(0.0, self._end - covered)


def anywhere(begin: float, minutes: int, chance: random.Random) -> list[float]:
    """A start at any second of each minute, from the one before `begin` on."""
    return [begin + minute * 60 + chance.uniform(0, 60) for minute in range(-1, minutes)]


def steady(begin: float, minutes: int, chance: random.Random) -> list[float]:
    """A start at about the same second of each minute."""
    second = chance.uniform(JITTER_SECONDS, 60 - JITTER_SECONDS)
    jitter = [chance.uniform(-JITTER_SECONDS, JITTER_SECONDS) for _ in range(-1, minutes)]
    return [begin + minute * 60 + second + jitter[minute + 1] for minute in range(-1, minutes)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=N, help="reminders")
    parser.add_argument("--minutes", type=int, default=MINUTES, help="over which they are spread")
    parser.add_argument("--seed", type=int, default=1, help="of the ticks' starts")
    arguments = parser.parse_args()
    n, minutes, chance = arguments.n, arguments.minutes, random.Random(arguments.seed)
    with ground.server() as server:
        begin = time.time() + 60 + PREPARATION_SECONDS
        scenes = [Scene(server, name, n, minutes, begin) for name in ("anywhere", "steady")]
        for scene, starts in zip(scenes, (anywhere, steady), strict=True):
            scene.start(starts(begin, minutes, chance))
        for scene, title in zip(scenes, ("at any second", f"at the same second ± {JITTER_SECONDS:g}"), strict=True):
            show(f"{n:,} reminders over {minutes} minutes, each minute's tick starts {title}", scene.figures())
    return 0


if __name__ == "__main__":
    sys.exit(main())
