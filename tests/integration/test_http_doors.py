"""What every answer has, at both doors: HEAD beside GET, and headers that keep pages and caches away."""

import pytest

from reminders.api import build_api
from reminders.settings import Settings
from tests.doors import Door, encoded, reminder
from tests.world import World


def paths(door: Door, world: World) -> list[str]:
    """Every path that GET answers, with something there."""
    world.tick(None)
    made = door("POST", "/reminders", reminder()).headers["location"]
    door("PUT", "/flags/a", {"value": False})
    door("PUT", "/calendars/c", {"holidays": ["2026-12-25"]})
    values = {"id": made.rpartition("/")[2], "key": "a", "name": "c"}

    def no_commands() -> None:
        raise AssertionError

    found = []
    for operation in build_api(no_commands, Settings())._operations:  # type: ignore[arg-type]
        if operation.method == "GET":
            path = operation.path
            for name, value in values.items():
                path = path.replace(f"<{name}>", encoded(value))
            found.append(path)
    return found


def test_head_is_answered_wherever_get_is(door: Door, world: World) -> None:
    """With the same status and headers, and without the content."""
    tried = paths(door, world)
    assert len(tried) >= 10
    for path in tried:
        got, asked = door("GET", path), door("HEAD", path)
        assert (path, got.status, asked.status, asked.content) == (path, 200, 200, b"")
        del_length = {"content-length"}
        assert asked.headers.keys() - del_length == got.headers.keys() - del_length


def test_head_of_what_is_not_there_says_so_without_content(door: Door) -> None:
    """Problems have no content either."""
    reply = door("HEAD", "/flags/nothing")
    assert (reply.status, reply.content) == (404, b"")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/flags", "GET, HEAD"),
        ("POST", "/flags/a", "DELETE, GET, HEAD, PUT"),
        ("GET", "/reminders/x/pause", "POST"),
    ],
)
def test_a_wrong_method_is_told_that_head_is_allowed(door: Door, method: str, path: str, allowed: str) -> None:
    """Where GET is."""
    reply = door(method, path)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)


def test_a_path_without_get_has_no_head(door: Door) -> None:
    """HEAD changes nothing, so it is no way to a verb."""
    assert door("HEAD", "/reminders/019ab54e-7c00-7000-8000-000000000001/pause").status == 405


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/flags", 200),
        ("GET", "/health", 503),
        ("PUT", "/flags/a", 422),
        ("GET", "/nothing", 404),
        ("DELETE", "/flags", 405),
        ("GET", "/docs", 200),
        ("GET", "/openapi.json", 200),
        ("DELETE", "/flags/a", 404),
    ],
)
def test_every_answer_keeps_frames_guesses_and_caches_away(door: Door, method: str, path: str, status: int) -> None:
    """Good ones and refusals, data and pages."""
    reply = door(method, path)
    assert reply.status == status
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
