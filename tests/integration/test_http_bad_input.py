"""Bad input over HTTP, at both doors: always a 4xx problem that names the field, never a write, never a 500."""

import json
from typing import Any

import pytest

from tests.doors import EXAMPLE, Door, Reply, reminder

_STRINGS = ("entity_type", "entity_id", "event_type", "channel", "recipient", "subject", "body", "stop_condition_value")
_LONGEST = {
    "entity_type": 100,
    "entity_id": 200,
    "event_type": 100,
    "recipient": 500,
    "subject": 500,
    "body": 32_768,
    "stop_condition_value": 300,
}
_ONE_LINE = [name for name in _STRINGS if name != "body"]


def assert_names(reply: Reply, field: str) -> None:
    assert (reply.status, reply.fields) == (422, [field])


@pytest.mark.parametrize("field", EXAMPLE)
@pytest.mark.parametrize("value", [[], {}, ["x"], {"a": "b"}, True, 1.5])
def test_a_field_of_another_type_is_named(refusing: Door, field: str, value: Any) -> None:
    """No field takes a list, an object, a boolean or a fraction in place of its own type."""
    assert_names(refusing("POST", "/reminders", reminder(**{field: value})), field)


@pytest.mark.parametrize("value", ["60", True, 60.0, 0, -1, 5_256_001, 2**31, 10**100, [60]])
def test_an_interval_is_a_whole_number_within_its_bounds(refusing: Door, value: Any) -> None:
    """1 … 5,256,000 minutes, and nothing that only looks like it."""
    assert_names(refusing("POST", "/reminders", reminder(interval_minutes=value)), "interval_minutes")


@pytest.mark.parametrize("minutes", [1, 5_256_000])
def test_the_bounds_of_an_interval_are_taken(door: Door, minutes: int) -> None:
    """Both ends are permitted."""
    assert door("POST", "/reminders", reminder(interval_minutes=minutes)).status == 201


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T09:00:00",
        "2026-03-02",
        "2026-03-02 09:00:00Z",
        "2026-02-30T09:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T09:00:00+24:00",
        "2026-03-02T09:00:00+2",
        "2026-W10-1T09:00:00Z",
        "20260302T090000Z",
        "٢٠٢٦-03-02T09:00:00Z",
        "1900-01-01T00:00:00Z",
        "2200-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "infinity",
        "now",
        "",
        1_767_225_600,
        True,
    ],
)
def test_an_instant_is_rfc_3339_with_an_offset_and_near(refusing: Door, text: Any) -> None:
    """A date without an offset, without sense, or a century away is refused; numbers are no dates."""
    assert_names(refusing("POST", "/reminders", reminder(start_at=text)), "start_at")


@pytest.mark.parametrize("field", _STRINGS)
@pytest.mark.parametrize("escape", [r"\u0000", r"\ud800", r"\udc00\ud800"])
def test_no_text_holds_nul_or_half_a_surrogate_pair(refusing: Door, field: str, escape: str) -> None:
    """What PostgreSQL or UTF-8 cannot hold is refused by name, wherever it is."""
    raw = json.dumps(reminder(**{field: "a?b"})).replace("a?b", f"a{escape}b").encode()
    assert_names(refusing("POST", "/reminders", raw=raw), field)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (r'{"a": "\u0000"}', "payload.a"),
        (r'{"a": [1, {"b": "\ud800"}]}', "payload.a.1.b"),
        (r'{"\u0000": 1}', "payload"),
        (r'{"a": {"\ud800": 1}}', "payload.a"),
    ],
)
def test_the_payload_holds_no_such_text_either(refusing: Door, payload: str, field: str) -> None:
    """Values and names at any depth, with the place."""
    raw = json.dumps(reminder(payload="?")).replace('"?"', payload).encode()
    assert_names(refusing("POST", "/reminders", raw=raw), field)


def test_a_whole_surrogate_pair_is_a_sign_like_others(door: Door) -> None:
    """An emoji that is written as a pair of escapes is taken."""
    raw = json.dumps(reminder(subject="😀")).encode()
    assert rb"\ud83d\ude00" in raw
    assert door("POST", "/reminders", raw=raw).json["subject"] == "😀"


