"""Schedules over HTTP, at both doors: each type made, read back, changed, and looked at ahead of time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reminders.api.openapi import examples
from reminders.api.values import utc_text
from tests.doors import Door, reminder
from tests.world import World

NIGHT = {"schedule_type": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin", "after": "2026-03-28T12:00:00Z"}
GAP = {"at": "2026-03-29T01:00:00Z", "local": "2026-03-29T03:00:00+02:00", "notes": ["dst_gap"]}
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def scheduled(schedule: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return reminder(interval_minutes=...) | schedule | changes


def created(door: Door, schedule: dict[str, Any], **changes: Any) -> str:
    reply = door("POST", "/reminders", scheduled(schedule, **changes))
    assert reply.status == 201, reply
    location: str = reply.headers["location"]
    return location


def in_utc(value: Any) -> Any:
    """Instants as they are answered."""
    if isinstance(value, list):
        return [in_utc(each) for each in value]
    is_instant = isinstance(value, str) and value[:2] == "20" and "T" in value
    return utc_text(datetime.fromisoformat(value)) if is_instant else value


# A value for each field, by type.
_ALL = {
    "one_time": {"start_at": "2099-03-02T10:00:00+01:00", "end_at": "2099-03-02T10:00:00+01:00"},
    "recurring": {"backoff_minutes": [1440, 4320, 10080], "start_at": "2099-03-02T09:00:00Z", "max_runs": 7},
    "calendar": {"every": 2, "unit": "month", "month_overflow": "skip", "start_at": "2026-01-31T09:00:00+01:00"},
    "cron": {"cron": "0 9 L * MON#2", "start_at": "2099-03-02T09:00:00Z", "end_at": "2100-03-02T09:00:00Z"},
    "rrule": {
        "rrule": "FREQ=MONTHLY;BYDAY=-1FR",
        "start_at": "2026-01-30T09:00:00+01:00",
        "rdates": ["2099-03-02T09:00:00Z"],
        "exdates": ["2099-03-27T09:00:00+01:00"],
    },
    "anchored": {"anchor_at": "2099-03-02T14:00:00+01:00", "offsets": ["-P3D", "-PT1H", "P1D"], "past_offset": "fire"},
}
_COMMON = {
    "timezone": "Europe/Berlin",
    "misfire_policy": "fire_all",
    "max_catchup": 3,
    "misfire_grace_minutes": 60,
    "send_window": {"days": WEEKDAYS, "from": "22:00", "to": "06:30", "timezone": "Asia/Kolkata"},
    "window_policy": "defer",
    "jitter_seconds": 60,
}
_DST = {"dst_gap": "shift", "dst_overlap": "last"}


@pytest.mark.parametrize("kind", _ALL)
def test_each_schedule_is_answered_as_it_was_given(door: Door, kind: str) -> None:
    """All its fields flat, times in UTC; what was not given is null."""
    given = {"schedule_type": kind} | _ALL[kind] | _COMMON | (_DST if kind not in ("one_time", "recurring") else {})
    path = created(door, given)
    answered = door("GET", path).json
    assert {name: answered[name] for name in given} == {name: in_utc(value) for name, value in given.items()}
    absent = {name for name in examples_fields() if name not in given}
    assert {answered[name] for name in absent} <= {None}
    assert answered["runs_left"] == given.get("max_runs")
    assert door("GET", "/reminders").json["items"] == [answered]


def examples_fields() -> set[str]:
    """All fields of schedules."""
    return {name for schedule in _ALL.values() for name in schedule} | {
        "interval_minutes",
        "business_calendar",
        *_COMMON,
        *_DST,
    }


def test_a_window_is_answered_with_its_defaults(door: Door) -> None:
    """All days, from midnight to midnight, in the schedule's own zone."""
    path = created(door, {"schedule_type": "cron", "cron": "0 9 * * *", "send_window": {}})
    window = door("GET", path).json["send_window"]
    assert window == {"days": [*WEEKDAYS, "sat", "sun"], "from": "00:00", "to": "24:00", "timezone": None}


