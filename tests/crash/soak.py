"""`make soak`: three workers that are killed at random, while callers create, pause and flag. Ends with one line.

python -m tests.crash.soak [--seconds 180] [--reminders 5000] [--webhook]

With --webhook the workers deliver by the webhook channel over TLS to a receiver of its own process, where
`standardwebhooks` verifies each message and seen ids are dropped. On the way the secret is rotated: who is started in
the first phase signs with the old one, in the second with both, in the last with the new one. A phase has a third of
the time, and more until a message of its own has come; the last one also waits for a repeat.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from local import postgres
from reminders.commands import Commands, Recipients
from reminders.errors import IllegalTransition
from reminders.lifecycle.edits import NewReminder
from reminders.model import Condition, Message, NaturalKey
from reminders.model.reminder import ScheduleSpec
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests.crash.hook import REPEAT
from tests.crash.stage import ROOT, Receiver, kill, listening, start_worker, stop, wait_until
from tests.receiver import FIRST, LOOPBACK, SECOND

WORKERS = 3
LEASE_SECONDS = 3.0
PATIENCE_SECONDS = 60.0  # that a phase goes beyond its share of the time, for news that has not come


@dataclass(frozen=True)
class Tally:
    """What a soak has come to."""

    kills: int
    sent: int
    repeated: int
    lost: int
    early: int
    unexplained: int  # runs that ended otherwise than SENT or CANCELLED
    doubled: int  # messages that were taken twice although seen ids are dropped
    unplanned: int  # messages that were taken and belong to no run
    refused: int = 0  # messages that the receiver could not verify
    signed: dict[str, int] = field(default_factory=dict)  # by which of its secrets it could verify them: 1, 1+2, 2

    @property
    def wrong(self) -> int:
        return self.lost + self.early + self.unexplained + self.doubled + self.unplanned + self.refused

    def __str__(self) -> str:
        signed = "".join(f" · signed with {secrets} {count}" for secrets, count in sorted(self.signed.items()))
        return (
            f"kills survived {self.kills} · sent {self.sent} · repeated {self.repeated} · lost {self.lost} · "
            f"early {self.early} · unexplained {self.unexplained} · doubled {self.doubled} · "
            f"unplanned {self.unplanned} · refused {self.refused}{signed}"
        )


@dataclass
class Report:
    """What a receiver got, and what it took of that: the ids, without those that it had seen."""

    receiver: Receiver
    taken: list[str]
    refused: int = 0
    signed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Phase:
    """A part of the soak: the settings of the workers started in it, and the news without which it does not end."""

    settings: dict[str, object]
    news: tuple[str, ...] = ()


@dataclass
class Post:
    """Where workers deliver to: the phases of that, whether some news has come, and how to end it."""

    phases: list[Phase]
    end: Callable[[], Report]
    has_come: Callable[[str], bool] = lambda _: True

    def is_told(self, *phases: Phase) -> bool:
        return all(self.has_come(news) for phase in phases for news in phase.news)


@contextmanager
def by_line() -> Iterator[Post]:
    """The tests' own channel and receiver."""
    receiver = Receiver()
    with listening(receiver.take) as port:
        yield Post([Phase({"receiver": port})], lambda: Report(receiver, list(receiver.texts)))


@contextmanager
def by_webhook() -> Iterator[Post]:
    """The webhook channel, while its secret is rotated; the receiver knows both."""
    with tempfile.TemporaryDirectory(prefix="reminders-hook-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.hook", folder, FIRST, SECOND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}"},
        )
        with process:
            assert process.stdin and process.stdout
            where = json.loads(process.stdout.readline())

            def phase(secrets: list[str], *news: str) -> Phase:
                endpoint = {"url": where["url"], "secrets": secrets}
                hook = {"endpoint": endpoint, "ca_file": where["ca_file"], "allow": f"{LOOPBACK} ::1/128"}
                return Phase({"receiver": 0, "hook": hook}, news)

            def end() -> Report:
                told = json.loads(process.communicate()[0])
                receiver = Receiver(texts=told["texts"], early=told["early"])
                return Report(receiver, told["taken"], told["refused"], told["signed"])

            phases = [phase([FIRST], "1"), phase([SECOND, FIRST], "1+2"), phase([SECOND], "2", REPEAT)]
            yield Post(phases, end, lambda news: (Path(folder) / news).exists())