@pytest.mark.parametrize("field", _ONE_LINE)
@pytest.mark.parametrize("sign", ["\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"])
def test_identifiers_and_lines_hold_no_control_characters(refusing: Door, field: str, sign: str) -> None:
    """Nothing that ends a line or steers a terminal gets into a key, a subject or a recipient."""
    assert_names(refusing("POST", "/reminders", reminder(**{field: f"a{sign}b"})), field)


@pytest.mark.parametrize("field", _ONE_LINE)
def test_identifiers_and_lines_are_not_empty(refusing: Door, field: str) -> None:
    """At least one character."""
    assert_names(refusing("POST", "/reminders", reminder(**{field: ""})), field)


@pytest.mark.parametrize(("field", "longest"), _LONGEST.items())
def test_texts_are_bounded(refusing: Door, field: str, longest: int) -> None:
    """One character more than the bound is refused by name."""
    assert_names(refusing("POST", "/reminders", reminder(**{field: "x" * (longest + 1)})), field)


@pytest.mark.parametrize(("field", "longest"), _LONGEST.items())
def test_the_bound_of_a_text_is_taken(door: Door, field: str, longest: int) -> None:
    """And stored."""
    assert door("POST", "/reminders", reminder(**{field: "x" * longest})).status == 201


@pytest.mark.parametrize("payload", [[], "text", 1, True, [{"a": 1}]])
def test_a_payload_is_an_object(refusing: Door, payload: Any) -> None:
    """Nothing else."""
    assert_names(refusing("POST", "/reminders", reminder(payload=payload)), "payload")


@pytest.mark.parametrize(
    "field", ["x", "id", "status", "next_run_at", "version", "", "Entity_type", "a" * 5000, "é", "a\nb"]
)
def test_an_unknown_field_is_named(refusing: Door, field: str) -> None:
    """A mistyped field is never silently without effect; a name that is too long is not echoed whole."""
    reply = refusing("POST", "/reminders", reminder(**{field: 1}))
    assert reply.status == 422
    assert reply.fields[0] in (field[:100] or "body", "a?b")


def test_many_errors_are_not_answered_at_length(refusing: Door) -> None:
    """A body with thousands of unknown fields gets a short answer."""
    reply = refusing("POST", "/reminders", dict.fromkeys(map(str, range(5000)), 1))
    assert reply.status == 422
    assert len(reply.fields) <= 20


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff",
        b'{"entity_type": "\xe4"}',
        b'{"entity_type": "\xed\xa0\x80"}',
        json.dumps(EXAMPLE).encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"{",
        b"{}x",
        b"'a'",
        b'{"interval_minutes": NaN}',
        b'{"interval_minutes": Infinity}',
        b'{"interval_minutes": -Infinity}',
        b'{"payload": {"a": 1e999}}',
        b'{"payload": {"a": -1e999}}',
        b'{"interval_minutes": ' + b"9" * 309 + b"}",
        b'{"interval_minutes": ' + b"9" * 5_000 + b"}",
        b'{"payload": {"a": -' + b"9" * 60_000 + b"}}",
        b'{"entity_type": "a", "entity_type": "b"}',
        b'{"payload": {"a": 1, "a": 1}}',
        b"[" * 60_000,
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"payload": ' + b"[" * 20 + b"]" * 20 + b"}",
    ],
    ids=lambda raw: raw[:24].decode("latin-1").encode("ascii", "backslashreplace").decode() + f" {len(raw)}",
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/reminders"), ("PUT", "/flags/a"), ("PUT", "/calendars/a")])
def test_a_body_that_is_no_sound_json_cannot_be_read(refusing: Door, method: str, path: str, raw: bytes) -> None:
    """Broken encodings and syntax, what JSON does not know, numbers and depths beyond reason: 400."""
    assert refusing(method, path, raw=raw).status == 400


def test_nesting_up_to_the_bound_is_taken(door: Door) -> None:
    """The payload may hold what is meant to be held."""
    deep: Any = 1
    for _ in range(18):
        deep = [deep]
    assert door("POST", "/reminders", reminder(payload={"a": deep})).json["payload"] == {"a": deep}


