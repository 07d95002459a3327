"""Lists of reminders: each shows exactly what matches, whoever has written it, and however it is found."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reminders.engine.planning import Planner
from reminders.model import ReminderFilter
from reminders.storage import pages
from tests.world import DAY, HOUR, NOW, World

SOON = NOW + 12 * HOUR
VALUES: dict[str, tuple[Any, ...]] = {
    "status": (None, "ACTIVE", "FAILED"),
    "entity_type": (None, "b", "nobody"),
    "entity_id": (None, "n_3"),
    "event_type": (None, "y1"),
    "channel": (None, "other"),
    "due_before": (None, SOON),
}
COMBINATIONS = [dict(zip(VALUES, values, strict=True)) for values in itertools.product(*VALUES.values())]

WRITE = (
    "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes, start_at, "
    "next_run_at, status, completed_at, completion_reason, last_error, paused_at) "
    "SELECT (ARRAY['a', 'b', 'c'])[1 + n % 3], 'n_' || n % 7, (ARRAY['x', 'y'])[1 + n % 2] || n / 70, "
    "(ARRAY['kept', 'other'])[1 + n % 5 / 4], 'recurring', 60, CAST(:now AS timestamptz), "
    "CAST(:now AS timestamptz) + n % 3 * interval '10 hours', status, "
    "CASE WHEN status IN ('COMPLETED', 'FAILED') THEN now() END, 'x', 'y', "
    "CASE WHEN status = 'PAUSED' THEN now() END "
    "FROM generate_series(1, CAST(:count AS integer)) n, "
    "LATERAL (SELECT (ARRAY['ACTIVE', 'ACTIVE', 'ACTIVE', 'PAUSED', 'COMPLETED', 'FAILED'])[1 + n % 11 % 6] AS status) s "
    "ON CONFLICT DO NOTHING"
)


def write(world: World, count: int) -> None:
    """Reminders of every kind by plain SQL, with the event types x0, y0, x1, y1 and so on."""
    world.sql(WRITE, count=count, now=NOW.isoformat())


def listed(world: World, limit: int = 200, **filters: Any) -> list[str]:
    """The ids of a list, page by page."""
    found: list[str] = []
    before = None
    while True:
        page = world.at(NOW).reminders.page(ReminderFilter(**filters), before=before, limit=limit)
        found += [reminder.id for reminder in page.items]
        if page.next_cursor is None:
            return found
        assert before is None or page.next_cursor < before
        before = page.next_cursor


def expected(world: World, **filters: Any) -> list[str]:
    """The same, read from the table as it is."""
    due = filters.pop("due_before", None)
    conditions = [f"{name} = :{name}" for name, value in filters.items() if value is not None]
    if due is not None:
        conditions.append("status = 'ACTIVE' AND next_run_at < CAST(:due AS timestamptz)")
    parameters = {name: value for name, value in filters.items() if value is not None}
    if due is not None:
        parameters["due"] = due.isoformat()
    where = " AND ".join(conditions) or "true"
    return [
        row[0] for row in world.sql(f"SELECT id::text FROM reminder_jobs WHERE {where} ORDER BY id DESC", **parameters)
    ]


def entries(world: World) -> list[list[Any]]:
    return world.sql("SELECT id::text, entity_type, event_type, channel FROM reminder_listing ORDER BY id")


def active(world: World) -> list[list[Any]]:
    return world.sql(
        "SELECT id::text, entity_type, event_type, channel FROM reminder_jobs WHERE status = 'ACTIVE' ORDER BY id"
    )


@pytest.fixture(params=["a cheap look finds all", "indexes find all"])
def searching(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With few reminders the first look finds all of them, so it is made short as well."""
    if request.param == "indexes find all":
        monkeypatch.setattr(pages, "_LOOK", 5)
        monkeypatch.setattr(pages, "_DUE_LOOK", 5)
        monkeypatch.setattr(pages, "_LOOKS", 400)
    yield


@pytest.mark.parametrize("is_listed", [False, True], ids=["before a tick", "after a tick"])
def test_each_combination_of_filters_shows_what_matches(world: World, searching: None, is_listed: bool) -> None:
    """What plain SQL has written is on every list that it belongs to, at once and when ticks have listed it."""
    write(world, 150)
    if is_listed:
        world.sql("UPDATE reminder_jobs SET next_run_at = next_run_at + interval '1 minute'")
        world.tick(NOW)
    wrong = [each for each in COMBINATIONS if listed(world, limit=30, **each) != expected(world, **each)]
    assert wrong == []


