"""Databases that are restored or copied: receivers take what is new for new, and no copy writes to real people."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pg8000.native import Connection

from local import postgres, restored
from reminders.storage.connection import connect
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests import dumps
from tests.doors import local_door
from tests.world import HOUR, NOW, World

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
DUE = NOW + HOUR
LATER = DUE + HOUR
AFTER = LATER + HOUR


@pytest.fixture
def worlds() -> Iterator[Callable[[Address], World]]:
    """Engines on other databases."""
    with ExitStack() as stack:

        def on(address: Address) -> World:
            store = Store(Database(lambda fresh: address))
            stack.callback(store.close)
            return stack.enter_context(World(lambda: store, address))

        yield on


@pytest.fixture
def another(admin: Address, address: Address) -> Iterator[Callable[[str | None], Address]]:
    """Makes one more database, empty or as a copy of another."""
    made = admin.to(f"{address.database}_another")

    def make(template: str | None) -> Address:
        with connect(admin, Connection) as connection:
            connection.run(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name", name=template
            )
        postgres.create_database(admin, made.database, template)
        return made

    yield make
    postgres.drop_database(admin, made.database)


@pytest.fixture
def restored_from_dump(
    world: World, another: Callable[[str | None], Address], worlds: Callable[[Address], World], tmp_path: Path
) -> Callable[[Callable[[], object]], World]:
    """Dumps the test's database, lets something happen to it, and restores the dump as another one."""

    def restore(lost: Callable[[], object]) -> World:
        dumps.dump(world.address, tmp_path / "dump")
        lost()
        restored_to = another(None)
        dumps.restore(tmp_path / "dump", restored_to)
        return worlds(restored_to)

    return restore


type Restored = Callable[[Callable[[], object]], World]


def keys(world: World) -> list[str]:
    return [run.key for run in world.kept.runs]


def test_what_follows_a_restored_dump_has_ids_that_nobody_has_seen(world: World, restored_from_dump: Restored) -> None:
    """The second occurrence was sent, lost with the history, and is planned again: its receiver must not drop it."""
    reminder = world.create()
    world.tick(DUE)
    after = restored_from_dump(lambda: world.tick(LATER))
    after.tick(AFTER)
    assert keys(world) == [f"{reminder.id}_1_0", f"{reminder.id}_2_0"]
    assert [run.occurrence_no for run in after.kept.runs] == [2]
    assert not set(keys(after)) & set(keys(world))
    assert [run.key for run in after.runs(reminder)] == [f"{reminder.id}_1_0", *keys(after)]


def test_a_run_that_waits_in_a_dump_keeps_its_id(world: World, restored_from_dump: Restored) -> None:
    """It may have arrived before the restore: only then can its receiver drop it."""
    world.create()
    world.kept.fail = lambda run: OSError("down")
    world.tick(DUE)
    after = restored_from_dump(lambda: None)
    after.tick(DUE + HOUR / 2)
    assert keys(after) == keys(world)
    assert [run.attempt for run in after.kept.runs] == [2]


def test_a_run_that_a_dead_worker_held_keeps_its_id(world: World, restored_from_dump: Restored) -> None:
    """The same for what was being sent when the dump was made, and is taken over."""
    world.create()
    world.kept.fail = lambda run: OSError("down")
    world.tick(DUE)
    world.sql("UPDATE reminder_runs SET state = 'SENDING', attempt_at = CAST(:at AS timestamptz)", at=DUE.isoformat())
    after = restored_from_dump(lambda: None)
    after.tick(DUE + HOUR / 2)
    assert keys(after) == keys(world)


def test_a_restore_into_the_same_database_is_noticed(world: World, tmp_path: Path) -> None:
    """Cluster and database are what they were; the tables are not."""
    world.create()
    world.tick(DUE)
    dumps.dump(world.address, tmp_path / "dump")
    world.tick(LATER)
    dumps.restore(tmp_path / "dump", world.address, "--clean", "--if-exists")
    world.tick(AFTER)
    assert [run.occurrence_no for run in world.kept.runs] == [1, 2, 2]
    assert len(set(keys(world))) == 3


def test_a_trigger_before_the_first_tick_has_a_new_id(world: World, restored_from_dump: Restored) -> None:
    """A caller may be quicker than the scheduler; the run is a new one all the same."""
    reminder = world.create()
    world.tick(DUE)
    after = restored_from_dump(lambda: world.at(DUE).reminders.trigger(reminder.id))
    (first,) = [run.key for run in world.runs(reminder) if run.occurrence_no == 2]
    second = after.at(DUE).reminders.trigger(reminder.id)
    after.tick(DUE)
    assert (second.occurrence_no, keys(after)) == (2, [second.key])
    assert second.key != first


def test_a_new_life_begins_once(world: World, another: Callable[[str | None], Address]) -> None:
    """Ticks at the same moment agree, and those that follow find nothing new."""
    world.tick(NOW)
    copy = another(world.address.database)
    stores = [Store(Database(lambda fresh: copy)) for _ in range(4)]
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda store=store: found.append(store.scheduler.recognize("local").is_new))  # type: ignore[misc]
        for store in stores
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lives = {store.due.claim(1, None).incarnation for store in stores}
    again = [store.scheduler.recognize("local").is_new for store in stores]
    for store in stores:
        store.close()
    assert (sorted(found), len(lives), again) == ([False, False, False, True], 1, [False] * 4)