@pytest.mark.parametrize("raw", [b"null", b"[]", b"[{}]", b"1", b'"text"', b"true", b""])
@pytest.mark.parametrize(("method", "path"), [("POST", "/reminders"), ("PUT", "/flags/a"), ("PUT", "/calendars/a")])
def test_a_body_is_an_object(refusing: Door, method: str, path: str, raw: bytes) -> None:
    """Any other JSON, or none, is refused as a whole: also a list that holds the right object."""
    assert_names(refusing(method, path, raw=raw), "body")


def test_a_list_around_the_right_body_is_no_body(refusing: Door) -> None:
    """Nothing is unwrapped."""
    assert_names(refusing("POST", "/reminders", [EXAMPLE]), "body")


@pytest.mark.parametrize("size", [65_537, 200_000])
def test_a_body_over_64_kb_is_too_large(refusing: Door, size: int) -> None:
    """413, whatever it holds."""
    body = json.dumps(reminder(payload={"a": ""})).encode()
    raw = body.replace(b'"a": ""', b'"a": "' + b"x" * (size - len(body)) + b'"')
    assert len(raw) == size
    assert refusing("POST", "/reminders", raw=raw).status == 413


def test_a_body_of_64_kb_is_taken(door: Door) -> None:
    """The bound itself is permitted, and stored."""
    body = json.dumps(reminder(payload={"a": ""})).encode()
    raw = body.replace(b'"a": ""', b'"a": "' + b"x" * (65_536 - len(body)) + b'"')
    assert door("POST", "/reminders", raw=raw).status == 201


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=latin-1",
        "application/json, text/plain",
        "garbage",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/reminders"), ("PUT", "/flags/a"), ("POST", "/reminders/x/pause")]
)
def test_a_body_says_that_it_is_json(refusing: Door, method: str, path: str, content_type: str) -> None:
    """Any other type, or none, is 415."""
    reply = refusing(method, path, {}, headers={"Content-Type": content_type})
    assert reply.status == 415


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_may_say_its_charset(door: Door, content_type: str) -> None:
    """UTF-8 is what JSON is."""
    assert door("POST", "/reminders", EXAMPLE, headers={"Content-Type": content_type}).status == 201


@pytest.mark.parametrize("body", [{"a": 1}, [], None, "x", 1])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/reminders/019ab54e-7c00-7000-8000-000000000001/pause"),
        ("POST", "/reminders/019ab54e-7c00-7000-8000-000000000001/trigger"),
        ("DELETE", "/reminders/019ab54e-7c00-7000-8000-000000000001"),
        ("DELETE", "/flags/a"),
        ("GET", "/flags"),
    ],
)
def test_what_takes_no_body_takes_no_body(refusing: Door, method: str, path: str, body: Any) -> None:
    """An empty object passes for none; anything else was meant for something else."""
    assert_names(refusing(method, path, raw=json.dumps(body).encode()), "body")


# A whole schedule of each type, to be spoilt.
_SCHEDULES: dict[str, dict[str, Any]] = {
    "one_time": {"start_at": "2099-03-02T09:00:00Z"},
    "recurring": {"interval_minutes": 60},
    "calendar": {"unit": "month", "start_at": "2026-01-31T09:00:00Z"},
    "cron": {"cron": "0 9 * * *"},
    "rrule": {"rrule": "FREQ=DAILY", "start_at": "2026-01-31T09:00:00Z"},
    "anchored": {"anchor_at": "2099-03-02T09:00:00Z", "offsets": ["-P3D"]},
}
_OWN = {
    "interval_minutes": "recurring",
    "backoff_minutes": "recurring",
    "every": "calendar",
    "unit": "calendar",
    "month_overflow": "calendar",
    "cron": "cron",
    "rrule": "rrule",
    "rdates": "rrule",
    "exdates": "rrule",
    "anchor_at": "anchored",
    "offsets": "anchored",
    "past_offset": "anchored",
}
# Each field of a schedule with a value that it may have.
_GOOD: dict[str, Any] = {
    "interval_minutes": 60,
    "backoff_minutes": [60, 120],
    "every": 2,
    "unit": "month",
    "month_overflow": "clamp",
    "cron": "0 9 * * *",
    "rrule": "FREQ=DAILY",
    "rdates": ["2099-03-02T09:00:00Z"],
    "exdates": ["2099-03-02T09:00:00Z"],
    "anchor_at": "2099-03-02T09:00:00Z",
    "offsets": ["-P3D"],
    "past_offset": "skip",
    "start_at": "2026-03-02T09:00:00Z",
    "end_at": "2099-12-31T00:00:00Z",
    "max_runs": 3,
    "timezone": "Europe/Berlin",
    "dst_gap": "shift",
    "dst_overlap": "both",
    "misfire_policy": "fire_all",
    "max_catchup": 3,
    "misfire_grace_minutes": 60,
    "send_window": {"days": ["mon"], "from": "09:00", "to": "17:00", "timezone": "Europe/Berlin"},
    "business_calendar": "germany",
    "window_policy": "skip",
    "jitter_seconds": 60,
}