def test_reminders_of_too_many_kinds_are_listed_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a search from kind to kind would take long, rows are read one after the other."""
    monkeypatch.setattr(pages, "_LOOK", 5)
    monkeypatch.setattr(pages, "_DUE_LOOK", 5)
    monkeypatch.setattr("reminders.storage.listing._MOST_KINDS", 3)
    write(world, 60)
    world.tick(NOW - HOUR)
    filters = {"entity_type": "b", "status": "FAILED"}
    assert listed(world, limit=3, **filters) == expected(world, **filters)


def test_a_long_search_ends_its_page_and_the_list_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the newest do not match for long and too many match, a page is short, with a cursor, and none is missed."""
    monkeypatch.setattr(pages, "_LOOK", 5)
    monkeypatch.setattr(pages, "_DUE_LOOK", 5)
    monkeypatch.setattr("reminders.storage.lists._MOST_DUE", 2)
    world.plant(30, due=NOW)
    world.sql("UPDATE reminder_jobs SET entity_type = 'old'")
    world.plant(100, due=NOW + DAY)
    first = world.at(NOW).reminders.page(ReminderFilter(due_before=SOON), before=None, limit=10)
    assert (first.items, first.next_cursor is None) == ((), False)
    assert listed(world, limit=10, due_before=SOON) == expected(world, due_before=SOON)


# Who writes the listing


def verb(name: str) -> Callable[[World, str], object]:
    return lambda world, reminder_id: getattr(world.at(NOW).reminders, name)(reminder_id)


def fire(world: World, reminder_id: str) -> object:
    return world.tick(NOW + HOUR)


def set_flag(world: World, reminder_id: str) -> object:
    return world.at(NOW).flags.set("done", True)


def resume(world: World, reminder_id: str) -> object:
    verb("pause")(world, reminder_id)
    return verb("resume")(world, reminder_id)


def set_flag_by_sql(world: World, reminder_id: str) -> object:
    world.sql("INSERT INTO status_flags (key, value, draining) VALUES ('done', true, true)")
    return world.tick(NOW)


@pytest.mark.parametrize(
    "happens", [verb("pause"), verb("cancel"), verb("complete"), resume, fire, set_flag, set_flag_by_sql]
)
@pytest.mark.parametrize("schedule_type", ["recurring", "one_time"])
def test_the_listing_follows_in_the_same_transaction(world: World, happens: Any, schedule_type: str) -> None:
    """Created, paused, resumed, fired, ended: the listing has what is ACTIVE, and nothing is left for a tick."""
    times = {"interval_minutes": 60} if schedule_type == "recurring" else {"interval_minutes": None, "start_at": NOW}
    reminder = world.create(schedule_type=schedule_type, flag="done", **times)
    assert entries(world) == active(world) != []
    happens(world, reminder.id)
    assert entries(world) == active(world)
    assert unlisted(world) == 0


def unlisted(world: World) -> int:
    return int(world.store.listing.enter_changed(100))


def test_an_end_in_a_plan_leaves_nothing_for_the_ticks(world: World) -> None:
    """A plan that ends a reminder takes it off the listing itself."""
    world.create(schedule_type="one_time", interval_minutes=None, start_at=NOW)
    Planner(world.store_at(NOW + HOUR), batch=10, lease_seconds=120).plan({"kept": 10}, None)
    assert world.sql("SELECT status, listed_as FROM reminder_jobs") == [["COMPLETED", None]]
    assert entries(world) == []


def test_firing_does_not_touch_the_listing(world: World) -> None:
    """A due reminder that stays ACTIVE costs the listing nothing."""
    world.create()
    before = world.sql("SELECT xmin::text, ctid::text FROM reminder_listing")
    world.tick(NOW + HOUR)
    assert world.sql("SELECT xmin::text, ctid::text FROM reminder_listing") == before


def test_a_callers_edit_does_not_touch_the_listing(world: World) -> None:
    """A patch changes nothing that the listing has."""
    reminder = world.create()
    before = world.sql("SELECT xmin::text, ctid::text FROM reminder_listing")
    world.at(NOW).reminders.patch(reminder.id, world.edit(recipient="x"))
    assert world.sql("SELECT xmin::text, ctid::text FROM reminder_listing") == before


