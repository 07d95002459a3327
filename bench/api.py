"""How fast the HTTP API answers, beside the API that people would write instead: FastAPI, pydantic and SQLAlchemy on
psycopg.

Both in one run: one uvicorn worker each with the same event loop and parser, as `make run` has them, on the same
PostgreSQL, with the same tables and indexes and as many reminders. Callers wait for each answer before they ask again.
Then the Lambda handler, called in one process without a network: what a request costs in CPU.

python -m bench.api [--json] [--rounds 3] [--seconds 1]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil  # type: ignore[import-untyped]  # it comes with the embedded PostgreSQL

from bench import ground
from bench.api_servers import ROOT, Side, serving
from reminders.observe import logger
from reminders.storage.dsn import Address

STORED = 2_000  # reminders that are there before anybody calls
CALLERS = (1, 8)
HANDLED = 300  # requests of each kind that the Lambda handler gets

_NEW = {"entity_type": "interviewer", "entity_id": "INT_{n}", "event_type": "feedback_form", "channel": "log"} | {
    "schedule_type": "recurring",
    "interval_minutes": 60,
    "stop_condition_type": "db_check",
    "stop_condition_value": "done:{n}",
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What callers ask for. `{n}` is a fresh number, `{id}` a reminder that is there."""

    name: str
    method: str
    path: str
    status: int
    body: str = ""


OPERATIONS = (
    Operation(name="create", method="POST", path="/reminders", status=201, body=json.dumps(_NEW)),
    Operation(
        name="create twin", method="POST", path="/reminders", status=200, body=json.dumps(_NEW).replace("{n}", "twin")
    ),
    Operation(name="get", method="GET", path="/reminders/{id}", status=200),
    Operation(name="list of 50", method="GET", path="/reminders?limit=50", status=200),
    Operation(name="set flag", method="PUT", path="/flags/done:{n}", status=200, body='{"value": true}'),
)


def _load(address: Address) -> str:
    """Fills a database with reminders that are not due, the twin among them, and returns the id of one."""
    later = "now() + g * interval '1 minute'"
    ground.load_due(address, STORED, due=later, channel="'log'")
    ground.load_due(address, 1, due=later, channel="'log'", name="INT_twin")
    with ground.session(address) as database:
        database.run("UPDATE reminder_jobs SET entity_id = 'INT_twin' WHERE entity_id = 'INT_twin_1'")
        return str(database.run("SELECT max(id::text) FROM reminder_jobs")[0][0])


def _call(
    side: Side, operation: Operation, some_id: str, callers: int, seconds: float, series: str
) -> dict[str, float]:
    """One measurement: requests a second, milliseconds they took, and the server's CPU for each."""
    job = {
        "port": side.port,
        "method": operation.method,
        "path": operation.path.replace("{id}", some_id),
        "body": operation.body,
        "status": operation.status,
        "callers": callers,
        "seconds": seconds,
        "series": series,
    }
    used = _cpu_seconds(side.process)
    command = [sys.executable, "-m", "bench.callers", json.dumps(job)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    used = _cpu_seconds(side.process) - used
    taken = sorted(json.loads(done.stdout))
    return {
        "per_s": len(taken) * callers / (sum(taken) / 1000),
        "p50_ms": statistics.median(taken),
        "p99_ms": taken[int(len(taken) * 0.99)],
        "cpu_ms": used / len(taken) * 1000,
    }


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def compare(sides: tuple[Side, Side], ids: dict[str, str], rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Each operation on both sides: medians of alternating rounds, repeats outermost; `ratio` is ours to theirs."""
    found: defaultdict[tuple[str, int, str], list[dict[str, float]]] = defaultdict(list)
    for number in range(rounds):
        for operation in OPERATIONS:
            for callers in CALLERS:
                for side in sides if number % 2 else sides[::-1]:
                    measured = _call(side, operation, ids[side.name], callers, seconds, f"{number}-{callers}")
                    found[operation.name, callers, side.name].append(measured)
    lines = []
    for operation in OPERATIONS:
        for callers in CALLERS:
            ours, theirs = (_medians(found[operation.name, callers, side.name]) for side in sides)
            ratio = round(ours["per_s"] / theirs["per_s"], 2)
            line = {"operation": operation.name, "callers": callers, "ours": ours, "theirs": theirs, "ratio": ratio}
            lines.append(line)
    return lines


def _medians(measured: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(each[name] for each in measured), 2) for name in measured[0]}


def in_process(address: Address, some_id: str) -> dict[str, float]:
    """CPU milliseconds of a request through the Lambda handler, by operation: medians of three rounds."""
    os.environ["DATABASE_URL"] = address.url
    from functions.api import app  # it reads its settings when it is imported

    context = SimpleNamespace(
        function_name="api", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="bench"
    )
    found: defaultdict[str, list[float]] = defaultdict(list)
    with Path(os.devnull).open("w") as nowhere:
        logger.registered_handler.setStream(nowhere)  # type: ignore[attr-defined]  # each request logs a line
        for number in range(4):
            for operation in OPERATIONS:
                events = [_event(operation, some_id, f"handled-{number}-{each}") for each in range(HANDLED)]
                found[operation.name].append(_handle(app.handler, events, context, operation.status))
    app.commands().close()
    return {name: round(statistics.median(values[1:]), 3) for name, values in found.items()}  # the first warms up


def _handle(
    handler: Callable[..., dict[str, Any]], events: list[dict[str, Any]], context: object, status: int
) -> float:
    began = time.process_time()
    answered = {handler(event, context)["statusCode"] for event in events}
    spent = time.process_time() - began
    if answered != {status}:
        raise AssertionError(f"{answered} instead of {status}")
    return spent / len(events) * 1000


def _event(operation: Operation, reminder_id: str, number: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / "create_reminder.json").read_text(encoding="utf-8"))
    path, _, query = operation.path.replace("{id}", reminder_id).replace("{n}", number).partition("?")
    event |= {"rawPath": path, "rawQueryString": query}
    event["requestContext"]["http"] |= {"method": operation.method, "path": path}
    if operation.body:
        event["body"] = operation.body.replace("{n}", number)
    else:
        del event["body"], event["headers"]["content-length"], event["headers"]["content-type"]
    return event


def _print(lines: list[dict[str, Any]], handled: dict[str, float]) -> None:
    print(f"{'':22}{'ours: a second, p50, p99, CPU ms':>38}{'theirs':>38}   ratio")
    for line in lines:
        print(f"{line['operation']:13}{line['callers']:2} callers", end="")
        for side in ("ours", "theirs"):
            each = line[side]
            print(f"{each['per_s']:12,.0f}{each['p50_ms']:9.2f}{each['p99_ms']:9.2f}{each['cpu_ms']:8.2f}", end="")
        print(f"{line['ratio']:8.2f}")
    print("in process, CPU ms: " + " · ".join(f"{name} {value:.2f}" for name, value in handled.items()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON line, for programs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    arguments = parser.parse_args()
    with ground.server() as server, ExitStack() as running:
        addresses = {name: ground.fresh_database(server, f"bench_{name}") for name in ("ours", "theirs")}
        ids = {name: _load(address) for name, address in addresses.items()}
        ours, theirs = (running.enter_context(serving(name, address)) for name, address in addresses.items())
        lines = compare((ours, theirs), ids, arguments.rounds, arguments.seconds)
        handled = in_process(addresses["ours"], ids["ours"])
    if arguments.json:
        print(json.dumps({"served": lines, "in_process_cpu_ms": handled}))
    else:
        _print(lines, handled)
    return 0


if __name__ == "__main__":
    sys.exit(main())