def soak(
    address: Address,
    *,
    reminders: int,
    seconds: float,
    seed: int = 1,
    post: Callable[[], AbstractContextManager[Post]] = by_line,
) -> Tally:
    """Runs the scene on an empty migrated database."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        where = stack.enter_context(post())
        share, over = seconds / len(where.phases), threading.Event()

        def start(phase: Phase) -> subprocess.Popen[str]:
            return start_worker(address.url, prompter=0, lease=LEASE_SECONDS, batch=200, **phase.settings)  # type: ignore[arg-type]

        def is_enough() -> bool:
            return over.is_set() or where.is_told(*where.phases)

        workers = [start(where.phases[0]) for _ in range(WORKERS)]
        stack.callback(lambda: [kill(worker) for worker in workers if worker.poll() is None])
        callers = threading.Thread(target=_call, args=(address, reminders, seconds, is_enough))
        callers.start()
        stack.callback(over.set)
        kills = 0

        def replace_one(phase: Phase, slowness: float = 1.0) -> None:
            nonlocal kills
            time.sleep(chance.uniform(0.5, 2.0) * slowness)
            unlucky = chance.randrange(WORKERS)
            kill(workers[unlucky])
            workers[unlucky] = start(phase)
            kills += 1

        for phase in where.phases:
            begun = time.monotonic()
            while (spent := time.monotonic() - begun) < share or (
                spent < share + PATIENCE_SECONDS and not where.is_told(phase)
            ):
                # Beyond its share kills grow rarer: on a slow machine, too, somebody then lives until it sends.
                replace_one(phase, 1 + spent // share)
        over.set()
        while callers.is_alive():
            replace_one(phase)
        callers.join()
        with closing(Database(lambda fresh: address)) as database:

            def is_quiet() -> bool:
                ((left,),) = database.run(
                    "SELECT (SELECT count(*) FROM reminder_jobs WHERE status = 'ACTIVE' AND (occurrence_no = 0 OR next_run_at <= now()))"
                    " + (SELECT count(*) FROM reminder_runs WHERE state IN ('PENDING', 'SENDING'))"
                )
                return bool(left == 0)

            quiet = wait_until(is_quiet, 100.0)
            for worker in workers:
                stop(worker)
            return _tally(database, where.end(), kills, quiet)


def _call(address: Address, reminders: int, seconds: float, is_enough: Callable[[], bool]) -> None:
    """Callers' doings: create so many over the time, and on until it is enough; flag one in ten; pause, resume and
    trigger those called VIP."""
    with closing(Store(Database(lambda fresh: address))) as store:
        commands, chance = Commands(store, Recipients(frozenset({"post"}))), random.Random(7)
        important: list[str] = []
        for number in count():
            if number >= reminders and is_enough():
                return
            vip = number % 10 == 0
            created, _ = commands.reminders.create(_new_reminder(number, "VIP" if vip else "INT", chance))
            if vip:
                important.append(created.id)
                with suppress(IllegalTransition):  # it has ended meanwhile: that is an answer
                    chance.choice([commands.reminders.pause, commands.reminders.resume, commands.reminders.trigger])(
                        chance.choice(important)
                    )
                commands.flags.set(f"done:{chance.randrange(reminders)}", True)
            if number % 50 == 0:
                time.sleep(seconds * 0.8 * 50 / reminders)


def _new_reminder(number: int, name: str, chance: random.Random) -> NewReminder:
    """One in three fires each minute, the others once."""
    often = number % 3 == 0
    return NewReminder(
        key=NaturalKey(entity_type="interviewer", entity_id=f"{name}_{number}", event_type="feedback_form"),
        channel="post",
        recipient="hook",
        schedule=ScheduleSpec(
            schedule_type="recurring" if often else "one_time",
            interval_minutes=1 if often else None,
            start_at=datetime.now(UTC) + timedelta(seconds=chance.uniform(1, 6)),
        ),
        message=Message(subject="Feedback of {{entity_id}}", body="No {{occurrence_no}}"),
        condition=Condition(type="db_check", value=f"done:{number}"),
    )


def _tally(database: Database, report: Report, kills: int, quiet: bool) -> Tally:
    """Lost is what was planned and never arrived, what is SENT and was not taken, and what never came to rest."""
    runs = {
        f"{reminder_id}_{occurrence_no}_{step}": state
        for reminder_id, occurrence_no, step, state in database.run(
            "SELECT reminder_id, occurrence_no, step, state FROM reminder_runs"
        )
    }
    sent = {key for key, state in runs.items() if state == "SENT"}
    ((never,),) = database.run(
        "SELECT count(*) FROM reminder_jobs WHERE status IN ('COMPLETED', 'ACTIVE') AND occurrence_no = 0"
        " AND start_at <= now() AND completion_reason IS DISTINCT FROM 'stop_condition' AND entity_id LIKE 'INT%'"
    )
    taken = Counter(report.taken)
    texts_differ = sum(len(set(texts)) > 1 for texts in report.receiver.texts.values())
    return Tally(
        kills=kills,
        sent=len(taken),
        repeated=report.receiver.repeated,
        lost=len(sent - taken.keys()) + never + texts_differ + (0 if quiet else 1),
        early=report.receiver.early,
        unexplained=sum(state not in ("SENT", "CANCELLED") for state in runs.values()),
        doubled=taken.total() - len(taken),
        unplanned=len(taken.keys() - runs.keys()),
        refused=report.refused,
        signed=report.signed,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--reminders", type=int, default=5_000)
    parser.add_argument("--webhook", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reminders-soak-") as folder:
        Path(folder).chmod(0o755)
        server = postgres.start(Path(folder) / "postgres", {"max_connections": "100"}, keep=False)
        try:
            address = postgres.address_of(server, "postgres").to("soak")
            postgres.create_database(postgres.address_of(server, "postgres"), "soak")
            postgres.migrate(address)
            tally = soak(
                address,
                reminders=arguments.reminders,
                seconds=arguments.seconds,
                post=by_webhook if arguments.webhook else by_line,
            )
        finally:
            server.cleanup()
    print(tally)
    # Where no webhook had to be repeated, dropping repeats was not shown.
    return 1 if tally.wrong or (arguments.webhook and not tally.repeated) else 0


if __name__ == "__main__":
    sys.exit(main())