def scheduled(schedule_type: str, **changes: Any) -> dict[str, Any]:
    """The README's reminder with another schedule."""
    schedule = {"interval_minutes": ..., "schedule_type": schedule_type} | _SCHEDULES[schedule_type]
    return reminder(**schedule | changes)


def refused_fields(refusing: Door, body: dict[str, Any]) -> list[str]:
    """What creating and looking ahead name: the same."""
    created = refusing("POST", "/reminders", body)
    schedule = {name: value for name, value in body.items() if name not in EXAMPLE or name in ("schedule_type", *_GOOD)}
    previewed = refusing("POST", "/schedules/preview", schedule)
    assert (created.status, previewed.status, created.fields) == (422, 422, previewed.fields)
    return created.fields


@pytest.mark.parametrize("field", _GOOD)
@pytest.mark.parametrize(
    "value", [{}, [], [[]], [None], {"a": "b"}, True, 1.5, "", "x\n", "x" * 1_001, -1, 10**20], ids=repr
)
def test_a_field_of_a_schedule_that_is_none_is_named(refusing: Door, field: str, value: Any) -> None:
    """Another type, an empty or an endless text, a number beyond all bounds: the field is named, or its entry."""
    if field in ("rdates", "exdates") and value == []:
        return  # none are some
    if field == "send_window" and value == {}:
        return  # a window with all its defaults
    fields = refused_fields(refusing, scheduled(_OWN.get(field, "cron"), **{field: value}))
    assert {name.partition(".")[0] for name in fields} == {field}


