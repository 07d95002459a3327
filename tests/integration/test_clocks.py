"""Clocks that go wrong: the database's, ahead for a while and put right again, and a worker's own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reminders.engine.claim_floor import ClaimFloor
from reminders.engine.planning import Planned, Planner
from reminders.instants import to_instant
from reminders.lifecycle import retries
from reminders.states import State
from reminders.storage.database import Database
from reminders.storage.store import Store
from tests.faked_clocks import FakedServer, faked_server, off_by
from tests.receiver import FIRST, Receiver, receiving
from tests.world import HOUR, MINUTE, NOW, World

ROOT = Path(__file__).parents[2]
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def server() -> Iterator[FakedServer]:
    """A PostgreSQL whose clock these tests set."""
    with faked_server({"fsync": "off", "timezone": "America/Los_Angeles"}) as running:
        yield running


@pytest.fixture
def faked(server: FakedServer) -> Iterator[World]:
    """The engine on its database, which is empty, and right."""
    server.set_clock("+0")
    with ExitStack() as stack:

        def open_store() -> Store:
            store = Store(Database(lambda fresh: server.address))
            stack.callback(store.close)
            return store

        world = stack.enter_context(World(open_store, server.address))
        world.sql("TRUNCATE reminder_jobs, reminder_runs, status_flags, scheduler_state")
        yield world


# The database's clock


def test_a_floor_of_a_time_that_never_came_hides_nothing(faked: World, server: FakedServer) -> None:
    """The clock was two hours ahead while a tick noted how far it had seen: what is due now fires now."""
    server.set_clock("+2h")
    faked.sql("INSERT INTO scheduler_state (sweep_after) VALUES (now() + interval '1 second')")
    faked.tick(None)
    faked.store.scheduler.save_bookmark(None, 1.0)
    faked.sql("UPDATE scheduler_state SET claim_floor = now()")
    server.set_clock("+0")
    faked.plant_in(-1.0)
    assert faked.tick(None).due == 1


def test_a_retry_of_a_time_that_never_came_is_due(faked: World, server: FakedServer) -> None:
    """A send failed while the clock was two hours ahead: it is made again now, and not in two hours."""
    server.set_clock("+2h")
    faked.kept.fail = lambda run: OSError("down")
    faked.plant_in(-1.0)
    faked.tick(None)
    server.set_clock("+0")
    faked.kept.fail = lambda run: None
    faked.tick(None)
    assert faked.states() == {State.SENT: 1}


@pytest.mark.parametrize("ahead", ["+2h", "+10m"])
def test_a_lease_of_a_time_that_never_came_lasts_as_long_as_any(faked: World, server: FakedServer, ahead: str) -> None:
    """Its worker may still be sending, so nobody takes the run over at once; two minutes later somebody does."""
    server.set_clock(ahead)
    faked.plant_in(-1.0)
    Planner(faked.store, batch=10, lease_seconds=120).plan({"kept": 10}, None)
    server.set_clock("+0")
    faked.tick(None)
    assert faked.states() == {State.SENDING: 1}
    server.set_clock("+125")
    faked.tick(None)
    assert [run.attempt for run in faked.kept.runs] == [2]


def test_health_does_not_stay_in_a_time_that_never_came(faked: World, server: FakedServer) -> None:
    """last_tick_at is the last tick's, although one before it was two hours ahead."""
    server.set_clock("+2h")
    faked.tick(None)
    server.set_clock("+0")
    faked.tick(None)
    assert faked.sql("SELECT last_tick_at <= now() FROM scheduler_state") == [[True]]


def test_a_resume_of_a_time_that_never_came_stops_nothing(faked: World, server: FakedServer) -> None:
    """A reminder was paused and resumed while the clock was ahead: what it sends now is not from before the pause."""
    faked.plant_in(3600.0)
    ((reminder_id,),) = faked.sql("SELECT id::text FROM reminder_jobs")
    server.set_clock("+30m")
    faked.at(None).reminders.pause(reminder_id)
    faked.at(None).reminders.resume(reminder_id)
    server.set_clock("+0")
    faked.kept.fail = lambda run: OSError("down")
    faked.sql("UPDATE reminder_jobs SET next_run_at = now()")
    faked.tick(None)
    faked.sql("UPDATE reminder_runs SET attempt_at = now()")
    faked.kept.fail = lambda run: None
    faked.tick(None)
    assert faked.states() == {State.SENT: 1}


def test_a_trigger_after_a_pause_of_a_time_that_never_came_is_sent(faked: World, server: FakedServer) -> None:
    """A paused reminder can be triggered, also when its pause lies ahead of the clock."""
    faked.plant_in(3600.0)
    ((reminder_id,),) = faked.sql("SELECT id::text FROM reminder_jobs")
    server.set_clock("+2h")
    faked.at(None).reminders.pause(reminder_id)
    server.set_clock("+0")
    faked.at(None).reminders.trigger(reminder_id)
    faked.tick(None)
    assert faked.states() == {State.SENT: 1}


# What is left alone


