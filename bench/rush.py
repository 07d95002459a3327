"""A rush: very many reminders due at one instant through a slow channel, and what the API's callers feel meanwhile.

With --outage instead: nobody was there for a while. How long it takes to catch up, and whether those that come due
meanwhile have to wait for all the others.

python -m bench.rush [--n 50000] [--workers 8] [--milliseconds 50] [--concurrency 20]
python -m bench.rush --outage [--n 100000] [--a-minute 1000] [--workers 1] [--seconds 60]
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from time import perf_counter

from bench import ground, worker
from bench.figures import Figure, show
from bench.worker import Orders, Receiver, Report, Worker
from local.postgres import PostgresServer
from reminders.commands import Commands, Recipients
from reminders.engine.limits import ROOM
from reminders.engine.summary import quantile
from reminders.lifecycle.edits import NewReminder
from reminders.model import Condition, Message, NaturalKey
from reminders.model.reminder import ScheduleSpec
from reminders.storage.dsn import Address

BUDGET_SECONDS = 600.0
LOADED_A_SECOND = 5_000  # at least
QUIET_SECONDS = 5.0  # at least, for the calls before
PREPARATION_SECONDS = 8.0  # for the workers to be there before it begins
CALL_EVERY_SECONDS = 0.02
ON_TIME_MS = 1_000.0  # what is not starved after an outage is not later than this and the sends that its channel holds


class Caller:
    """Creates a reminder, reads it, waits a little, and so on; and remembers how long each took."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._numbers = count(1)
        self.create_ms: list[float] = []
        self.get_ms: list[float] = []

    def call_while(self, goes_on: Callable[[], bool]) -> None:
        self.create_ms, self.get_ms = [], []
        with ground.store(self._address) as store:
            commands = Commands(store, Recipients(frozenset({"slow"})))
            while goes_on():
                began = perf_counter()
                reminder, _ = commands.reminders.create(_new_reminder(next(self._numbers)))
                created = perf_counter()
                commands.reminders.get(reminder.id)
                self.create_ms.append((created - began) * 1000)
                self.get_ms.append((perf_counter() - created) * 1000)
                time.sleep(CALL_EVERY_SECONDS)

    def figures(self, when: str) -> list[Figure]:
        return [
            Figure(label=f"API p95 {when}: create", value=quantile(sorted(self.create_ms), 0.95), unit="ms"),
            Figure(label=f"API p95 {when}: get", value=quantile(sorted(self.get_ms), 0.95), unit="ms"),
        ]


def _new_reminder(number: int) -> NewReminder:
    return NewReminder(
        key=NaturalKey(entity_type="caller", entity_id=f"CALL_{number}", event_type="feedback_form"),
        channel="slow",
        schedule=ScheduleSpec(
            schedule_type="recurring", interval_minutes=60, start_at=datetime.now(UTC) + timedelta(days=1)
        ),
        message=Message(subject="Feedback of {{entity_id}}"),
        condition=Condition(type="db_check", value=f"done:{number}"),
    )


def rush(server: PostgresServer, n: int, workers: int, channel: Receiver) -> None:
    """`n` reminders due at the same instant; the workers are there, as PUNCTUALITY=second has it."""
    address = ground.fresh_database(server)
    begin = time.time() + n / LOADED_A_SECOND + QUIET_SECONDS + PREPARATION_SECONDS
    ground.load_due(address, n, due=f"to_timestamp({begin})", channel="'slow'", stopped_percent=0)
    caller = Caller(address)
    caller.call_while(lambda: time.time() < begin - PREPARATION_SECONDS)
    figures = caller.figures("before")
    orders = _orders(address, channel, PREPARATION_SECONDS, begin - 2)
    begun = [worker.start(orders) for _ in range(workers)]
    time.sleep(max(0.0, begin - time.time()))
    caller.call_while(lambda: not _all_done(begun))
    late = _lateness([worker.finish(each) for each in begun], n)
    ideal = n * channel.seconds / (workers * channel.concurrency)
    show(
        f"{n:,} due at one instant, {workers} workers of {channel.concurrency} sends of {channel.seconds * 1000:g}"
        f" ms each",
        [
            Figure(label="until the last has arrived", value=late[-1] / 1000, unit="s"),
            Figure(label="what the channel alone would take", value=ideal, unit="s"),
            Figure(label="lateness p50", value=quantile(late, 0.5), unit="ms"),
            Figure(label="lateness p99", value=quantile(late, 0.99), unit="ms"),
            *figures,
            *caller.figures("meanwhile"),
        ],
    )


