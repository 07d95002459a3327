"""Somebody locks a table while a tick sends: an index is built, a column added, a backup taken."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from reminders.engine import limits
from reminders.runs import Run
from reminders.storage.store import Store
from tests.world import DAY, HOUR, NOW, World

DUE = NOW + HOUR


@pytest.fixture
def impatient(world: World) -> Iterator[Store]:
    """A store whose statements wait for a lock only briefly, so that they are refused again and again."""
    world.sql(f"ALTER ROLE CURRENT_USER IN DATABASE {world.address.database} SET lock_timeout = '50ms'")
    world.sql(
        f"ALTER ROLE CURRENT_USER IN DATABASE {world.address.database} SET idle_in_transaction_session_timeout = 0"
    )
    yield world.open_store()


class Lock:
    """A lock on the runs, of somebody else's, taken when the first run is sent and given up when it is told to."""

    def __init__(self, world: World, mode: str) -> None:
        self._store = world.open_store()
        self._mode = mode
        self._first = threading.Lock()
        self._taken, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: self._store.atomically(self._hold))

    def _hold(self) -> None:
        self._store._database.run(f"LOCK TABLE reminder_runs IN {self._mode} MODE")
        self._taken.set()
        self._over.wait(60)

    def take(self) -> None:
        if self._first.acquire(blocking=False):
            self._thread.start()
        self._taken.wait(60)

    def give_up(self) -> None:
        self._over.set()
        self._thread.join()


@contextmanager
def ticking(world: World, store: Store, **settings: object) -> Iterator[None]:
    """A tick in a thread of its own, which is over at the end."""
    tick = threading.Thread(target=world.tick, args=(DUE,), kwargs={"store": store, "budget_seconds": 60.0, **settings})
    tick.start()
    yield
    tick.join()


def refusals(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Counts how often outcomes could not be recorded."""
    counted = threading.Semaphore(0)
    monkeypatch.setattr("reminders.engine.delivery.sleep", lambda seconds: counted.release())
    return counted


@pytest.mark.parametrize("mode", ["SHARE", "ACCESS EXCLUSIVE"])
@pytest.mark.parametrize("batch", [1_000, 100], ids=["one connection", "a second connection"])
def test_what_was_sent_while_nothing_could_be_recorded_is_recorded_later(
    world: World, impatient: Store, monkeypatch: pytest.MonkeyPatch, mode: str, batch: int
) -> None:
    """While the runs are locked their outcomes are kept and tried again, so that none is sent a second time."""
    lock, refused = Lock(world, mode), refusals(monkeypatch)

    def lock_at_the_first(run: Run) -> None:
        if len(world.kept.runs) == 1:
            lock.take()

    world.kept.fail, world.kept.concurrency = lock_at_the_first, 1
    world.plant(600, due=DUE)
    with ticking(world, impatient, batch=batch):
        for _ in range(3):
            assert refused.acquire(timeout=60)
        lock.give_up()
    world.kept.fail = lambda run: None
    world.tick(DUE + HOUR / 2)
    assert world.states() == {"SENT": 600}
    assert len({run.id for run in world.kept.runs}) == len(world.kept.runs) == 600


@pytest.mark.parametrize("batch", [1_000, 10], ids=["one connection", "a second connection"])
@pytest.mark.parametrize("sqlstate", ["42501", "53100", "XX000"], ids=["permission", "disk full", "internal"])
def test_what_the_server_refuses_for_a_reason_of_its_own_is_recorded_later(
    world: World, monkeypatch: pytest.MonkeyPatch, sqlstate: str, batch: int
) -> None:
    """Outcomes that are no fault of theirs refused are tried again until they are taken."""
    refused = refusals(monkeypatch)
    world.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$"
    )
    world.sql("CREATE TRIGGER refuse BEFORE UPDATE ON reminder_runs FOR EACH ROW EXECUTE FUNCTION refuse()")
    world.plant(50, due=DUE)
    with ticking(world, world.open_store(), batch=batch):
        for _ in range(3):
            assert refused.acquire(timeout=60)
        world.sql("DROP TRIGGER refuse ON reminder_runs")
    world.tick(DUE + HOUR / 2)
    assert world.states() == {"SENT": 50}
    assert len({run.id for run in world.kept.runs}) == len(world.kept.runs) == 50


def test_no_more_is_sent_than_may_be_sent_twice(
    world: World, impatient: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is recorded sending stops after so many outcomes as are recorded at once, and what was running."""
    monkeypatch.setattr(limits, "FLUSH_RUNS", 50)
    monkeypatch.setattr(limits, "FLUSH_SECONDS", 0.0)
    lock, refused = Lock(world, "SHARE"), refusals(monkeypatch)
    world.kept.fail = lambda run: lock.take()
    world.plant(300, due=DUE)
    with ticking(world, impatient):
        assert refused.acquire(timeout=60)
        sent = len(world.kept.runs)
        lock.give_up()
    assert sent <= 50 + world.kept.concurrency
    assert world.tick(DUE + DAY).late == 0


def test_a_tick_that_fails_records_what_it_has_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends a tick early: what is known of its runs is written down, and what has not begun handed back."""
    world.plant(30, due=DUE)
    table, failed = type(world.store.due), threading.Event()
    advance = table.advance

    def fail(*given: object) -> int:
        failed.set()
        raise MemoryError

    def once(*given: Any) -> int:
        monkeypatch.setattr(table, "advance", fail)
        return advance(*given)

    def sent_after_the_failure(run: Run) -> None:
        failed.wait(60)

    monkeypatch.setattr(table, "advance", once)
    world.kept.fail = sent_after_the_failure
    with suppress(MemoryError):
        world.tick(DUE, batch=10)
    states = world.states()
    assert states.pop("SENT") == len(world.kept.runs)
    assert states in ({"PENDING": 10 - len(world.kept.runs)}, {})