@pytest.mark.parametrize("name", examples.SCHEDULES)
def test_an_example_of_the_document_is_created_and_looked_at(door: Door, name: str) -> None:
    """What Swagger UI offers works as it stands, and both previews say when it fires next."""
    example = examples.reminders()[name]["value"]
    reply = door("POST", "/reminders", example)
    assert reply.status == 201, reply
    ahead = door("GET", f"{reply.headers['location']}/preview", query="count=1").json
    assert [item["at"] for item in ahead["items"]] == [reply.json["next_run_at"]]
    looked = door("POST", "/schedules/preview", examples.previews()[name]["value"])
    assert looked.status == 200
    assert looked.json["items"]
    assert looked.json["description"]


# Changes


def test_a_moved_anchor_moves_what_has_not_fired(door: Door) -> None:
    """The interview is a week later, and so are its reminders."""
    path = created(
        door, {"schedule_type": "anchored", "anchor_at": "2099-03-02T14:00:00Z", "offsets": ["-P3D", "-PT1H"]}
    )
    moved = door("PATCH", path, {"anchor_at": "2099-03-09T14:00:00Z"}).json
    assert (moved["anchor_at"], moved["next_run_at"]) == ("2099-03-09T14:00:00Z", "2099-03-06T14:00:00Z")
    ahead = door("GET", f"{path}/preview").json["items"]
    assert [item["at"] for item in ahead] == ["2099-03-06T14:00:00Z", "2099-03-09T13:00:00Z"]


def test_an_offset_that_has_fired_does_not_fire_again(door: Door, world: World) -> None:
    """Moving the anchor brings back only what has not been sent."""
    soon = datetime.now(UTC) + timedelta(days=3, seconds=-1)
    path = created(
        door,
        {
            "schedule_type": "anchored",
            "anchor_at": soon.isoformat(),
            "offsets": ["-P3D", "-PT1H"],
            "past_offset": "fire",
        },
        channel="log",
    )
    world.channels["log"] = world.kept
    world.tick(now=None)
    later = soon + timedelta(days=7)
    assert door("PATCH", path, {"anchor_at": later.isoformat()}).json["occurrence_no"] == 1
    ahead = door("GET", f"{path}/preview").json["items"]
    assert [item["at"] for item in ahead] == [utc_text(later - timedelta(hours=1))]


@pytest.mark.parametrize(
    ("field", "value", "next_run_at"),
    [
        ("send_window", {"from": "12:00", "to": "13:00"}, "2099-03-02T12:00:00Z"),
        ("jitter_seconds", 3_600, None),
        ("end_at", "2099-12-31T00:00:00Z", None),
        ("max_runs", 5, None),
        ("misfire_policy", "skip", None),
        ("misfire_grace_minutes", 5, None),
        ("timezone", "Europe/Berlin", "2099-03-02T08:00:00Z"),
    ],
)
def test_null_removes_what_may_be_without(door: Door, field: str, value: Any, next_run_at: str | None) -> None:
    """A field that was given is gone again, and so is what it did."""
    path = created(
        door, {"schedule_type": "cron", "cron": "0 9 2 3 *", "start_at": "2099-01-01T00:00:00Z", field: value}
    )
    before = door("GET", path).json
    assert before[field] is not None
    if next_run_at:
        assert before["next_run_at"] == next_run_at
    after = door("PATCH", path, {field: None}).json
    assert (after[field], after["next_run_at"], after["version"]) == (None, "2099-03-02T09:00:00Z", 2)