@pytest.mark.parametrize(
    ("field", "kind", "changes"),
    [
        # Bounds.
        ("every", "calendar", {"every": 0}),
        ("every", "calendar", {"every": 1_001}),
        ("every", "calendar", {"every": 101, "unit": "year"}),
        ("unit", "calendar", {"unit": "hour"}),
        ("unit", "calendar", {"unit": "Month"}),
        ("month_overflow", "calendar", {"month_overflow": "next"}),
        ("backoff_minutes.1", "recurring", {"interval_minutes": ..., "backoff_minutes": [1, 0]}),
        ("backoff_minutes.0", "recurring", {"interval_minutes": ..., "backoff_minutes": [5_256_001]}),
        ("backoff_minutes", "recurring", {"interval_minutes": ..., "backoff_minutes": [1] * 51}),
        ("cron", "cron", {"cron": "*" * 201}),
        ("rdates", "rrule", {"rdates": ["2099-03-02T09:00:00Z"] * 501}),
        ("rdates.0", "rrule", {"rdates": ["2099-03-02T09:00:00"]}),
        ("exdates.0", "rrule", {"exdates": ["2200-03-02T09:00:00Z"]}),
        ("anchor_at", "anchored", {"anchor_at": "2099-03-02"}),
        ("offsets", "anchored", {"offsets": [f"-P{number}D" for number in range(51)]}),
        ("offsets", "anchored", {"offsets": ["-P3D", "-P3D"]}),
        ("offsets.0", "anchored", {"offsets": [3]}),
        ("past_offset", "anchored", {"past_offset": "defer"}),
        ("timezone", "cron", {"timezone": "x" * 61}),
        ("max_runs", "cron", {"max_runs": 0}),
        ("max_runs", "cron", {"max_runs": 1_000_001}),
        ("dst_gap", "cron", {"dst_gap": "first"}),
        ("dst_overlap", "cron", {"dst_overlap": "shift"}),
        ("misfire_policy", "cron", {"misfire_policy": "fire"}),
        ("max_catchup", "cron", {"misfire_policy": "fire_all", "max_catchup": 0}),
        ("max_catchup", "cron", {"misfire_policy": "fire_all", "max_catchup": 11}),
        ("misfire_grace_minutes", "cron", {"misfire_grace_minutes": 0}),
        ("misfire_grace_minutes", "cron", {"misfire_grace_minutes": 525_601}),
        ("jitter_seconds", "cron", {"jitter_seconds": 3_601}),
        ("business_calendar", "cron", {"business_calendar": "a b"}),
        ("business_calendar", "cron", {"business_calendar": "x" * 101}),
        ("window_policy", "cron", {"send_window": {}, "window_policy": "wait"}),
        ("send_window.days", "cron", {"send_window": {"days": []}}),
        ("send_window.days", "cron", {"send_window": {"days": ["mon", "mon"]}}),
        ("send_window.days.0", "cron", {"send_window": {"days": ["Mon"]}}),
        ("send_window.from", "cron", {"send_window": {"from": "24:00"}}),
        ("send_window.from", "cron", {"send_window": {"from": "9:00"}}),
        ("send_window.from", "cron", {"send_window": {"from": 9}}),
        ("send_window.to", "cron", {"send_window": {"to": "24:01"}}),
        ("send_window.to", "cron", {"send_window": {"to": "09:00:00"}}),
        ("send_window.opens", "cron", {"send_window": {"opens": "09:00"}}),
        ("send_window.to", "cron", {"send_window": {"from": "09:00", "to": "09:00"}}),  # a window without a width
        ("send_window.to", "cron", {"send_window": {"to": "00:00"}}),
        # What has no meaning.
        ("timezone", "cron", {"timezone": "Europe/Atlantis"}),
        ("timezone", "cron", {"timezone": "../../etc/passwd"}),
        ("send_window.timezone", "cron", {"send_window": {"timezone": "Europe/Atlantis"}}),
        ("cron", "cron", {"cron": "0 9 * *"}),
        ("cron", "cron", {"cron": "60 9 * * *"}),
        ("cron", "cron", {"cron": "@reboot"}),
        ("rrule", "rrule", {"rrule": "FREQ=SECONDLY"}),
        ("rrule", "rrule", {"rrule": "every day"}),
        ("offsets", "anchored", {"offsets": ["three days"]}),
        # What never fires.
        ("cron", "cron", {"cron": "0 9 30 2 *"}),
        ("rrule", "rrule", {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}),
        ("rrule", "rrule", {"rrule": "FREQ=DAILY;INTERVAL=7;BYDAY=SU", "rdates": ["2099-03-02T09:00:00Z"]}),
        ("end_at", "cron", {"end_at": "2026-01-01T00:00:00Z", "start_at": "2026-01-02T00:00:00Z"}),
        ("end_at", "one_time", {"end_at": "2099-01-01T00:00:00Z"}),
        # What does not go together.
        ("unit", "calendar", {"unit": ...}),
        ("start_at", "calendar", {"start_at": ...}),
        ("start_at", "one_time", {"start_at": None}),
        ("cron", "cron", {"cron": None}),
        ("rrule", "rrule", {"rrule": ...}),
        ("start_at", "rrule", {"start_at": ...}),
        ("anchor_at", "anchored", {"anchor_at": ...}),
        ("offsets", "anchored", {"offsets": ...}),
        ("interval_minutes", "recurring", {"interval_minutes": ...}),
        ("backoff_minutes", "recurring", {"backoff_minutes": [60]}),
        ("month_overflow", "calendar", {"unit": "week", "month_overflow": "clamp"}),
        ("max_catchup", "cron", {"max_catchup": 3}),
        ("max_catchup", "cron", {"misfire_policy": "skip", "max_catchup": 3}),
        ("window_policy", "cron", {"window_policy": "skip"}),
        ("timezone", "recurring", {"timezone": "Europe/Berlin"}),
        ("timezone", "one_time", {"timezone": "Europe/Berlin"}),
        ("dst_gap", "recurring", {"dst_gap": "skip"}),
    ],
)
def test_a_schedule_that_does_not_fit_is_named(refusing: Door, field: str, kind: str, changes: dict[str, Any]) -> None:
    """Bounds, meanings and combinations: 422 names the field to mend."""
    assert refused_fields(refusing, scheduled(kind, **changes)) == [field]


