"""Reminders over HTTP, at both doors: create, read, change, and the verbs."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.doors import EXAMPLE, Door, at_once, reminder
from tests.world import World


def test_the_example_is_created_as_it_stands(door: Door) -> None:
    """The README's body answers 201 with the reminder, where it is, and its ETag."""
    reply = door("POST", "/reminders", EXAMPLE)
    assert reply.status == 201
    created = reply.json
    assert EXAMPLE.items() <= created.items()
    assert reply.headers["location"] == f"/reminders/{created['id']}"
    assert reply.headers["etag"] == '"1"'
    assert (created["status"], created["occurrence_no"], created["version"]) == ("ACTIVE", 0, 1)
    assert uuid.UUID(created["id"]).version == 7
    assert door("GET", reply.headers["location"]).json == created


def test_a_create_that_is_repeated_answers_the_first(door: Door) -> None:
    """The same natural key while one is live answers 200 with the existing one, unchanged."""
    first = door("POST", "/reminders", EXAMPLE)
    second = door("POST", "/reminders", reminder(interval_minutes=5, channel="log"))
    assert (second.status, second.json) == (200, first.json)
    assert "location" not in second.headers
    assert second.headers["etag"] == first.headers["etag"]


def test_fifty_simultaneous_twins_make_one_reminder(local: Door, world: World) -> None:
    """Fifty creates at once answer one 201 and 49 times 200, all with the same reminder."""
    replies = at_once(50, local, "POST", "/reminders", EXAMPLE)
    assert sorted(reply.status for reply in replies) == [200] * 49 + [201]
    assert len({reply.json["id"] for reply in replies}) == 1
    assert world.sql("SELECT count(*) FROM reminder_jobs") == [[1]]


def test_fifty_simultaneous_twins_make_one_reminder_also_when_the_flag_is_true(local: Door, world: World) -> None:
    """A condition that is true already changes nothing of that."""
    local("PUT", "/flags/feedback_submitted", {"value": True})
    replies = at_once(50, local, "POST", "/reminders", EXAMPLE)
    assert sorted(reply.status for reply in replies) == [200] * 49 + [201]
    assert world.sql("SELECT count(*) FROM reminder_jobs") == [[1]]


def test_everything_that_can_be_given_is_answered(door: Door) -> None:
    """Each optional field comes back as it was given, the condition resolved, the time in UTC."""
    given = reminder(
        start_at="2099-01-01T10:00:00+02:00",
        stop_condition_value="done:{entity_id}",
        recipient="ana@example.com",
        subject="Due: {{entity_id}} ✓",
        body="Line one\n\tline two {{payload.form.url}}",
        payload={"form": {"url": "https://example.com"}, "n": [1, 2.5, None, True]},
    )
    created = door("POST", "/reminders", given).json
    expected = given | {"start_at": "2099-01-01T08:00:00Z", "stop_condition_value": "done:INT_100"}
    assert expected.items() <= created.items()
    assert created["next_run_at"] == "2099-01-01T08:00:00Z"


def test_null_counts_as_absent_when_creating(door: Door) -> None:
    """A client that writes all fields, and null for what it does not know, is understood."""
    given = reminder(recipient=None, subject=None, body=None, payload=None, start_at=None)
    assert door("POST", "/reminders", given).status == 201


def test_a_one_time_reminder_takes_its_instant(door: Door) -> None:
    """`one_time` fires at start_at, also when that has passed: it is then due at once."""
    start = (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    body = reminder(schedule_type="one_time", interval_minutes=..., start_at=start)
    created = door("POST", "/reminders", body).json
    assert (created["interval_minutes"], created["next_run_at"]) == (None, start)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("interval_minutes", {"interval_minutes": ...}),
        ("interval_minutes", {"interval_minutes": None}),
        ("interval_minutes", {"schedule_type": "one_time", "start_at": "2099-01-01T00:00:00Z"}),
        ("start_at", {"schedule_type": "one_time", "interval_minutes": ...}),
        ("stop_condition_type", {"stop_condition_type": ...}),
        ("stop_condition_value", {"stop_condition_value": ...}),
        ("stop_condition_value", {"stop_condition_value": "no flag key!"}),
        ("stop_condition_value", {"entity_id": "with space", "stop_condition_value": "done:{entity_id}"}),
        ("stop_condition_type", {"stop_condition_type": "http_check"}),
        ("channel", {"channel": "pigeon"}),
        ("subject", {"subject": "{{nobody}}"}),
        ("body", {"body": "{{payload.nothing}}", "payload": {}}),
    ],
)
def test_fields_that_do_not_fit_together_are_named(refusing: Door, field: str, changes: dict[str, Any]) -> None:
    """A rule over several fields answers 422 and names the field to mend."""
    reply = refusing("POST", "/reminders", reminder(**changes))
    assert (reply.status, reply.fields) == (422, [field])


