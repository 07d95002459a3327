"""Recording aside: what came of attempts is written on a second connection while the first plans on."""

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from reminders.channels import PermanentFailure
from reminders.errors import DatabaseUnavailable
from reminders.model import to_instant
from reminders.store import Now, Outcome, Store
from tests.world import DAY, NOW, World

SESSIONS = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'reminders' AND pid <> pg_backend_pid()"


@pytest.fixture
def recorders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that have recorded something."""
    names: list[str] = []
    original = Store.record_outcomes

    def record_outcomes(self: Store, outcomes: Sequence[Outcome], now: Now) -> int:
        names.append(threading.current_thread().name)
        return original(self, outcomes, now)

    monkeypatch.setattr(Store, "record_outcomes", record_outcomes)
    return names


def test_a_backlog_is_recorded_aside(world: World, recorders: list[str]) -> None:
    """From the first full batch on another connection records, and it is gone with the tick."""
    world.plant(100)
    world.store.now(None)
    before = len(world.sql(SESSIONS))
    summary = world.tick(batch=10)
    assert (summary.planned, summary.sent, world.states()) == (100, 100, {"SENT": 100})
    assert set(recorders) == {"record"}
    world.wait_until(f"SELECT WHERE (SELECT count(*) FROM ({SESSIONS}) open) <= {before}")


def test_a_little_is_recorded_on_the_one_connection(world: World, recorders: list[str]) -> None:
    """A worker that finds less than a batch opens no second connection."""
    world.plant(5)
    world.tick()
    assert world.states() == {"SENT": 5}
    assert "record" not in recorders


def test_a_dead_last_run_fails_its_reminder_aside_as_well(world: World, recorders: list[str]) -> None:
    """What is written together is written together there, too: the run DEAD, its reminder FAILED."""
    world.plant(20, schedule_type="one_time")
    world.kept.fail = lambda run: PermanentFailure("no")
    summary = world.tick(batch=10)
    assert (summary.dead, world.states()) == (20, {"DEAD": 20})
    assert world.sql("SELECT status, count(*) FROM reminder_jobs GROUP BY status") == [["FAILED", 20]]
    assert "record" in recorders


def test_a_lost_recorder_ends_the_tick_and_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When outcomes cannot be written the tick says so; once the leases have ended each run is sent again and recorded."""
    world.plant(30)
    original = Store.record_outcomes

    def record_outcomes(self: Store, outcomes: Sequence[Outcome], now: Now) -> int:
        if threading.current_thread().name == "record":
            raise DatabaseUnavailable("gone")
        return original(self, outcomes, now)

    monkeypatch.setattr(Store, "record_outcomes", record_outcomes)
    assert "gone" in world.tick(batch=10).error
    monkeypatch.setattr(Store, "record_outcomes", original)
    later = NOW + timedelta(minutes=10)
    for _ in range(3):
        world.tick(later)
    assert world.states() == {"SENT": 30}
    assert {run.scheduled_at for run in world.kept.runs} == {to_instant(NOW)}
    assert world.sql(
        "SELECT count(*) FROM reminder_jobs WHERE next_run_at <= CAST(:now AS timestamptz)", now=(NOW + DAY).isoformat()
    ) == [[30]]
