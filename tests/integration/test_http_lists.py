"""Lists over HTTP, at both doors: filters, pages and cursors."""

from typing import Any

import pytest

from tests.doors import Door, encoded, reminder
from tests.world import World


def pages(door: Door, path: str, query: str) -> list[list[dict[str, Any]]]:
    """All pages of a list, as a client walks them."""
    found, cursor = [], ""
    while True:
        page = door("GET", path, query=f"{query}{cursor}").json
        found.append(page["items"])
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_reminders_are_listed_newest_first_in_pages(door: Door) -> None:
    """Each reminder is on one page, the newest first, and the last page says so."""
    made = [door("POST", "/reminders", reminder(entity_id=f"INT_{number}")).json["id"] for number in range(5)]
    found = pages(door, "/reminders", "limit=2")
    assert [len(page) for page in found] == [2, 2, 1]
    assert [item["id"] for page in found for item in page] == made[::-1]


def test_a_list_item_is_the_reminder_itself(door: Door) -> None:
    """A list shows what a single read shows."""
    made = door("POST", "/reminders", reminder()).json
    assert door("GET", "/reminders").json == {"items": [made], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("entity_id=INT_1", ["INT_1"]),
        ("entity_type=auditor", ["INT_2"]),
        ("event_type=report", ["INT_2"]),
        ("channel=log", ["INT_2"]),
        ("status=PAUSED", ["INT_3"]),
        ("status=ACTIVE&entity_type=interviewer", ["INT_1"]),
        ("entity_id=nobody", []),
        (f"due_before={encoded('2098-01-01T00:00:00+02:00')}", ["INT_1"]),
        ("entity_id=INT%5F1", ["INT_1"]),
        ("&&limit=10&", ["INT_3", "INT_2", "INT_1"]),
    ],
)
def test_filters_narrow_the_list(door: Door, query: str, found: list[str]) -> None:
    """All filters of a request must hold; due_before is about active reminders only."""
    door("POST", "/reminders", reminder(entity_id="INT_1"))
    other = {"entity_type": "auditor", "event_type": "report", "channel": "log", "start_at": "2099-01-01T00:00:00Z"}
    door("POST", "/reminders", reminder(entity_id="INT_2", **other))
    paused = door("POST", "/reminders", reminder(entity_id="INT_3")).headers["location"]
    door("POST", f"{paused}/pause")
    assert [item["entity_id"] for item in door("GET", "/reminders", query=query).json["items"]] == found


def test_runs_are_listed_newest_first_in_pages(door: Door) -> None:
    """A reminder's history is walked in the same way."""
    path = door("POST", "/reminders", reminder()).headers["location"]
    made = [door("POST", f"{path}/trigger").json["id"] for _ in range(3)]
    found = pages(door, f"{path}/runs", "limit=2")
    assert [[run["id"] for run in page] for page in found] == [[made[2], made[1]], [made[0]]]


def test_flags_are_listed_by_key_in_pages(door: Door) -> None:
    """Flags come in the order of their keys' bytes."""
    keys = ["B", "a", "a.b", "z@+="]
    for key in reversed(keys):
        door("PUT", f"/flags/{key}", {"value": True})
    found = pages(door, "/flags", "limit=3")
    assert [[flag["key"] for flag in page] for page in found] == [keys[:3], keys[3:]]


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("nope", "nope=1"),
        ("Limit", "Limit=1"),
        ("limit", "limit=0"),
        ("limit", "limit=201"),
        ("limit", "limit="),
        ("limit", "limit"),
        ("limit", "limit=%2B5"),
        ("limit", "limit=+5"),
        ("limit", "limit=5.0"),
        ("limit", "limit=05"),
        ("limit", "limit=%D9%A5"),
        ("limit", "limit=true"),
        ("limit", f"limit={'9' * 5000}"),
        ("limit", "limit=5&limit=6"),
        ("limit", "limit=5,6"),
        ("cursor", "cursor=x"),
        ("cursor", "cursor="),
        ("cursor", "cursor=AAAAAAAAAAAAAAAAAAAAAB"),
        ("cursor", "cursor=%00"),
        ("status", "status=active"),
        ("status", "status="),
        ("status", "status=ACTIVE,PAUSED"),
        ("status", "status=ACTIVE&status=PAUSED"),
        ("channel", "channel=pigeon"),
        ("entity_type", "entity_type="),
        ("entity_type", f"entity_type={'x' * 101}"),
        ("entity_id", "entity_id=a%00b"),
        ("entity_id", "entity_id=a%0Ab"),
        ("entity_id", "entity_id=%ED%A0%80"),
        ("entity_id", "entity_id=%ff"),
        ("due_before", "due_before=2026-01-01T00:00:00"),
        ("due_before", "due_before=2026-01-01T00:00:00+02:00"),
        ("due_before", "due_before=1767225600"),
        ("due_before", "due_before=infinity"),
        ("due_before", "due_before=1000-01-01T00:00:00Z"),
    ],
)
def test_a_parameter_that_cannot_be_understood_is_named(refusing: Door, field: str, query: str) -> None:
    """Unknown, repeated, empty, coerced or malformed: 422 names the parameter."""
    reply = refusing("GET", "/reminders", query=query)
    assert (reply.status, set(reply.fields)) == (422, {field})