def waiting(world: World, state: State, attempt_at: datetime) -> None:
    """One run that waits until then, retried or leased."""
    world.plant(1)
    world.kept.fail = lambda run: OSError("down")
    world.tick(NOW)
    world.kept.fail = lambda run: None
    world.kept.runs.clear()
    world.sql(
        "UPDATE reminder_runs SET state = :state, attempt_at = CAST(:at AS timestamptz)",
        state=state,
        at=attempt_at.isoformat(),
    )


@pytest.mark.parametrize(
    "state, seconds",
    [(State.PENDING, retries.LONGEST_WAIT_SECONDS), (State.SENDING, 120), (State.PENDING, 1100), (State.SENDING, 170)],
)
def test_what_may_have_been_put_is_left_alone(world: World, state: State, seconds: float) -> None:
    """The longest wait that a receiver may ask for, a whole lease, and both after a clock was put back by seconds."""
    at = NOW + timedelta(seconds=seconds)
    waiting(world, state, at)
    world.tick(NOW)
    assert world.kept.runs == []
    assert world.sql("SELECT attempt_at FROM reminder_runs") == [[at]]


def test_an_instant_that_people_have_set_is_left_alone(world: World) -> None:
    """next_run_at may lie as far ahead as one likes."""
    reminder = world.create()
    world.sql("UPDATE reminder_jobs SET next_run_at = '2099-01-01Z'")
    world.tick(NOW + HOUR)
    assert world.get(reminder).next_run_at == datetime.fromisoformat("2099-01-01T00:00:00Z")
    assert world.kept.runs == []


def test_many_are_brought_back_batch_by_batch(world: World) -> None:
    """However many waited for a time that never came, one tick sends them all."""
    world.plant(50)
    world.kept.fail = lambda run: OSError("down")
    world.tick(NOW + 2 * HOUR)
    world.kept.fail = lambda run: None
    world.tick(NOW, batch=7)
    assert world.states() == {State.SENT: 50}


def test_within_a_tick_a_floor_ahead_of_the_clock_falls() -> None:
    """When the clock goes back between two claims the next one looks at everything."""
    floor = ClaimFloor()
    floor.move(planned(NOW + 2 * HOUR), swept=True)
    floor.move(planned(NOW), swept=False)
    assert floor.floor is None
    floor.move(planned(NOW + SECOND), swept=True)
    assert floor.floor == to_instant(NOW + SECOND)


def planned(now: datetime) -> Planned:
    """A claim that found nothing at this instant."""
    return Planned(
        plans=[],
        unknown=0,
        given_up=[],
        is_full=False,
        leased=[],
        read_at=0.0,
        claim_seconds=0.0,
        now=to_instant(now),
        last_due=None,
        still_due=None,
    )


# A worker's clock

TICK = "import os; from reminders.wiring import Scheduler; print(Scheduler(os.environ).tick(60.0).sent)"


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with receiving(tmp_path) as running:
        yield running


@pytest.mark.parametrize("offset", ["+10m", "-10m"])
def test_a_workers_clock_is_not_what_signatures_say(world: World, receiver: Receiver, offset: str) -> None:
    """A worker that is ten minutes wrong signs by the database's clock, so receivers take what it sends."""
    world.plant_in(-1.0)
    world.sql("UPDATE reminder_jobs SET channel = 'webhook', recipient = 'crm'")
    environment = {
        "DATABASE_URL": world.address.url,
        "WEBHOOK_ENDPOINTS": json.dumps({"crm": {"url": receiver.url, "secrets": [FIRST]}}),
        "EGRESS_ALLOW": "port:* 127.0.0.0/8 ::1/128",
        "EMAIL_TRANSPORT": "outbox:/nowhere",
        "SSL_CERT_FILE": receiver.ca_file,
        "PYTHONPATH": str(ROOT / "shared"),
    }
    said = subprocess.run(
        [sys.executable, "-c", TICK],
        env={**os.environ, **environment, **off_by(offset)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.splitlines()[-1] == "1", said
    (received,) = receiver.received
    assert received.verified(FIRST)["data"]["occurrence_no"] == 1


def test_a_workers_clock_is_not_what_a_date_is_held_against(world: World, receiver: Receiver) -> None:
    """Retry-After as a date is so long after the database's now, whatever time it is here."""
    world.channels["webhook"] = receiver.channel()
    receiver.answers = [(503, {"Retry-After": (NOW + 10 * MINUTE).strftime("%a, %d %b %Y %H:%M:%S GMT")})]
    world.plant(1)
    world.sql("UPDATE reminder_jobs SET channel = 'webhook', recipient = 'crm'")
    world.tick(NOW)
    ((wait,),) = world.sql(
        "SELECT date_part('epoch', attempt_at - CAST(:now AS timestamptz)) FROM reminder_runs", now=NOW.isoformat()
    )
    assert 595 < wait <= 720


def test_an_emails_date_is_the_occurrences(world: World) -> None:
    """The Date header says for when the message was meant, by the database, and the same on each repeat."""
    from reminders.channels.email import compose

    world.plant(1)
    world.tick(NOW + 3 * MINUTE)
    (run,) = world.kept.runs
    assert compose(run, "reminders@localhost", "a@example.com")["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
