"""Recording under load: what came of attempts is written on a second connection while the first plans on."""

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from reminders.channels import PermanentFailure
from reminders.errors import DatabaseUnavailable
from reminders.lifecycle.outcomes import Outcome
from reminders.lifecycle.retries import MAX_ATTEMPTS
from reminders.storage.database import Database
from reminders.storage.runs import RunTable
from reminders.storage.store import Store
from tests.world import NOW, World

SESSIONS = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'reminders' AND pid <> pg_backend_pid()"


@pytest.fixture
def recorders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that have recorded something."""
    names: list[str] = []
    original = RunTable.record

    def record(self: RunTable, outcomes: Sequence[Outcome]) -> int:
        names.append(threading.current_thread().name)
        return original(self, outcomes)

    monkeypatch.setattr(RunTable, "record", record)
    return names


def test_a_backlog_is_recorded_on_a_second_connection(world: World, recorders: list[str]) -> None:
    """From the first full batch on another connection records, and it is gone with the tick."""
    world.plant(100)
    store = Store(Database(lambda fresh: world.address))  # by no pooler, whose sessions stay
    store.now()
    before = len(world.sql(SESSIONS))
    summary = world.tick(batch=10, store=store)
    assert (summary.planned, summary.sent, world.states()) == (100, 100, {"SENT": 100})
    assert set(recorders) == {"record"}
    world.wait_until(f"SELECT WHERE (SELECT count(*) FROM ({SESSIONS}) open) <= {before}")
    store.close()


def test_a_little_is_recorded_on_the_one_connection(world: World, recorders: list[str]) -> None:
    """A worker that finds less than a batch opens no second connection."""
    world.plant(5)
    world.tick()
    assert world.states() == {"SENT": 5}
    assert "record" not in recorders


def test_a_dead_last_run_fails_its_reminder_there_as_well(world: World, recorders: list[str]) -> None:
    """What is written together is written together there, too: the run DEAD, its reminder FAILED."""
    world.plant(20, schedule_type="one_time")
    world.kept.fail = lambda run: PermanentFailure("no")
    summary = world.tick(batch=10)
    assert (summary.dead, world.states()) == (20, {"DEAD": 20})
    assert world.sql("SELECT status, count(*) FROM reminder_jobs GROUP BY status") == [["FAILED", 20]]
    assert "record" in recorders


def test_a_lost_recorder_leaves_it_to_the_owner(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no second connection can be had, the one that there is records, and nothing is sent twice."""
    world.plant(300)
    original = RunTable.record

    def record(self: RunTable, outcomes: Sequence[Outcome]) -> int:
        if threading.current_thread().name == "record":
            raise DatabaseUnavailable("too many connections")
        return original(self, outcomes)

    monkeypatch.setattr(RunTable, "record", record)
    summary = world.tick(batch=50)
    assert (summary.error, summary.sent, world.states()) == ("", 300, {"SENT": 300})
    assert len(world.kept.runs) == 300


def test_a_fault_of_the_recorder_ends_the_tick_and_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that nobody expects is the tick's failure; once the leases have ended each run is sent again and
    recorded."""
    world.plant(30)
    original = RunTable.record

    def record(self: RunTable, outcomes: Sequence[Outcome]) -> int:
        if threading.current_thread().name == "record":
            raise ZeroDivisionError
        return original(self, outcomes)

    monkeypatch.setattr(RunTable, "record", record)
    assert world.tick(batch=10).error == "ZeroDivisionError"
    monkeypatch.setattr(RunTable, "record", original)
    for _ in range(3):
        world.tick(NOW + timedelta(minutes=10))
    assert world.states() == {"SENT": 30}


def refuse_updates(world: World, condition: str) -> None:
    """Makes the server refuse each change of a run for which the condition holds."""
    world.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION 'refused' USING ERRCODE = '23514'; END IF; RETURN NEW; END $$"
    )
    world.sql("CREATE TRIGGER refuse BEFORE UPDATE ON reminder_runs FOR EACH ROW EXECUTE FUNCTION refuse()")


@pytest.mark.parametrize("failure", [None, PermanentFailure("no"), OSError("down")])
def test_an_outcome_that_is_refused_harms_only_its_own_run(world: World, failure: Exception | None) -> None:
    """Of 300 outcomes one is refused, whatever it is: 299 are recorded once, and no neighbour is sent twice."""
    world.plant(300, schedule_type="one_time")
    culprit = world.sql("SELECT id FROM reminder_jobs WHERE entity_id = 'n_150'")[0][0]
    refuse_updates(world, f"NEW.reminder_id = '{culprit}' AND NEW.state <> 'SENDING'")
    world.kept.fail = lambda run: failure if run.entity_id == "n_150" else None
    summary = world.tick()
    assert (summary.error, summary.sent, world.states()) == ("", 299, {"SENT": 299, "SENDING": 1})
    assert len(world.kept.runs) == 300


def test_a_run_whose_outcome_is_refused_is_sent_as_often_as_its_attempts_allow(world: World) -> None:
    """It is taken over like a dead worker's, and after its last attempt it is not sent any more."""
    world.plant(3, schedule_type="one_time")
    culprit = world.sql("SELECT id FROM reminder_jobs WHERE entity_id = 'n_2'")[0][0]
    refuse_updates(world, f"NEW.reminder_id = '{culprit}' AND NEW.state = 'SENT'")
    for number in range(20):
        world.tick(NOW + number * timedelta(minutes=10))
    sent = [run.entity_id for run in world.kept.runs]
    assert sent.count("n_2") == MAX_ATTEMPTS
    assert (sent.count("n_1"), sent.count("n_3"), world.states()) == (1, 1, {"SENT": 2, "DEAD": 1})


def test_a_run_is_recorded_although_its_reminder_cannot_fail(world: World) -> None:
    """Where the reminder of a DEAD run cannot be changed, the run is DEAD all the same."""
    world.plant(5, schedule_type="one_time")
    world.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.status = 'FAILED' AND NEW.entity_id = 'n_2' THEN"
        " RAISE EXCEPTION 'refused' USING ERRCODE = '23514'; END IF; RETURN NEW; END $$"
    )
    world.sql("CREATE TRIGGER refuse BEFORE UPDATE ON reminder_jobs FOR EACH ROW EXECUTE FUNCTION refuse()")
    world.kept.fail = lambda run: PermanentFailure("no")
    summary = world.tick()
    assert (summary.error, world.states()) == ("", {"DEAD": 5})
    assert world.sql("SELECT status, count(*) FROM reminder_jobs GROUP BY status ORDER BY status") == [
        ["COMPLETED", 1],
        ["FAILED", 4],
    ]