def test_an_unknown_channel_is_answered_with_the_known_ones(refusing: Door) -> None:
    """Whoever mistypes a channel learns which there are."""
    message = refusing("POST", "/reminders", reminder(channel="pigeon")).json["errors"][0]["message"]
    assert "email" in message
    assert "log" in message


def created(door: Door, **changes: Any) -> str:
    location: str = door("POST", "/reminders", reminder(**changes)).headers["location"]
    return location


def test_a_patch_changes_what_it_names_and_nothing_else(door: Door) -> None:
    """Absent fields stay, null removes, and the version moves on."""
    path = created(door, recipient="ana@example.com", subject="Old", payload={"a": 1})
    before = door("GET", path).json
    reply = door(
        "PATCH", path, {"subject": "New", "payload": None, "stop_condition_type": None, "interval_minutes": 30}
    )
    changed = {
        "subject": "New",
        "payload": None,
        "stop_condition_type": None,
        "stop_condition_value": None,
        "interval_minutes": 30,
    }
    moves = ("version", "updated_at", "next_run_at")
    after = reply.json
    assert reply.status == 200
    assert {n: v for n, v in after.items() if n not in moves} == {
        n: v for n, v in (before | changed).items() if n not in moves
    }
    assert (after["version"], reply.headers["etag"]) == (2, '"2"')


@pytest.mark.parametrize("field", ["entity_type", "entity_id", "event_type", "channel", "status", "next_run_at", "x"])
def test_a_patch_does_not_take_what_cannot_be_changed(door: Door, field: str) -> None:
    """The natural key, the channel, the engine's own fields and unknown ones are refused by name."""
    path = created(door)
    reply = door("PATCH", path, {field: "log"})
    assert (reply.status, reply.fields) == (422, [field])
    assert door("GET", path).json["version"] == 1


@pytest.mark.parametrize("field", ["schedule_type", "interval_minutes"])
def test_a_patch_does_not_remove_the_schedule(door: Door, field: str) -> None:
    """A reminder always has a schedule: null is refused for the fields that it needs."""
    path = created(door)
    reply = door("PATCH", path, {field: None})
    assert (reply.status, reply.fields) == (422, [field])


def test_an_empty_patch_changes_nothing(door: Door) -> None:
    """No field, no edit: the version stays."""
    reply = door("PATCH", created(door), {})
    assert (reply.status, reply.json["version"]) == (200, 1)


def test_a_reminder_is_paused_and_resumed(door: Door) -> None:
    """A paused reminder says since when and fires at no time; a resumed one fires again. Repeating changes nothing."""
    path = created(door)
    paused = door("POST", f"{path}/pause")
    assert (paused.status, paused.json["status"], paused.json["next_run_at"]) == (200, "PAUSED", None)
    assert paused.json["paused_at"].endswith("Z")
    assert door("POST", f"{path}/pause", {}).json == paused.json
    resumed = door("POST", f"{path}/resume").json
    assert (resumed["status"], resumed["paused_at"]) == ("ACTIVE", None)
    assert resumed["next_run_at"] is not None


def test_a_reminder_is_completed_by_its_caller(door: Door) -> None:
    """Completing it ends it with that reason; repeating changes nothing."""
    path = created(door)
    done = door("POST", f"{path}/complete")
    assert (done.status, done.json["status"], done.json["completion_reason"]) == (
        200,
        "COMPLETED",
        "completed_by_caller",
    )
    assert door("POST", f"{path}/complete").json == done.json


def test_a_deleted_reminder_is_cancelled_and_kept(door: Door) -> None:
    """DELETE answers with the reminder, CANCELLED; repeating changes nothing, and it can still be read."""
    path = created(door)
    gone = door("DELETE", path)
    assert (gone.status, gone.json["status"]) == (200, "CANCELLED")
    assert door("DELETE", path).json == gone.json == door("GET", path).json
    assert door("POST", "/reminders", EXAMPLE).status == 201


@pytest.mark.parametrize(
    ("ended_by", "state", "verb"),
    [
        ("complete", "COMPLETED", ("DELETE", "", None)),
        ("complete", "COMPLETED", ("POST", "/pause", None)),
        ("complete", "COMPLETED", ("POST", "/resume", None)),
        ("complete", "COMPLETED", ("POST", "/trigger", None)),
        ("complete", "COMPLETED", ("PATCH", "", {"subject": "x"})),
        ("delete", "CANCELLED", ("POST", "/complete", None)),
        ("delete", "CANCELLED", ("POST", "/trigger", None)),
    ],
)
def test_what_a_state_forbids_is_a_conflict_that_names_it(
    door: Door, ended_by: str, state: str, verb: tuple[str, str, Any]
) -> None:
    """409 says which state is in the way, and nothing changes."""
    path = created(door)
    ended = door("POST", f"{path}/complete") if ended_by == "complete" else door("DELETE", path)
    reply = door(verb[0], path + verb[1], verb[2])
    assert (reply.status, reply.json["type"]) == (409, "/problems/illegal-transition")
    assert state in reply.json["detail"]
    assert door("GET", path).json == ended.json


