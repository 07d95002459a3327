"""Claims on real PostgreSQL: who gets which reminder, what is left for the next tick, and that it stays cheap."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from local import postgres
from reminders.engine import planning
from reminders.instants import to_instant
from reminders.lifecycle import decide as decide_module
from reminders.model import ReminderFilter
from reminders.states import Status
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests.world import DAY, HOUR, MINUTE, NOW, World

MANY = 5_000


def ticks_at_once(world: World, count: int, **settings: Any) -> None:
    """So many ticks at the same moment, each by a thread with a store of its own."""
    barrier = threading.Barrier(count)
    stores = [world.open_store() for _ in range(count)]

    def tick(store: Store) -> None:
        store.now()
        barrier.wait()
        world.tick(store=store, **settings)

    threads = [threading.Thread(target=tick, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_ticks_at_once_plan_each_occurrence_once(world: World) -> None:
    """Four ticks over the same five thousand due reminders send each of them one message."""
    world.plant(MANY)
    ticks_at_once(world, 4, batch=100)
    assert len(world.kept.runs) == MANY
    assert world.sql("SELECT count(*), count(DISTINCT reminder_id), max(occurrence_no) FROM reminder_runs") == [
        [MANY, MANY, 1]
    ]
    assert world.sql("SELECT DISTINCT occurrence_no FROM reminder_jobs") == [[1]]


def test_ticks_at_once_share_what_waits(world: World) -> None:
    """Four ticks over the same waiting runs begin each of them once."""
    world.plant(500)
    world.kept.fail = lambda run: OSError("busy")
    world.tick(NOW)
    world.kept.runs.clear()
    world.kept.fail = lambda run: None
    ticks_at_once(world, 4, now=NOW + 2 * MINUTE, batch=50)
    assert sorted(run.attempt for run in world.kept.runs) == [2] * 500


def test_ticks_at_once_share_what_dead_workers_left(world: World) -> None:
    """Four ticks that take over the same expired leases begin each run once."""
    world.plant(300)
    planning.Planner(world.store_at(NOW), batch=1_000, lease_seconds=120).plan({"kept": 1_000}, None)
    ticks_at_once(world, 4, now=NOW + 5 * MINUTE)
    assert sorted(run.attempt for run in world.kept.runs) == [2] * 300


def test_a_reminder_that_somebody_has_locked_is_passed_over(world: World, address: Address) -> None:
    """A tick does not wait for a locked reminder: its neighbours fire, and it does in the next tick."""
    locked = world.create(entity_id="locked")
    world.create(entity_id="free")
    other = Database(lambda fresh: address)

    def hold() -> None:
        other.run("SELECT FROM reminder_jobs WHERE id = CAST(:id AS uuid) FOR UPDATE", id=locked.id)
        world.tick(NOW + HOUR)

    other.atomically(hold)
    other.close()
    meanwhile = [run.entity_id for run in world.kept.runs]
    world.tick(NOW + HOUR + timedelta(seconds=1))  # by then at the latest a tick looks at everything
    assert (meanwhile, [run.entity_id for run in world.kept.runs]) == (["free"], ["free", "locked"])


def test_a_batch_is_no_larger_than_it_says(world: World) -> None:
    """A claim locks as many reminders as were asked for, and leaves the others to other ticks."""
    world.plant(50)
    other = world.open_store()

    def both() -> tuple[int, int]:
        first = world.store_at(NOW).due.claim(20, None)
        return len(first.due), other.atomically(lambda: len(world.store_at(NOW, other).due.claim(100, None).due))

    assert world.store.atomically(both) == (20, 30)


def test_what_has_waited_longest_is_claimed_first(world: World) -> None:
    """After an outage the oldest come first."""
    for minutes in (30, 10, 20):
        world.create(entity_id=str(minutes), interval_minutes=minutes)
    claim = world.store.atomically(lambda: world.store_at(NOW + HOUR).due.claim(2, None))
    assert [due.entity_id for due in claim.due] == ["10", "20"]


def test_a_tick_drains_what_is_due_batch_by_batch(world: World) -> None:
    """A tick does not stop at its first batch."""
    world.plant(105)
    summary = world.tick(NOW, batch=10)
    assert (summary.due, summary.sent) == (105, 105)


def test_the_claims_instant_is_the_databases(world: World) -> None:
    """In production nobody gives an instant: what is due by the server's clock fires."""
    world.sql("SELECT 1")
    world.plant(1)
    world.sql("UPDATE reminder_jobs SET start_at = now() + interval '1 hour', next_run_at = now() + interval '1 hour'")
    before = world.tick(None).due
    world.sql("UPDATE reminder_jobs SET next_run_at = now()")
    assert (before, world.tick(None).due) == (0, 1)


