"""Business calendars over HTTP, at both doors: as JSON and as iCalendar files."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reminders.api.openapi import examples
from tests.doors import Door, Reply, encoded, reminder
from tests.world import World

WEEK = ["mon", "tue", "wed", "thu", "fri"]
FILE = examples.calendar_file()["example"].encode()
ICS = {"Content-Type": "text/calendar"}


def put(door: Door, name: str = "germany", **body: Any) -> Reply:
    return door("PUT", f"/calendars/{name}", body)


def test_a_calendar_is_set_read_listed_and_removed(door: Door) -> None:
    """PUT creates and replaces, GET reads, the list shows, DELETE removes, once."""
    made = put(door, working_weekdays=["sun", "mon"], holidays=["2026-12-26", "2026-12-25", "2026-12-25"])
    assert (made.status, made.json["name"]) == (200, "germany")
    assert (made.json["working_weekdays"], made.json["holidays"]) == (["mon", "sun"], ["2026-12-25", "2026-12-26"])
    assert door("GET", "/calendars/germany").json == made.json
    assert door("GET", "/calendars").json == {"items": [made.json], "next_cursor": None}
    assert door("DELETE", "/calendars/germany").status == 204
    for gone in (door("DELETE", "/calendars/germany"), door("GET", "/calendars/germany")):
        assert (gone.status, gone.json["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(
    ("body", "weekdays"),
    [({}, WEEK), ({"working_weekdays": ["sat"]}, ["sat"]), ({"working_weekdays": None}, ["thu"])],
)
def test_a_calendar_is_replaced(door: Door, body: dict[str, Any], weekdays: list[str]) -> None:
    """What is left out has its default: Monday to Friday, and no holidays. Null keeps the weekdays that there are."""
    put(door, working_weekdays=["thu"], holidays=["2026-12-25"])
    replaced = put(door, **body).json
    assert (replaced["working_weekdays"], replaced["holidays"]) == (weekdays, [])


def test_a_file_is_imported(door: Door) -> None:
    """The days of its all-day events become holidays, and the working weekdays stay."""
    put(door, working_weekdays=["tue"], holidays=["2026-01-01"])
    made = door("PUT", "/calendars/germany", raw=FILE, headers=ICS)
    assert (made.status, made.json["working_weekdays"]) == (200, ["tue"])
    assert made.json["holidays"][:4] == ["2026-12-25", "2026-12-26", "2027-12-25", "2027-12-26"]
    new = door(
        "PUT", "/calendars/other", raw=FILE, headers={"Content-Type": "text/calendar; charset=utf-8; method=PUBLISH"}
    )
    assert (new.status, new.json["working_weekdays"]) == (200, WEEK)


def test_a_file_of_a_megabyte_is_imported(door: Door) -> None:
    """A file may be larger than other bodies; one byte more is too large."""
    event = b"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\n"
    head, tail = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + event, b"END:VCALENDAR\r\n"
    filling = b"X-NOTE:" + b"x" * (1_048_576 - len(head) - len(tail) - 9) + b"\r\n"
    raw = head + filling + tail
    assert len(raw) == 1_048_576
    assert door("PUT", "/calendars/germany", raw=raw, headers=ICS).json["holidays"] == ["2026-12-25"]
    assert door("PUT", "/calendars/germany", raw=raw + b"\n", headers=ICS).status == 413


def test_five_thousand_holidays_are_taken(door: Door) -> None:
    """As JSON too, however it is spaced."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    days = [(first + timedelta(days=number)).date().isoformat() for number in range(5_000)]
    assert put(door, holidays=days).json["holidays"] == days


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 422),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", 422),
        (b"nonsense", 422),
        (b"\xff", 422),
        (b"{}", 422),
        (b"x" * 1_048_577, 413),
    ],
)
def test_a_file_without_days_is_refused(refusing: Door, raw: bytes, status: int) -> None:
    """422 names the body, and no calendar is made."""
    reply = refusing("PUT", "/calendars/germany", raw=raw, headers=ICS)
    assert reply.status == status
    if status == 422:
        assert reply.fields == ["body"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/reminders"), ("PUT", "/flags/a"), ("POST", "/schedules/preview")]
)
def test_nothing_else_takes_a_file(refusing: Door, method: str, path: str) -> None:
    """415 everywhere else, and a file there is no larger than other bodies."""
    assert refusing(method, path, raw=FILE, headers=ICS).status == 415
    assert refusing(method, path, raw=b"x" * 65_537, headers=ICS).status == 413


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("working_weekdays", {"working_weekdays": []}),
        ("working_weekdays", {"working_weekdays": "mon"}),
        ("working_weekdays", {"working_weekdays": ["mon", "mon"]}),
        ("working_weekdays.0", {"working_weekdays": ["monday"]}),
        ("working_weekdays.1", {"working_weekdays": ["mon", 1]}),
        ("holidays", {"holidays": "2026-12-25"}),
        ("holidays", {"holidays": None}),
        ("holidays", {"holidays": ["2026-12-25"] * 5_001}),
        ("holidays.0", {"holidays": ["2026-02-30"]}),
        ("holidays.0", {"holidays": ["20261225"]}),
        ("holidays.0", {"holidays": ["2026-12-25T00:00:00Z"]}),
        ("holidays.0", {"holidays": ["1900-01-01"]}),
        ("holidays.0", {"holidays": [20261225]}),
        ("name", {"name": "x"}),
    ],
)
def test_a_calendar_that_is_none_is_named(refusing: Door, field: str, body: dict[str, Any]) -> None:
    """422 names the field, or the entry of a list."""
    reply = refusing("PUT", "/calendars/germany", body)
    assert (reply.status, reply.fields) == (422, [field])