STATEMENTS = {
    "an insert": "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes, "
    "next_run_at) VALUES ('new', 'new', 'new', 'kept', 'recurring', 60, '2026-03-05Z')",
    "another channel": "UPDATE reminder_jobs SET channel = 'other' WHERE entity_id = '1'",
    "another entity": "UPDATE reminder_jobs SET entity_id = 'moved', entity_type = 'moved' WHERE entity_id = '1'",
    "another event": "UPDATE reminder_jobs SET event_type = 'moved' WHERE entity_id = '1'",
    "an end": "UPDATE reminder_jobs SET status = 'CANCELLED', completed_at = now() WHERE entity_id = '1'",
    "a pause": "UPDATE reminder_jobs SET status = 'PAUSED', paused_at = now() WHERE entity_id = '1'",
    "a revival": "UPDATE reminder_jobs SET status = 'ACTIVE', completed_at = NULL, next_run_at = '2026-03-05Z' "
    "WHERE status = 'CANCELLED'",
    "a removal": "DELETE FROM reminder_jobs WHERE entity_id = '1'",
    "a removal of entries": "DELETE FROM reminder_listing",
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_ticks_bring_the_listing_to_what_sql_has_made(world: World, statement: str) -> None:
    """Whatever SQL does to reminders, or to the listing itself, the next ticks have the listing right again."""
    for number in range(4):
        world.create(entity_id=str(number))
    world.at(NOW).reminders.cancel(world.create(entity_id="gone").id)
    world.sql(statement)
    for _ in range(2):
        world.tick(NOW)
    assert entries(world) == active(world)


@pytest.mark.parametrize("name", [name for name in STATEMENTS if "entries" not in name])
def test_a_list_is_right_before_any_tick(world: World, searching: None, name: str) -> None:
    """Whatever SQL does to reminders, lists show it at once."""
    for number in range(12):
        world.create(entity_id=str(number), entity_type="ab"[number % 2])
    world.at(NOW).reminders.cancel(world.create(entity_id="gone").id)
    world.sql(STATEMENTS[name])
    filters = [
        {name: value}
        for name in ("entity_type", "entity_id", "event_type", "channel", "status")
        for (value,) in world.sql(f"SELECT DISTINCT {name} FROM reminder_jobs UNION SELECT 'other'")
    ]
    wrong = [each for each in filters if listed(world, limit=3, **each) != expected(world, **each)]
    assert wrong == []


@pytest.mark.parametrize(
    ("filters", "change"),
    [
        ({"channel": "kept"}, "channel = 'other'"),
        ({"event_type": "old"}, "event_type = 'new'"),
        ({"entity_type": "old"}, "entity_type = 'new'"),
        ({"channel": "kept", "status": "ACTIVE"}, "status = 'PAUSED', paused_at = now()"),
    ],
)
def test_what_a_search_finds_is_checked_against_the_rows(
    world: World, searching: None, filters: dict[str, str], change: str
) -> None:
    """An entry of the listing that SQL has overtaken is found deep within a list, and not shown."""
    moved = world.create(entity_type="old", event_type="old", channel="kept", now=NOW - DAY)  # the oldest id
    for number in range(12):
        world.create(entity_id=str(number), channel="other")
    assert listed(world, **filters) == [moved.id]
    world.sql(f"UPDATE reminder_jobs SET {change} WHERE id = CAST(:id AS uuid)", id=moved.id)
    assert listed(world, **filters) == []


def test_a_busy_tick_lists_a_few_and_a_quiet_one_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entering what SQL has written does not hold up what is due: a quiet tick catches up."""
    monkeypatch.setattr("reminders.engine.maintenance.listing.LISTED", 10)
    world.plant(50, due=NOW)
    world.tick(NOW, batch=20)
    assert len(entries(world)) == 10
    world.tick(NOW)
    assert entries(world) == active(world)


def test_random_changes_leave_lists_and_listing_right(world: World, searching: None) -> None:
    """A mixture of verbs, SQL and ticks: whatever came last, lists show it."""
    chance = random.Random(7)
    ids = [world.create(entity_id=f"n_{number}").id for number in range(20)]
    for _ in range(40):
        each = chance.choice(ids)
        if world.at(NOW).reminders.get(each).status in ("ACTIVE", "PAUSED"):
            chance.choice([verb("pause"), verb("resume"), verb("cancel")])(world, each)
        if chance.random() < 0.3:
            world.sql(
                "UPDATE reminder_jobs SET channel = CASE channel WHEN 'kept' THEN 'other' ELSE 'kept' END "
                "WHERE id = CAST(:id AS uuid)",
                id=each,
            )
        if chance.random() < 0.2:
            world.tick(NOW)
        for filters in ({"status": "ACTIVE"}, {"status": "PAUSED"}, {"channel": "other"}, {"entity_id": "n_3"}):
            assert listed(world, limit=4, **filters) == expected(world, **filters)
    world.tick(NOW)
    assert entries(world) == active(world)
