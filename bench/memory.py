"""How much memory a process needs that works through a great many due reminders: as much as a batch needs, not as all
do.

python -m bench.memory [--n 200000] [--body-bytes 1024]
"""

import argparse
import sys

from bench import ground, worker
from bench.figures import Figure, show
from bench.worker import Orders, Receiver, Report
from local.postgres import PostgresServer

N = 200_000
LIMIT_MB = 256.0
BUDGET_SECONDS = 600.0


def measure(server: PostgresServer, n: int, body_bytes: int = 0) -> Report:
    """Has a fresh process work through `n` due reminders; the more than nine in ten that fire must be sent."""
    address = ground.fresh_database(server)
    ground.load_due(address, n, body_bytes=body_bytes)
    channels = {"null": Receiver(notes=False)}
    report = worker.finish(worker.start(Orders(url=address.url, channels=channels, budget_seconds=BUDGET_SECONDS)))
    if n and report.sent != n - n // 20:
        raise AssertionError(f"sent {report.sent} of {n}")
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=N, help="due reminders")
    parser.add_argument("--body-bytes", type=int, default=1024, help="of the messages in the second run")
    arguments = parser.parse_args()
    n, body_bytes = arguments.n, arguments.body_bytes
    with ground.server() as server:
        nothing, plain, long = measure(server, 0), measure(server, n), measure(server, n, body_bytes)
    show(
        "peak memory of a worker",
        [
            Figure(label="nothing due", value=nothing.peak_mb, unit="MB"),
            Figure(label=f"{n:,} due", value=plain.peak_mb, unit="MB", at_most=LIMIT_MB),
            Figure(label=f"{n:,} due, bodies of {body_bytes:,} bytes", value=long.peak_mb, unit="MB", at_most=LIMIT_MB),
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