# The claim's lower bound


def test_an_operators_older_instant_fires_although_the_bound_has_passed_it(world: World) -> None:
    """A next_run_at set below the claim's bound is found as soon as a claim goes without it: a second later at most."""
    reminder = world.create(now=NOW)
    world.store_at(NOW).scheduler.save_bookmark(to_instant(NOW), 1.0)
    world.sql("UPDATE reminder_jobs SET next_run_at = CAST(:at AS timestamptz)", at=(NOW - DAY).isoformat())
    assert not world.store_at(NOW + timedelta(seconds=0.5)).scheduler.bookmark("", 1.0).may_sweep
    world.tick(NOW + timedelta(seconds=1))
    assert len(world.runs(reminder)) == 1


def test_the_bound_keeps_a_claim_from_what_lies_below_it(world: World) -> None:
    """Between two sweeps a claim reads only above the bound: that is what keeps it cheap."""
    world.plant(1, due=NOW - DAY)
    claim = world.store.atomically(lambda: world.store_at(NOW + HOUR).due.claim(10, to_instant(NOW)))
    assert claim.due == []


def test_a_tick_notes_when_it_was(world: World) -> None:
    """last_tick_at is the instant of the tick that ended last, also when the clock has gone back since the one before."""
    for moment in (NOW, NOW + HOUR, NOW + MINUTE):
        world.tick(moment)
        assert world.store.scheduler.health().last_tick_at == moment


# One bad row


@pytest.mark.parametrize(
    "damage",
    [
        "start_at = '2899-12-30Z', interval_minutes = 5256000, next_run_at = '2026-01-01Z'",
        "occurrence_no = 2147483647",
    ],
    ids=["its next instant is out of bounds", "its counter is full"],
)
def test_a_reminder_that_cannot_move_on_is_parked_and_its_neighbours_fire(world: World, damage: str) -> None:
    """A reminder whose next step the database refuses is FAILED with the error; the rest of its batch is not held
    up."""
    world.plant(30)
    world.sql(f"UPDATE reminder_jobs SET {damage} WHERE entity_id = 'n_7'")
    moment = NOW if "2147" in damage else datetime(2899, 12, 31, tzinfo=NOW.tzinfo)
    world.tick(moment)
    assert world.sql("SELECT entity_id, last_error IS NOT NULL FROM reminder_jobs WHERE status = 'FAILED'") == [
        ["n_7", True]
    ]
    assert len({run.entity_id for run in world.kept.runs} - {"n_7"}) == 29


def test_several_bad_rows_are_each_parked(world: World) -> None:
    """Halving goes on until every culprit is alone."""
    world.plant(40)
    world.sql("UPDATE reminder_jobs SET occurrence_no = 2147483647 WHERE entity_id IN ('n_3', 'n_4', 'n_39')")
    summary = world.tick(NOW)
    assert world.sql("SELECT count(*) FROM reminder_jobs WHERE status = 'FAILED'") == [[3]]
    assert (summary.sent, len(world.kept.runs)) == (37, 37)