@pytest.mark.parametrize("segment", ["a%20b", "a%2Fb", "%00", "%C3%A4", "x" * 101, "a%2541"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_name_that_is_none_is_named(refusing: Door, method: str, segment: str) -> None:
    """422 names `name`, and no calendar is made."""
    reply = refusing(method, f"/calendars/{segment}", {} if method == "PUT" else None)
    assert (reply.status, reply.fields) == (422, ["name"])


def test_a_name_is_decoded_once(door: Door, world: World) -> None:
    """However much of it is percent-encoded, the calendar is the same."""
    assert put(door, encoded("Az09._:@+=-")).json["name"] == "Az09._:@+=-"
    assert world.sql("SELECT name FROM business_calendars") == [["Az09._:@+=-"]]


def test_calendars_are_listed_by_name_in_pages(door: Door) -> None:
    """In the order of their names' bytes, each once."""
    for name in ("z@+=", "a.b", "B", "a"):
        put(door, name)
    first = door("GET", "/calendars", query="limit=3").json
    second = door("GET", "/calendars", query=f"limit=3&cursor={first['next_cursor']}").json
    assert [item["name"] for item in first["items"]] == ["B", "a", "a.b"]
    assert ([item["name"] for item in second["items"]], second["next_cursor"]) == (["z@+="], None)


def test_a_calendar_in_use_stays(door: Door) -> None:
    """409 while a live reminder keeps to it, paused or not; then it goes."""
    put(door)
    path = door("POST", "/reminders", reminder(business_calendar="germany")).headers["location"]
    for verb in ("pause", "resume"):
        assert door("POST", f"{path}/{verb}").status == 200
        refused = door("DELETE", "/calendars/germany")
        assert (refused.status, refused.json["type"]) == (409, "/problems/calendar-in-use")
    door("DELETE", path)
    assert door("DELETE", "/calendars/germany").status == 204


@pytest.mark.parametrize("field", ["business_calendar"])
def test_a_calendar_that_is_not_there_is_named(refusing: Door, field: str) -> None:
    """Creating and looking ahead both ask for it."""
    body = {"schedule_type": "cron", "cron": "0 9 * * *", "business_calendar": "nowhere"}
    assert refusing("POST", "/reminders", reminder(interval_minutes=..., **body)).fields == [field]
    assert refusing("POST", "/schedules/preview", body).fields == [field]


def test_a_changed_calendar_changes_what_is_planned(door: Door, world: World) -> None:
    """The next tick re-plans the reminders that use it."""
    put(door)
    body = {"schedule_type": "one_time", "interval_minutes": ..., "start_at": "2099-03-02T09:00:00Z"}
    path = door("POST", "/reminders", reminder(**body, business_calendar="germany")).headers["location"]
    assert door("GET", path).json["next_run_at"] == "2099-03-02T09:00:00Z"  # a Monday
    put(door, holidays=["2099-03-02"])
    world.tick(now=None)
    assert door("GET", path).json["next_run_at"] == "2099-03-03T00:00:00Z"