@pytest.mark.parametrize(
    "path", ["/flags/a", "/health", "/openapi.json", "/reminders/019ab54e-7c00-7000-8000-000000000001"]
)
def test_no_path_takes_a_parameter_that_it_does_not_know(refusing: Door, path: str) -> None:
    """A mistyped parameter is never silently without effect."""
    reply = refusing("GET", path, query="limit=5")
    assert (reply.status, reply.fields) == (422, ["limit"])


@pytest.mark.parametrize("cursor", ["________", "AAAAAAAA", "f____3__"])
def test_a_cursor_of_runs_beyond_all_runs_is_taken(door: Door, cursor: str) -> None:
    """Eight signs are always a place in the list, if perhaps one where nothing is."""
    path = door("POST", "/reminders", reminder()).headers["location"]
    assert door("GET", f"{path}/runs", query=f"cursor={cursor}").status == 200


@pytest.mark.parametrize("cursor", ["2", "20", "00", "ff", "6G", "61" * 301])
def test_a_cursor_of_flags_that_holds_no_key_is_named(refusing: Door, cursor: str) -> None:
    """A cursor that this list has not made is refused."""
    reply = refusing("GET", "/flags", query=f"cursor={cursor}")
    assert (reply.status, reply.fields) == (422, ["cursor"])


@pytest.mark.parametrize("letter", ["x", "😀", "\x01", "é"])
def test_a_page_of_runs_ends_before_it_is_too_large(local: Door, world: World, letter: str) -> None:
    """Lambda answers with six megabytes at most: a page of long messages is shorter, and its cursor leads to the rest."""
    reminder = world.create()
    world.sql(
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, finished_at, message, error) "
        "SELECT CAST(:id AS uuid), n, now(), 'kept', 'SENT', now(), "
        "jsonb_build_object('body', repeat(CAST(:letter AS text), 260000), 'payload', repeat('y', 3000000)), "
        "CASE n WHEN 5 THEN repeat('e', 9000000) END FROM generate_series(1, 12) AS n",
        id=reminder.id,
        letter=letter,
    )
    numbers: list[int] = []
    query = "limit=200"
    while True:
        reply = local("GET", f"/reminders/{reminder.id}/runs", query=query)
        assert (reply.status, len(reply.content) < 4_000_000) == (200, True)
        assert {len(item["body"]) for item in reply.json["items"]} == {260_000}
        numbers += [item["occurrence_no"] for item in reply.json["items"]]
        if reply.json["next_cursor"] is None:
            break
        query = f"limit=200&cursor={reply.json['next_cursor']}"
    assert numbers == list(range(12, 0, -1))


def test_a_page_ends_before_four_megabytes(door: Door, world: World) -> None:
    """Long reminders come on more pages than short ones: none is too long for Lambda, and none is missed."""
    world.plant(60)
    world.sql("UPDATE reminder_jobs SET message = jsonb_build_object('body', repeat('😀', 30000))")
    sizes, found, query = [], [], "limit=200"
    while query:
        reply = door("GET", "/reminders", query=query)
        sizes.append(len(reply.content))
        found += [item["entity_id"] for item in reply.json["items"]]
        cursor = reply.json["next_cursor"]
        query = cursor and f"limit=200&cursor={cursor}"
    assert max(sizes) <= 4_000_000
    assert sorted(found) == sorted(f"n_{number}" for number in range(1, 61))


def test_one_reminder_that_is_longer_than_a_page_is_shown(local: Door, world: World) -> None:
    """What SQL has made too long stands alone on its page, and the list goes on behind it."""
    world.plant(3)
    world.sql(
        "UPDATE reminder_jobs SET status = 'CANCELLED', completed_at = now(), next_run_at = NULL, "
        "message = jsonb_build_object('body', repeat('x', 5000000)) WHERE entity_id = 'n_2'"
    )
    found = pages(local, "/reminders", "limit=200")
    assert sorted(item["entity_id"] for page in found for item in page) == ["n_1", "n_2", "n_3"]
    assert len(found) > 1