def test_a_reminder_that_cannot_be_decided_is_parked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in deciding about one reminder fails that one."""
    bad, good = world.create(entity_id="bad"), world.create(entity_id="good")
    decide = decide_module.decide

    def refuse(due: Any, *others: Any) -> Any:
        if due.entity_id == "bad":
            raise ZeroDivisionError("cannot be decided")
        return decide(due, *others)

    monkeypatch.setattr(decide_module, "decide", refuse)
    world.tick(NOW + HOUR)
    assert (world.get(bad).status, world.get(bad).last_error) == (
        Status.FAILED,
        "ZeroDivisionError: cannot be decided",
    )
    assert (world.get(good).status, [run.entity_id for run in world.kept.runs]) == (Status.ACTIVE, ["good"])


def test_a_message_of_an_odd_shape_harms_nobody(world: World) -> None:
    """A message that plain SQL has filled with anything but texts is sent as it is, and so are its neighbours'."""
    world.plant(3)
    world.sql("""UPDATE reminder_jobs SET message = '{"subject": 5, "body": ["{{x}}"]}' WHERE entity_id = 'n_2'""")
    assert world.tick(NOW).sent == 3


# What the planner of PostgreSQL makes of the hot statements

ROWS = 200_000
TABLES = {"reminder_jobs", "reminder_runs", "reminder_listing", "status_flags"}


class Explaining(Database):
    """Asks for the plan of each statement, with its own parameters, before it runs it."""

    def __init__(self, address: Address) -> None:
        super().__init__(lambda fresh: address)
        self.plans: dict[str, dict[str, Any]] = {}

    def run(self, sql: str, **parameters: Any) -> list[Any]:
        self._explain(sql, parameters)
        return super().run(sql, **parameters)

    def run_named(self, sql: str, **parameters: Any) -> list[Any]:
        self._explain(sql, parameters)
        return super().run_named(sql, **parameters)

    def _explain(self, sql: str, parameters: dict[str, Any]) -> None:
        plan = super().run(f"EXPLAIN (FORMAT JSON)\n{sql}", **parameters)[0][0]
        self.plans[sql.partition("\n")[0]] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


@pytest.fixture(scope="module", params=["analysed", "never analysed"])
def loaded(request: pytest.FixtureRequest, admin: Address, template: str) -> Iterator[Address]:
    """Many reminders with a flag each, a history and some runs that wait: analysed, or as they are just after
    loading."""
    address = admin.to(f"reminders_test_{os.getpid()}_crowd")
    postgres.create_database(admin, address.database, template)
    database = Database(lambda fresh: address, read_timeout=120.0)
    for table in sorted(TABLES):
        database.run(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    for statement in CROWD:
        database.run(statement)
    if request.param == "analysed":
        database.run("ANALYZE")
    database.close()
    yield address
    postgres.drop_database(admin, address.database)


CROWD = (
    (
        "INSERT INTO reminder_jobs (id, entity_type, entity_id, event_type, channel, schedule_type, interval_minutes, start_at, "
        "next_run_at, status, completed_at, completion_reason, stop_condition_type, stop_condition_value, listed_as) "
        "SELECT overlay(gen_random_uuid()::text placing to_char(n, 'FM00000000') from 1 for 8)::uuid, "
        "CASE WHEN ended THEN 'ended' ELSE 'thing' END, 'n_' || n, 'event', 'kept', 'recurring', 60, '2026-04-01Z', "
        "CASE WHEN NOT ended THEN timestamptz '2026-04-01Z' + random() * interval '30 days' END, "
        "CASE WHEN ended THEN 'COMPLETED' ELSE 'ACTIVE' END, CASE WHEN ended THEN now() END, CASE WHEN ended THEN 'x' END, "
        "'db_check', 'flag_' || n, CASE WHEN NOT ended THEN hashtextextended('kept', hashtextextended('event', "
        "hashtextextended('thing', 0))) END "
        f"FROM generate_series(1, {ROWS}) AS n, LATERAL (SELECT n % 10 = 9 AS ended) AS e"
    ),
    (
        "INSERT INTO reminder_listing "
        "SELECT id, entity_type, event_type, channel FROM reminder_jobs WHERE status = 'ACTIVE'"
    ),
    f"INSERT INTO status_flags (key) SELECT 'flag_' || n FROM generate_series(1, {ROWS}) AS n",
    (
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, attempt, attempt_at, finished_at) "
        "SELECT id, 1000, now(), 'kept', CASE WHEN waits THEN 'PENDING' ELSE 'SENT' END, 1, "
        "CASE WHEN waits THEN timestamptz '2030-01-01Z' END, CASE WHEN NOT waits THEN now() END "
        "FROM reminder_jobs, LATERAL (SELECT entity_id LIKE '%77' AS waits) AS w"
    ),
)