def outage(server: PostgresServer, n: int, a_minute: int, workers: int, channel: Receiver, seconds: float) -> None:
    """`n` overdue reminders, and more that come due on time for so many seconds after the workers are back."""
    address = ground.fresh_database(server)
    ground.load_due(address, n, due=f"now() - interval '40 minutes' * g / {n}", channel="'slow'", stopped_percent=0)
    begin, on_time = time.time() + PREPARATION_SECONDS, int(a_minute * seconds / 60)
    due = f"to_timestamp({begin}) + g * interval '1 minute' / {a_minute}"
    ground.load_due(address, on_time, due=due, channel="'slow'", name="ON_TIME", stopped_percent=0)
    begun = [worker.start(_orders(address, channel, seconds + 1, begin)) for _ in range(workers)]
    reports = [worker.finish(each) for each in begun]
    arrived = [pair for report in reports for pair in report.arrived["slow"]]
    drained = max(at for scheduled, at in arrived if scheduled < begin) - begin
    on_time_late = [(scheduled, (at - scheduled) * 1000) for scheduled, at in arrived if scheduled >= begin]
    if len(arrived) != n + on_time:
        raise AssertionError(f"{len(arrived)} of {n + on_time} have arrived")
    held_ms = ROOM * channel.seconds / channel.concurrency * 1000
    meanwhile = sorted(late for scheduled, late in on_time_late if scheduled - begin < drained)
    after = sorted(late for scheduled, late in on_time_late if scheduled - begin >= drained)
    show(
        f"{n:,} overdue, {a_minute:,} more come due each minute; {workers} worker(s)",
        [
            Figure(label="until the overdue have arrived", value=drained, unit="s"),
            Figure(label="came due meanwhile", value=len(meanwhile), digits=0),
            Figure(label="their lateness p50", value=quantile(meanwhile, 0.5), unit="ms"),
            Figure(
                label="their lateness p99", value=quantile(meanwhile, 0.99), unit="ms", at_most=ON_TIME_MS + held_ms
            ),
            Figure(label="their lateness max", value=meanwhile[-1] if meanwhile else 0.0, unit="ms"),
            Figure(label="lateness p99 of those that came due later", value=quantile(after, 0.99), unit="ms"),
        ],
    )


def _orders(address: Address, channel: Receiver, stay_seconds: float, begin_at: float) -> Orders:
    return Orders(
        url=address.url,
        channels={"slow": channel},
        budget_seconds=BUDGET_SECONDS,
        stay_seconds=stay_seconds,
        begin_at=begin_at,
    )


def _all_done(workers: list[Worker]) -> bool:
    return all(each.is_done for each in workers)


def _lateness(reports: list[Report], expected: int) -> list[float]:
    """In milliseconds, ordered."""
    late = sorted((at - scheduled) * 1000 for report in reports for scheduled, at in report.arrived["slow"])
    if len(late) != expected:
        raise AssertionError(f"{len(late)} of {expected} have arrived")
    return late


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outage", action="store_true", help="catching up instead of a rush")
    parser.add_argument("--n", type=int, help="reminders: 50,000 in a rush, 100,000 overdue (500000 is the full size)")
    parser.add_argument("--workers", type=int, help="processes: 8 in a rush, 1 after an outage")
    parser.add_argument("--milliseconds", type=float, help="of a send: 50 in a rush, none after an outage")
    parser.add_argument("--concurrency", type=int, default=20, help="sends at the same time, as the email channel's")
    parser.add_argument("--a-minute", type=int, default=1_000, help="reminders that come due meanwhile")
    parser.add_argument("--seconds", type=float, default=60.0, help="for which they do; longer than catching up takes")
    arguments = parser.parse_args()
    milliseconds = arguments.milliseconds
    with ground.server() as server:
        if arguments.outage:
            channel = Receiver(
                seconds=(milliseconds or 0) / 1000, concurrency=arguments.concurrency if milliseconds else 1
            )
            n, workers = arguments.n or 100_000, arguments.workers or 1
            outage(server, n, arguments.a_minute, workers, channel, arguments.seconds)
        else:
            seconds = (50 if milliseconds is None else milliseconds) / 1000
            channel = Receiver(seconds=seconds, concurrency=arguments.concurrency, timeout_seconds=10.0)
            rush(server, arguments.n or 50_000, arguments.workers or 8, channel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
