"""`make soak`: three workers that are killed at random, while callers create, pause and flag. Ends with one line.

python -m tests.crash.soak [--seconds 180] [--reminders 5000]
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local import postgres
from reminders.changes import NewReminder
from reminders.commands import Commands
from reminders.database import Address, Database
from reminders.errors import IllegalTransition
from reminders.model import Condition, Message, NaturalKey, ScheduleWish
from reminders.store import Store
from tests.crash.stage import Receiver, kill, listening, start_worker, stop, wait_until

WORKERS = 3
LEASE_SECONDS = 3.0


@dataclass(frozen=True)
class Tally:
    """What a soak has come to."""

    kills: int
    sent: int
    repeated: int
    lost: int
    early: int
    unexplained: int  # runs that ended otherwise than SENT or CANCELLED

    def __str__(self) -> str:
        return (
            f"kills survived {self.kills} · sent {self.sent} · repeated {self.repeated} · "
            f"lost {self.lost} · early {self.early} · unexplained {self.unexplained}"
        )


def soak(address: Address, *, reminders: int, seconds: float, seed: int = 1) -> Tally:
    """Runs the scene on an empty migrated database."""
    chance = random.Random(seed)
    receiver = Receiver()
    with ExitStack() as stack:
        port = stack.enter_context(listening(receiver.take))
        workers = [start_worker(address.url, port, 0, lease=LEASE_SECONDS, batch=200) for _ in range(WORKERS)]
        stack.callback(lambda: [kill(worker) for worker in workers if worker.poll() is None])
        callers = threading.Thread(target=_call, args=(address, reminders, seconds))
        callers.start()
        kills, until = 0, time.monotonic() + seconds
        while time.monotonic() < until or callers.is_alive():
            time.sleep(chance.uniform(0.5, 2.0))
            unlucky = chance.randrange(WORKERS)
            kill(workers[unlucky])
            workers[unlucky] = start_worker(address.url, port, 0, lease=LEASE_SECONDS, batch=200)
            kills += 1
        callers.join()
        with closing(Database(lambda fresh: address)) as database:

            def is_quiet() -> bool:
                ((left,),) = database.run(
                    "SELECT (SELECT count(*) FROM reminder_jobs WHERE status = 'ACTIVE' AND (occurrence_no = 0 OR next_run_at <= now()))"
                    " + (SELECT count(*) FROM reminder_runs WHERE state IN ('PENDING', 'SENDING'))"
                )
                return bool(left == 0)

            quiet = wait_until(is_quiet, 60.0)
            for worker in workers:
                stop(worker)
            return _tally(database, receiver, kills, quiet)


def _call(address: Address, reminders: int, seconds: float) -> None:
    """Callers' doings: create over the whole time; flag one in ten; pause, resume and trigger those called VIP."""
    with closing(Store(Database(lambda fresh: address))) as store:
        commands, chance = Commands(store, frozenset({"post"})), random.Random(7)
        important: list[str] = []
        for number in range(reminders):
            vip = number % 10 == 0
            created, _ = commands.create(_wish(number, "VIP" if vip else "INT", chance))
            if vip:
                important.append(created.id)
                with suppress(IllegalTransition):  # it has ended meanwhile: that is an answer
                    chance.choice([commands.pause, commands.resume, commands.trigger])(chance.choice(important))
                commands.set_flag(f"done:{chance.randrange(reminders)}", True)
            if number % 50 == 0:
                time.sleep(seconds * 0.8 * 50 / reminders)


def _wish(number: int, name: str, chance: random.Random) -> NewReminder:
    """One in three fires each minute, the others once."""
    often = number % 3 == 0
    return NewReminder(
        key=NaturalKey(entity_type="interviewer", entity_id=f"{name}_{number}", event_type="feedback_form"),
        channel="post",
        schedule=ScheduleWish(
            schedule_type="recurring" if often else "one_time",
            interval_minutes=1 if often else None,
            start_at=datetime.now(UTC) + timedelta(seconds=chance.uniform(1, 6)),
        ),
        message=Message(subject="Feedback of {{entity_id}}", body="No {{occurrence_no}}"),
        condition=Condition(type="db_check", value=f"done:{number}"),
    )


def _tally(database: Database, receiver: Receiver, kills: int, quiet: bool) -> Tally:
    """Lost is what was planned and never arrived, what arrived and is not SENT, and what never came to rest."""
    sent = {
        f"{row[0]}_{row[1]}_0"
        for row in database.run("SELECT reminder_id, occurrence_no FROM reminder_runs WHERE state = 'SENT'")
    }
    ((unexplained,),) = database.run("SELECT count(*) FROM reminder_runs WHERE state NOT IN ('SENT', 'CANCELLED')")
    ((unplanned,),) = database.run(
        "SELECT count(*) FROM reminder_jobs WHERE status IN ('COMPLETED', 'ACTIVE') AND occurrence_no = 0"
        " AND start_at <= now() AND completion_reason IS DISTINCT FROM 'stop_condition' AND entity_id LIKE 'INT%'"
    )
    texts_differ = sum(len(set(texts)) > 1 for texts in receiver.texts.values())
    lost = len(sent - receiver.texts.keys()) + unplanned + texts_differ + (0 if quiet else 1)
    return Tally(kills, len(receiver.texts), receiver.repeated, lost, receiver.early, unexplained)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--reminders", type=int, default=5_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reminders-soak-") as folder:
        Path(folder).chmod(0o755)
        server = postgres.start(Path(folder) / "postgres", {"max_connections": "100"}, keep=False)
        try:
            address = postgres.address_of(server, "postgres").to("soak")
            postgres.create_database(postgres.address_of(server, "postgres"), "soak")
            postgres.migrate(address)
            tally = soak(address, reminders=arguments.reminders, seconds=arguments.seconds)
        finally:
            server.cleanup()
    print(tally)
    return 0 if tally.lost == tally.early == tally.unexplained == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