@pytest.fixture
def crowd(loaded: Address) -> Iterator[World]:
    """The engine on many rows, each of its statements explained."""
    stores: list[Store] = []

    def open_store() -> Store:
        stores.append(Store(Explaining(loaded)))
        return stores[-1]

    with World(open_store, loaded) as world:
        yield world
    for store in stores:
        store.close()


def plan_of(world: World, beginning: str) -> list[dict[str, Any]]:
    plans: dict[str, dict[str, Any]] = world.store._database.plans  # type: ignore[attr-defined]
    (found,) = [plan for comment, plan in plans.items() if comment.startswith(f"-- {beginning}")]
    return list(nodes(found))


def indexes(plan: list[dict[str, Any]]) -> set[str]:
    return {node["Index Name"] for node in plan if "Index Name" in node}


def scanned(plan: list[dict[str, Any]]) -> set[str]:
    """The tables that are read from end to end."""
    return {node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"} & TABLES


# As long as a receiver may ask for.
LET_THE_REST_WAIT = "UPDATE reminder_runs SET attempt_at = '2026-03-02 09:17Z' WHERE state = 'PENDING'"


def busy_ticks(world: World) -> None:
    """Ticks that plan a thousand, send some, retry some, take some over and cancel some."""
    world.sql("UPDATE scheduler_state SET claim_floor = NULL, sweep_after = NULL")
    world.sql(LET_THE_REST_WAIT)
    world.sql(
        "UPDATE reminder_jobs SET start_at = '2026-03-02 09:00Z', next_run_at = '2026-03-02 09:00Z', interval_minutes = 10, "
        "planned_through = NULL WHERE status = 'ACTIVE' AND entity_type = 'thing' "
        "AND entity_id IN (SELECT 'n_' || n FROM generate_series(1, 1200) AS n)"
    )
    world.kept.fail = lambda run: OSError("busy") if run.id % 2 else None
    world.tick(NOW)
    world.sql("UPDATE reminder_runs SET state = 'SENDING' WHERE state = 'PENDING' AND id % 3 = 0")
    world.tick(NOW + 5 * MINUTE)
    world.sql(LET_THE_REST_WAIT)
    world.tick(NOW + 10 * MINUTE)


HOT = {
    "Locks a batch of due reminders": {"reminder_jobs_due", "status_flags_pkey", "reminder_runs_waiting"},
    "Writes a batch of decisions": {"reminder_listing_pkey"},
    "Records what came of leased runs": {"reminder_runs_pkey"},
    "Leases waiting runs": {"reminder_runs_unfinished", "reminder_runs_pkey", "reminder_jobs_pkey"},
    "Leases runs whose lease has expired": {"reminder_runs_unfinished", "reminder_runs_pkey", "reminder_jobs_pkey"},
    "What may stop the leased runs": {"reminder_runs_pkey", "reminder_jobs_pkey", "status_flags_pkey"},
    "Cancels the waiting runs": {"reminder_runs_waiting"},
    "Runs that wait for an instant further ahead": {"reminder_runs_unfinished"},
    "Unfinished runs that nobody will send": {"reminder_runs_unfinished"},
    "Seconds since the oldest reminder": {"reminder_jobs_due"},
    "Removes a small batch of old finished runs": {"reminder_runs_pkey"},
    "Removes a small batch of reminders that ended": {"reminder_jobs_ended_at", "reminder_jobs_pkey"},
    "Brings a few reminders into the listing": {"reminder_jobs_unlisted", "reminder_listing_pkey"},
    "Walks a little further through reminders": {"reminder_jobs_pkey", "reminder_listing_pkey"},
}


def test_no_statement_of_a_tick_reads_a_table_from_end_to_end(crowd: World) -> None:
    """Every statement of a tick goes through its index, whether or not the tables were ever analysed."""
    busy_ticks(crowd)
    plans = {beginning: plan_of(crowd, beginning) for beginning in HOT}
    assert {beginning: scanned(plan) for beginning, plan in plans.items() if scanned(plan)} == {}
    missing = {beginning: HOT[beginning] - indexes(plan) for beginning, plan in plans.items()}
    assert not any(missing.values()), missing


def test_decisions_are_written_to_the_rows_places(crowd: World) -> None:
    """The UPDATE of a batch goes straight to the places that the claim has locked."""
    busy_ticks(crowd)
    kinds = {
        (node["Relation Name"], node["Node Type"])
        for node in plan_of(crowd, "Writes a batch of decisions")
        if "Relation Name" in node and node["Node Type"] != "ModifyTable"
    }
    assert {kind for table, kind in kinds if table != "reminder_listing"} == {"Tid Scan"}


def test_a_flag_finds_its_reminders_by_index(crowd: World) -> None:
    """Setting a flag reads the reminders that wait for it and no others."""
    crowd.at(NOW).flags.set("flag_5", True)
    plan = plan_of(crowd, "Completes live reminders that a true flag stops")
    assert scanned(plan) == set()
    assert indexes(plan) == {
        "reminder_jobs_stopped_by",
        "reminder_jobs_pkey",
        "reminder_runs_waiting",
        "reminder_listing_pkey",
    }


def test_a_twin_is_found_by_index(crowd: World) -> None:
    """A create of what is already there reads one row."""
    crowd.create(entity_type="thing", entity_id="n_6", event_type="event", flag=None)
    assert indexes(plan_of(crowd, "The live reminder with this natural key")) == {"reminder_jobs_one_live"}


SEARCHES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "Ids of an entity's live reminders": ({"entity_id": "n_19"}, {"reminder_jobs_one_live"}),
    "Ids of an entity's reminders that are not ACTIVE": ({"entity_id": "n_19"}, {"reminder_jobs_at_rest_entity"}),
    "Ids of ACTIVE reminders of certain kinds": ({"status": "ACTIVE", "channel": "other"}, {"reminder_listing_kind"}),
    "Ids of reminders that are not ACTIVE": ({"status": "FAILED"}, {"reminder_jobs_at_rest"}),
    "Ids of reminders of which the listing": ({"channel": "other"}, {"reminder_jobs_unlisted"}),
    "Ids of those that match of the newest": ({"channel": "other"}, {"reminder_jobs_pkey"}),
    "Ids of reminders that are due before": ({"due_before": NOW, "channel": "other"}, {"reminder_jobs_due"}),
    "Reminders, newest first": ({"entity_id": "n_19"}, {"reminder_jobs_pkey"}),
}