@pytest.mark.parametrize("field", _OWN)
@pytest.mark.parametrize("kind", _SCHEDULES)
def test_a_field_of_another_kind_of_schedule_is_named(refusing: Door, kind: str, field: str) -> None:
    """A field that would be without effect is refused."""
    if _OWN[field] != kind:
        assert refused_fields(refusing, scheduled(kind, **{field: _GOOD[field]})) == [field]


@pytest.mark.parametrize("kind", ["", "daily", "Cron", None, 1, [], True])
def test_a_kind_of_schedule_that_is_none_is_named(refusing: Door, kind: Any) -> None:
    """There are six."""
    assert refused_fields(refusing, reminder(schedule_type=kind)) == ["schedule_type"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("after", {"after": "2026-03-02"}),
        ("after", {"after": 1}),
        ("after", {"after": "1900-01-01T00:00:00Z"}),
        ("count", {"count": 0}),
        ("count", {"count": 101}),
        ("count", {"count": "10"}),
        ("count", {"count": None}),
        ("channel", {"channel": "log"}),
    ],
)
def test_a_preview_that_cannot_be_made_is_named(refusing: Door, field: str, changes: dict[str, Any]) -> None:
    """Only a schedule, an instant and a number up to a hundred."""
    body = {"schedule_type": "cron", "cron": "0 9 * * *"} | changes
    assert_names(refusing("POST", "/schedules/preview", body), field)


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("count", "count=0"),
        ("count", "count=101"),
        ("count", "count=1.0"),
        ("count", "count=01"),
        ("count", "count="),
        ("after", "after=now"),
        ("after", "after=2026-03-02T09:00:00"),
        ("limit", "limit=5"),
    ],
)
def test_a_parameter_of_a_preview_is_named(refusing: Door, field: str, query: str) -> None:
    """The same by GET, before it is asked whether the reminder is there."""
    assert_names(refusing("GET", "/reminders/019ab54e-7c00-7000-8000-000000000001/preview", query=query), field)


_ALLOWED = {
    "/reminders": "GET, HEAD, POST",
    "/reminders/019ab54e-7c00-7000-8000-000000000001": "DELETE, GET, HEAD, PATCH",
    "/reminders/x/pause": "POST",
    "/reminders/x/resume": "POST",
    "/reminders/x/complete": "POST",
    "/reminders/x/trigger": "POST",
    "/reminders/x/runs": "GET, HEAD",
    "/reminders/x/preview": "GET, HEAD",
    "/schedules/preview": "POST",
    "/calendars": "GET, HEAD",
    "/calendars/a": "DELETE, GET, HEAD, PUT",
    "/flags": "GET, HEAD",
    "/flags/a": "DELETE, GET, HEAD, PUT",
    "/health": "GET, HEAD",
    "/docs": "GET, HEAD",
    "/openapi.json": "GET, HEAD",
}


@pytest.mark.parametrize(("path", "allowed"), _ALLOWED.items())
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method_is_told_which_are_right(refusing: Door, path: str, allowed: str, method: str) -> None:
    """405 with Allow on each path and for each method that it does not take."""
    if method in allowed:
        return
    reply = refusing(method, path)
    assert reply.status == 405
    assert reply.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/nope",
        "/reminders/",
        "/reminders//pause",
        "/Reminders",
        "/flags/",
        "/flags/a/b",
        "/flags//",
        "//flags",
        "/%2Fflags",
        "/reminders%2Fx",
        "/..%2fflags",
        "/\x00",
        "/%",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_not_found(refusing: Door, method: str, path: str) -> None:
    """404 for any path that is none, whatever it looks like."""
    assert refusing(method, path).status == 404


@pytest.mark.parametrize("path", ["/%72eminders", "/reminder%73"])
def test_a_path_may_be_encoded_more_than_it_needs(door: Door, path: str) -> None:
    """An encoded letter is that letter (RFC 3986)."""
    assert door("GET", path).status == 200


def test_a_refusal_holds_nothing_of_what_was_sent(door: Door) -> None:
    """Neither values nor the body come back."""
    secret = "s3cr3t-value"
    for body in (reminder(interval_minutes=secret), reminder(subject=f"{secret}\n"), reminder(recipient=[secret])):
        assert secret not in door("POST", "/reminders", body).content.decode()