def test_without_the_clusters_name_the_databases_tells(
    world: World, another: Callable[[str | None], Address], worlds: Callable[[Address], World]
) -> None:
    """Where an administrator has forbidden to ask for the cluster, a copy is noticed by its database."""
    copy = worlds(another(world.address.database))
    copy.sql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    copy.sql("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO pg_monitor")
    copy.sql("UPDATE scheduler_state SET identity = NULL")
    role = f"reminders_test_{world.address.database}"
    copy.sql(f"CREATE ROLE {role} LOGIN IN ROLE pg_monitor")
    store = Store(Database(lambda fresh: copy.address._replace(user=role)))
    try:
        lives = [store.scheduler.recognize("local").is_new for _ in range(2)]
        copy.sql("UPDATE scheduler_state SET identity = ':1:2:3'")
        lives.append(store.scheduler.recognize("local").is_new)
    finally:
        store.close()
        copy.sql("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM pg_monitor")
        copy.sql(f"DROP ROLE {role}")
    assert lives == [False, False, True]


def test_a_database_that_was_updated_goes_on_with_its_ids(world: World) -> None:
    """The first tick after the migration takes the database for what it is, and nobody sees a new id."""
    reminder = world.create()
    world.tick(DUE)
    world.sql("UPDATE scheduler_state SET identity = NULL, stage = NULL")
    world.tick(LATER)
    assert keys(world) == [f"{reminder.id}_1_0", f"{reminder.id}_2_0"]


# Told


def test_a_restore_that_nothing_shows_can_be_told(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk's snapshot has the cluster's name and every number of the original: `make restored` begins a new life."""
    reminder = world.create()
    world.tick(DUE)
    monkeypatch.setenv("DATABASE_URL", world.address.url)
    assert restored.main(None) == 0
    world.tick(LATER)
    assert capsys.readouterr().out.endswith("belongs to stage local.\n")
    first, second = keys(world)
    assert (first, second.startswith(f"{reminder.id}_2_0_")) == (f"{reminder.id}_1_0", True)


def test_the_pages_statement_does_the_same(world: World) -> None:
    """What the page says for those who have only SQL."""
    world.create()
    world.tick(DUE)
    (statement,) = re.findall(r"^UPDATE scheduler_state .*;$", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE)
    world.sql(statement)
    with pytest.raises(AssertionError):
        assert_sends(world)
    assert_sends(world, stage="staging")
    assert len(keys(world)[-1].split("_")) == 4


# Copies


def assert_sends(world: World, **settings: Any) -> None:
    """One more tick, an hour later, sends something."""
    before = len(world.kept.runs)
    (due,) = world.sql("SELECT max(next_run_at) FROM reminder_jobs WHERE status = 'ACTIVE'")[0]
    world.tick(due, **settings)
    assert len(world.kept.runs) > before


def test_a_copy_for_another_stage_sends_nothing(
    world: World, another: Callable[[str | None], Address], worlds: Callable[[Address], World]
) -> None:
    """What is due in a copy is due to real people: a scheduler of another stage leaves every row as it is, and says
    why."""
    world.create()
    world.create(entity_id="retry", channel="other")
    world.kept.fail = lambda run: OSError("down") if run.entity_id == "retry" else None
    world.at(NOW).flags.set("stops", True)
    world.tick(DUE, stage="prod")
    copy = worlds(another(world.address.database))
    before = everything(copy)
    summary = copy.tick(LATER, stage="staging")
    assert copy.kept.runs == []
    assert everything(copy) == before
    assert (summary.ok, summary.failure) == (False, "stage")
    assert "belongs to stage prod and this is staging" in summary.error


def everything(world: World) -> list[list[Any]]:
    """All that the engine may change."""
    tables = ("reminder_jobs", "reminder_runs", "status_flags", "scheduler_state")
    return [world.sql(f"SELECT * FROM {table} ORDER BY 1") for table in tables]


def test_a_copy_sends_once_it_has_been_told(
    world: World,
    another: Callable[[str | None], Address],
    worlds: Callable[[Address], World],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`make restored STAGE=…` says whose it is; from then on the first stage's scheduler keeps away."""
    world.create()
    world.tick(DUE, stage="prod")
    copy = worlds(another(world.address.database))
    monkeypatch.setenv("DATABASE_URL", copy.address.url)
    assert restored.main("staging") == 0
    copy.tick(LATER, stage="staging")
    assert [run.occurrence_no for run in copy.kept.runs] == [2]
    assert "belongs to stage staging" in copy.tick(AFTER, stage="prod").error


def test_the_first_stage_takes_the_database(world: World) -> None:
    """A new database belongs to whose tick comes first."""
    assert world.tick(NOW, stage="prod").error == ""
    assert world.tick(NOW, stage="prod").error == ""
    assert world.sql("SELECT stage FROM scheduler_state") == [["prod"]]


def test_a_foreign_stage_is_not_well(world: World) -> None:
    """GET /health of another stage's API answers 503 and says whose database it is."""
    with local_door(world.address.url) as door:
        world.tick(None, stage="local")
        assert door("GET", "/health").status == 200
        world.sql("UPDATE scheduler_state SET stage = 'prod'")
        reply = door("GET", "/health")
    assert (reply.status, reply.fields) == (503, ["stage"])
    assert "belongs to stage prod" in reply.json["detail"]