@pytest.mark.parametrize("beginning", SEARCHES)
def test_a_lists_searches_keep_to_their_indexes(crowd: World, beginning: str) -> None:
    """Whatever a list is filtered by, it reads what it shows and not the table, deep in the list as well."""
    filters, wanted = SEARCHES[beginning]
    (middle,) = crowd.sql("SELECT id::text FROM reminder_jobs ORDER BY id OFFSET 100000 LIMIT 1")
    for before in (None, middle[0]):
        crowd.store.pages.page(ReminderFilter(**filters), before=before, limit=50)
        plan = plan_of(crowd, beginning)
        assert (scanned(plan), indexes(plan)) == (set(), wanted)


def test_the_newest_reminders_are_found_in_the_order_of_their_ids(crowd: World) -> None:
    """Listing without a filter reads one page from the end of the primary key."""
    crowd.commands.reminders.page(ReminderFilter(), before=None, limit=50)
    plan = plan_of(crowd, "Reminders, newest first")
    assert (scanned(plan), indexes(plan)) == (set(), {"reminder_jobs_pkey"})


def test_a_reminders_history_is_found_by_index(crowd: World) -> None:
    """The runs of one reminder come in the order of their key."""
    (row,) = crowd.sql("SELECT id::text FROM reminder_jobs WHERE entity_id = 'n_7777'")
    crowd.commands.reminders.runs(row[0], before=None, limit=50)
    assert indexes(plan_of(crowd, "A reminder's history")) == {"reminder_runs_occurrence"}