def test_a_trigger_makes_a_run_and_leaves_the_cadence_alone(door: Door) -> None:
    """202 with the run that the next tick sends, rendered; the reminder fires when it would have."""
    path = created(door, subject="For {{entity_id}}")
    before = door("GET", path).json
    reply = door("POST", f"{path}/trigger")
    run = reply.json
    assert reply.status == 202
    assert (run["id"], run["state"], run["cause"]) == (f"{before['id']}_1_0", "PENDING", "trigger")
    assert run["subject"] == "For INT_100"
    assert door("GET", f"{path}/runs").json == {"items": [run], "next_cursor": None}
    assert door("GET", path).json["next_run_at"] == before["next_run_at"]


def test_a_trigger_is_refused_when_the_condition_is_true(door: Door) -> None:
    """What is done needs no reminder: 409."""
    path = created(door, stop_condition_value="later")
    door("PATCH", path, {"stop_condition_value": "now"})
    door("POST", f"{path}/pause")
    door("PUT", "/flags/now", {"value": False})
    assert door("POST", f"{path}/trigger").status == 202
    door("PUT", "/flags/done", {"value": True})
    other = created(door, entity_id="INT_200", stop_condition_value="done")
    reply = door("POST", f"{other}/trigger")
    assert (reply.status, reply.json["type"]) == (409, "/problems/condition-is-true")


@pytest.mark.parametrize("if_match", ['"1"', "*", '"7", "1"', 'W/"9", "1"', ' "1" '])
def test_an_edit_goes_through_when_the_version_matches(door: Door, if_match: str) -> None:
    """If-Match takes `*` and a list of strong tags."""
    path = created(door)
    reply = door("PATCH", path, {"subject": "x"}, headers={"If-Match": if_match})
    assert (reply.status, reply.headers["etag"]) == (200, '"2"')


STALE = ('"2"', 'W/"1"', '"1', "1", '"one"', '"01"', '"2", "3"', "", '"1" "2"', '"' + "9" * 5000 + '"')


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("PATCH", "", {"subject": "x"}),
        ("DELETE", "", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/complete", None),
        ("POST", "/trigger", None),
    ],
)
def test_an_edit_of_another_version_is_refused(door: Door, method: str, suffix: str, body: Any) -> None:
    """A tag that is stale, weak or no tag at all answers 412, and nothing changes."""
    path = created(door)
    before = door("GET", path).json
    for if_match in STALE:
        reply = door(method, path + suffix, body, headers={"If-Match": if_match})
        assert (if_match, reply.status, reply.json["type"]) == (if_match, 412, "/problems/stale-version")
    assert door("GET", path).json == before
    assert door("GET", f"{path}/runs").json["items"] == []


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("GET", "/runs", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/complete", None),
        ("POST", "/trigger", None),
    ],
)
def test_a_reminder_that_does_not_exist_is_not_found(refusing: Door, method: str, suffix: str, body: Any) -> None:
    """404, whatever is asked of it and whatever version is expected."""
    path = f"/reminders/019ab54e-7c00-7000-8000-000000000001{suffix}"
    reply = refusing(method, path, body, headers={"If-Match": '"1", "2"'})
    assert (reply.status, reply.json["type"]) == (404, "/problems/not-found")


def test_an_id_is_a_uuid_in_any_case_and_encoding(door: Door) -> None:
    """What names the same UUID names the same reminder."""
    path = created(door)
    identity = path.rpartition("/")[2]
    assert door("GET", f"/reminders/{identity.upper()}").status == 200
    assert door("GET", f"/reminders/{identity.replace('-', '%2D')}").status == 200


@pytest.mark.parametrize(
    "segment",
    [
        "1",
        "019ab54e7c0070008000000000000001",
        "%7B019ab54e-7c00-7000-8000-000000000001%7D",
        "%00",
        "%ff",
        "a%2Fb",
        "%3F%23%22%5C",
    ],
)
def test_an_id_that_is_no_uuid_is_named(refusing: Door, segment: str) -> None:
    """422 names `id`, whatever signs the segment holds."""
    reply = refusing("GET", f"/reminders/{segment}")
    assert (reply.status, reply.fields) == (422, ["id"])