@pytest.mark.parametrize(
    ("schedule", "patch", "field"),
    [
        ({"schedule_type": "cron", "cron": "0 9 * * *"}, {"cron": None}, "cron"),
        ({"schedule_type": "one_time", "start_at": "2099-03-02T09:00:00Z"}, {"start_at": None}, "start_at"),
        ({"schedule_type": "calendar", "unit": "day", "start_at": "2099-03-02T09:00:00Z"}, {"unit": None}, "unit"),
        ({"schedule_type": "recurring", "backoff_minutes": [60]}, {"backoff_minutes": None}, "interval_minutes"),
        ({"schedule_type": "recurring", "backoff_minutes": [60]}, {"interval_minutes": 60}, "backoff_minutes"),
        ({"schedule_type": "cron", "cron": "0 9 * * *"}, {"interval_minutes": 60}, "interval_minutes"),
        ({"schedule_type": "cron", "cron": "0 9 * * *"}, {"schedule_type": "anchored"}, "anchor_at"),
        ({"schedule_type": "cron", "cron": "0 9 * * *"}, {"timezone": "Europe/Atlantis"}, "timezone"),
        ({"schedule_type": "cron", "cron": "0 9 * * *"}, {"business_calendar": "nowhere"}, "business_calendar"),
        ({"schedule_type": "cron", "cron": "0 9 * * *"}, {"cron": "0 9 30 2 *"}, "cron"),
        (
            {"schedule_type": "cron", "cron": "0 9 * * *"},
            {"send_window": {"from": "09:00", "to": "09:00"}},
            "send_window.to",
        ),
        ({"schedule_type": "cron", "cron": "0 9 * * *"}, {"end_at": "2026-01-01T00:00:00Z"}, "end_at"),
    ],
)
def test_a_change_that_does_not_fit_is_named(
    door: Door, schedule: dict[str, Any], patch: dict[str, Any], field: str
) -> None:
    """422, and the reminder is as it was."""
    path = created(door, schedule)
    before = door("GET", path).json
    reply = door("PATCH", path, patch)
    assert (reply.status, reply.fields) == (422, [field])
    assert door("GET", path).json == before


def test_a_reminder_changes_its_kind_of_schedule(door: Door) -> None:
    """What belongs to the old one goes, what both have stays."""
    path = created(door, {"schedule_type": "cron", "cron": "0 9 * * *", "timezone": "Europe/Berlin", "max_runs": 4})
    patch = {"schedule_type": "calendar", "unit": "week", "start_at": "2099-03-02T08:00:00Z"}
    after = door("PATCH", path, patch).json
    assert (after["cron"], after["unit"], after["timezone"], after["max_runs"]) == (None, "week", "Europe/Berlin", 4)
    assert after["next_run_at"] == "2099-03-02T08:00:00Z"


# Previews


def test_a_preview_notes_what_moves(door: Door) -> None:
    """The issue's example: half past two on the night on which there is none."""
    looked = door("POST", "/schedules/preview", NIGHT | {"count": 2})
    assert looked.status == 200
    assert looked.json["items"][0] == GAP
    assert looked.json["items"][1]["local"] == "2026-03-30T02:30:00+02:00"
    assert looked.json["description"] == "at 02:30 (Europe/Berlin)"


@pytest.mark.parametrize(
    ("schedule", "items"),
    [
        # Every working day at nine in Berlin, over the night on which summer time begins.
        (
            {
                "schedule_type": "cron",
                "cron": "0 9 * * MON-FRI",
                "timezone": "Europe/Berlin",
                "after": "2026-03-26T12:00:00Z",
            },
            ["2026-03-27T08:00:00Z", "2026-03-30T07:00:00Z"],
        ),
        # Three days and one hour before the interview.
        (
            {
                "schedule_type": "anchored",
                "anchor_at": "2026-03-02T14:00:00Z",
                "offsets": ["-PT1H", "-P3D"],
                "after": "2026-02-01T00:00:00Z",
            },
            ["2026-02-27T14:00:00Z", "2026-03-02T13:00:00Z"],
        ),
        # On the last day of each month: always from the anchor's day.
        (
            {
                "schedule_type": "calendar",
                "unit": "month",
                "start_at": "2026-01-31T09:00:00Z",
                "after": "2026-01-31T09:00:00Z",
            },
            ["2026-02-28T09:00:00Z", "2026-03-31T09:00:00Z"],
        ),
        # The instants after a start that lies ahead.
        (
            {"schedule_type": "recurring", "interval_minutes": 60, "start_at": "2099-03-02T09:00:00Z"},
            ["2099-03-02T09:00:00Z", "2099-03-02T10:00:00Z"],
        ),
        # Strictly after the instant.
        (
            {
                "schedule_type": "recurring",
                "interval_minutes": 60,
                "start_at": "2026-03-02T09:00:00Z",
                "after": "2026-03-02T10:00:00Z",
            },
            ["2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z"],
        ),
        # It ends.
        (
            {"schedule_type": "one_time", "start_at": "2026-03-02T09:00:00Z", "after": "2026-03-02T08:59:59Z"},
            ["2026-03-02T09:00:00Z"],
        ),
        ({"schedule_type": "one_time", "start_at": "2026-03-02T09:00:00Z", "after": "2026-03-02T09:00:00Z"}, []),
    ],
)
def test_a_preview_lists_the_instants_that_follow(door: Door, schedule: dict[str, Any], items: list[str]) -> None:
    """Strictly after the instant, in their order, fewer if the schedule ends."""
    looked = door("POST", "/schedules/preview", schedule | {"count": 2}).json
    assert [item["at"] for item in looked["items"]] == items


