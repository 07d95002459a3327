"""Plans that outlast their transaction: the server ends the statement, or the session that was idle in it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from reminders.engine import planning
from reminders.lifecycle import decide
from reminders.lifecycle.decide import Decision
from reminders.model import Due
from reminders.states import Status
from reminders.storage.store import Store
from tests.world import HOUR, NOW, World

DUE = NOW + HOUR


def bounded(world: World, setting: str) -> Callable[[], Store]:
    """Gives the sessions to come a short patience."""
    world.sql(f"ALTER ROLE CURRENT_USER IN DATABASE \"{world.address.database}\" SET {setting} = '300ms'")
    return world.open_store


def slow(world: World, condition: str) -> None:
    """Makes the server take longer than it may for runs for which the condition holds."""
    world.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {condition} THEN PERFORM pg_sleep(10); END IF; RETURN NEW; END $$"
    )
    world.sql("CREATE TRIGGER slow BEFORE INSERT ON reminder_runs FOR EACH ROW EXECUTE FUNCTION slow()")


def statuses(world: World) -> dict[str, int]:
    return dict(world.sql("SELECT status, count(*) FROM reminder_jobs GROUP BY status"))


def test_a_plan_that_the_server_ends_is_made_smaller_until_its_culprit_is_parked(world: World) -> None:
    """One reminder in a hundred takes longer than a statement may: it is FAILED, ninety-nine fire in the same tick."""
    world.plant(100, due=DUE)
    culprit = world.sql("SELECT id FROM reminder_jobs WHERE entity_id = 'n_60'")[0][0]
    slow(world, f"NEW.reminder_id = '{culprit}'")
    summary = world.tick(DUE, store=bounded(world, "statement_timeout")())
    assert (summary.error, summary.parked, summary.sent) == ("", 1, 99)
    assert statuses(world) == {Status.ACTIVE: 99, Status.FAILED: 1}
    error = world.sql("SELECT last_error FROM reminder_jobs WHERE status = 'FAILED'")[0][0]
    assert "longer than a transaction may" in error


@pytest.mark.parametrize("batch", [1, 100])
def test_a_decision_that_outlasts_the_session_is_parked(
    world: World, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """While Python decides, the server drops the idle connection: the culprit is found all the same."""
    world.plant(40, due=DUE)
    monkeypatch.setattr(planning, "PLAN_SECONDS", 0.2)
    original = decide.decide

    def decided(due: Due, *others: Any) -> Decision:
        if due.entity_id == "n_20":
            threading.Event().wait(0.7)
        return original(due, *others)

    monkeypatch.setattr(decide, "decide", decided)
    store = bounded(world, "idle_in_transaction_session_timeout")()
    summary = world.tick(DUE, store=store, batch=batch)
    assert (summary.error, summary.parked, summary.sent) == ("", 1, 39)
    assert statuses(world) == {Status.ACTIVE: 39, Status.FAILED: 1}


def test_when_every_plan_is_too_slow_nobody_is_to_blame(world: World) -> None:
    """Where the server is slow for all, few are parked before the tick ends and says so."""
    world.plant(40, due=DUE)
    slow(world, "true")
    summary = world.tick(DUE, store=bounded(world, "statement_timeout")())
    assert "57014" in summary.error
    assert summary.parked <= planning.SLOW_IN_A_ROW
