"""A channel that hangs holds up nobody else: half of what is due goes to it, and the other half arrives as if alone.

python -m bench.isolation [--due 1000] [--budget 40]
"""

import argparse
import sys

from bench import ground, worker
from bench.figures import Figure, show
from bench.worker import Orders, Receiver, Report
from local.postgres import PostgresServer

DUE = 1_000
BUDGET_SECONDS = 40.0
CHANNELS = {
    "swift": Receiver(seconds=0.05, concurrency=10),
    "hangs": Receiver(seconds=10.0, concurrency=10, timeout_seconds=15.0),
}


def measure(server: PostgresServer, due: int, channel: str, budget_seconds: float) -> Report:
    """One tick over so many due reminders; `channel` is SQL that says where the reminder with number `g` goes."""
    address = ground.fresh_database(server)
    ground.load_due(address, due, channel=channel, stopped_percent=0)
    orders = Orders(url=address.url, channels=CHANNELS, budget_seconds=budget_seconds)
    return worker.finish(worker.start(orders))


def _swift_seconds(report: Report, expected: int) -> float:
    arrived = report.arrived["swift"]
    if len(arrived) != expected:
        raise AssertionError(f"{len(arrived)} of {expected} have arrived")
    return max(at for _, at in arrived) - report.began_at


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--due", type=int, default=DUE, help="reminders, of which half go to the channel that hangs")
    parser.add_argument("--budget", type=float, default=BUDGET_SECONDS, help="seconds that a tick has")
    arguments = parser.parse_args()
    half, budget = arguments.due // 2, arguments.budget
    with ground.server() as server:
        alone = measure(server, half, "'swift'", budget)
        beside = measure(server, half * 2, "CASE g % 2 WHEN 0 THEN 'swift' ELSE 'hangs' END", budget)
    seconds, seconds_beside = _swift_seconds(alone, half), _swift_seconds(beside, half)
    show(
        f"{half:,} sends of 50 ms, and as many that hang for ten seconds",
        [
            Figure(label="alone, until the last has arrived", value=seconds, unit="s", digits=2),
            Figure(label="beside the channel that hangs", value=seconds_beside, unit="s", digits=2),
            Figure(label="beside / alone", value=seconds_beside / seconds, unit="×", digits=2, at_most=1.2),
            Figure(label="the tick beside it", value=beside.seconds, unit="s", at_most=budget),
            Figure(label="sends that have hung meanwhile", value=len(beside.arrived["hangs"]), digits=0),
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