def test_a_preview_makes_nothing(door: Door, world: World) -> None:
    """It is a question, and by default about ten instants."""
    assert len(door("POST", "/schedules/preview", NIGHT).json["items"]) == 10
    assert world.sql("SELECT count(*) FROM reminder_jobs") == [[0]]


def test_a_reminder_is_looked_at_as_things_stand(door: Door) -> None:
    """From an instant on, with its window; a paused one as if it were resumed, an ended one with nothing to come."""
    path = created(
        door, {"schedule_type": "cron", "cron": "0 9 * * *", "send_window": {"days": WEEKDAYS}, "max_runs": 5}
    )
    looked = door("GET", f"{path}/preview", query="after=2099-02-27T12:00:00Z&count=100")
    assert (looked.status, looked.fields if looked.status == 422 else looked.json["items"]) == (200, [])
    door("PATCH", path, {"max_runs": None})
    items = door("GET", f"{path}/preview", query="after=2099-02-27T12:00:00Z&count=2").json["items"]
    assert items[0] == {"at": "2099-03-02T00:00:00Z", "local": "2099-03-02T00:00:00+00:00", "notes": ["deferred"]}
    door("POST", f"{path}/pause")
    assert len(door("GET", f"{path}/preview").json["items"]) == 10
    door("DELETE", path)
    ended = door("GET", f"{path}/preview").json
    assert (ended["items"], ended["description"].split(",")[0]) == ([], "at 09:00 (UTC)")


def test_a_reminder_that_is_not_there_has_no_preview(refusing: Door) -> None:
    """404."""
    assert refusing("GET", "/reminders/019ab54e-7c00-7000-8000-000000000001/preview").status == 404


# What has been made of it


def test_a_run_says_whether_it_was_late(door: Door, world: World) -> None:
    """One that was planned half an hour after it was meant is, one that was triggered is not."""
    path = created(door, {"schedule_type": "recurring", "interval_minutes": 60}, channel="log")
    door("POST", f"{path}/trigger")
    world.sql(
        "UPDATE reminder_jobs SET start_at = now() - interval '270 minutes', next_run_at = now() - interval '270 minutes',"
        " planned_through = NULL"
    )
    world.channels["log"] = world.kept
    world.tick(now=None)
    runs = door("GET", f"{path}/runs").json["items"]
    assert [(run["cause"], run["late"], run["stands_for"] > 1) for run in runs] == [
        ("schedule", True, True),
        ("trigger", False, False),
    ]


def test_a_schedule_that_sql_has_broken_can_still_be_read(door: Door, world: World) -> None:
    """What is no schedule is answered as null where it makes no sense, and cannot be looked at ahead: 409."""
    path = created(door, {"schedule_type": "cron", "cron": "0 9 * * *", "max_runs": 3, "send_window": {}})
    broken = '{"cron": [1], "max_runs": "three", "send_window": {"weekdays": [9], "opens": "x", "closes": 5, "timezone": null}}'
    world.sql("UPDATE reminder_jobs SET schedule = CAST(:broken AS jsonb)", broken=broken)
    read = door("GET", path).json
    assert (read["cron"], read["max_runs"], read["send_window"]) == (None, None, None)
    assert door("GET", "/reminders").status == 200
    looked = door("GET", f"{path}/preview")
    assert (looked.status, looked.json["type"]) == (409, "/problems/schedule-unreadable")
