"""Flags over HTTP, at both doors."""

import pytest

from tests.doors import Door, encoded, reminder
from tests.world import World

EVERY_SIGN = "Az09._:@+=-"


def test_a_flag_is_set_read_listed_and_removed(door: Door) -> None:
    """PUT creates and sets, GET reads, the list shows, DELETE removes, once."""
    put = door("PUT", "/flags/done", {"value": False})
    assert put.status == 200
    assert (put.json["key"], put.json["value"], put.json["completed"], put.json["more"]) == ("done", False, 0, False)
    read = door("GET", "/flags/done")
    assert read.json == {name: put.json[name] for name in ("key", "value", "created_at", "updated_at")}
    assert door("GET", "/flags").json == {"items": [read.json], "next_cursor": None}
    assert door("DELETE", "/flags/done").status == 204
    for gone in (door("DELETE", "/flags/done"), door("GET", "/flags/done")):
        assert (gone.status, gone.json["type"]) == (404, "/problems/not-found")


def test_a_flag_that_becomes_true_completes_what_it_stops(door: Door) -> None:
    """The answer counts what it has completed, and the reminder says why it ended."""
    path = door("POST", "/reminders", reminder(stop_condition_value="done")).headers["location"]
    put = door("PUT", "/flags/done", {"value": True})
    assert (put.json["completed"], put.json["more"]) == (1, False)
    ended = door("GET", path).json
    assert (ended["status"], ended["completion_reason"]) == ("COMPLETED", "stop_condition")


@pytest.mark.parametrize(
    "segment", [EVERY_SIGN, encoded(EVERY_SIGN), "".join(f"%{ord(sign):02x}" for sign in EVERY_SIGN)]
)
def test_a_key_is_decoded_once(door: Door, world: World, segment: str) -> None:
    """However much of it is percent-encoded, the flag is the same; a plus is a plus."""
    assert door("PUT", f"/flags/{segment}", {"value": True}).json["key"] == EVERY_SIGN
    assert world.sql("SELECT key FROM status_flags") == [[EVERY_SIGN]]


@pytest.mark.parametrize(
    "segment",
    ["a%2541", "a%20b", "a%2Fb", "a%3Fb", "%23", "%22", "%5C", "a%00", "%ff", "%C3%A4", "a%0A", "x" * 301, "%", "%zz"],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_key_that_is_none_is_named(refusing: Door, method: str, segment: str) -> None:
    """422 names `key`, also for what is encoded twice, and no flag is made."""
    reply = refusing(method, f"/flags/{segment}", {"value": True} if method == "PUT" else None)
    assert (reply.status, reply.fields) == (422, ["key"])


@pytest.mark.parametrize("value", [1, 0, "true", None, [], {}, [True]])
def test_a_value_is_true_or_false(refusing: Door, value: object) -> None:
    """Nothing is taken for a boolean that is none."""
    reply = refusing("PUT", "/flags/done", {"value": value})
    assert (reply.status, reply.fields) == (422, ["value"])


def test_a_flag_set_by_sql_is_answered(door: Door, world: World) -> None:
    """The SQL of the README makes a flag that the API reads."""
    world.sql("INSERT INTO status_flags (key, value) VALUES ('feedback_submitted', false)")
    assert door("GET", "/flags/feedback_submitted").json["value"] is False
