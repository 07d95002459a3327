"""Rows that SQL has made: whatever a column can hold, the tick goes on, every answer is one, and it can be cancelled.

What PostgreSQL itself refuses, by a type or a CHECK, is left out: then there is no such row.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from reminders.errors import DatabaseRefused
from reminders.states import State
from tests.doors import Door
from tests.world import HOUR, NOW, World

DUE = NOW + HOUR
INTEGERS = ("-2147483648", "-1", "0", "1", "2147483646", "2147483647", "NULL")
SMALL = ("-32768", "-1", "0", "1", "100", "1000", "1001", "32766", "32767")
INSTANTS = ("'infinity'", "'-infinity'", "'4713-01-01 BC'", "'0001-01-01Z'", "'1899-12-31Z'", "'1900-01-01Z'",
            "'2899-12-31Z'", "'2900-01-02Z'", "'9999-12-31 23:59:59.999999Z'", "'10000-01-01Z'", "'294276-12-31Z'",
            "'epoch'", "NULL")  # fmt: skip
TEXTS = ("''", "' '", "E'a\\r\\nBcc: x@example.com'", "E'\\x01\\x7f'", "repeat('x', 20)", "repeat('😀', 50)", "'NULL'",
         "'{}'", "'{{payload.x}}'", "'%s'", "E'\\\\'", "'\"'", "U&'\\202E\\2028'", "NULL")  # fmt: skip
DEEP = "(repeat('[', 13000) || repeat(']', 13000))::jsonb"
JSON: tuple[Any, ...] = (None, True, -1, 0, 5, 1.5, 10**20, "", "x", "2026-19-39", "-P1D", [], {}, [None], [1], [-5],
                         [0], ["x"], [[]], [{}], {"a": 1}, "9" * 50, [5] * 3000)  # fmt: skip
FIELDS = ("backoff_minutes", "every", "unit", "month_overflow", "cron", "rrule", "rdates", "exdates", "anchor_at",
          "offsets", "past_offset", "timezone", "end_at", "max_runs", "dst_gap", "dst_overlap", "misfire_policy",
          "max_catchup", "misfire_grace_minutes", "send_window", "business_calendar", "window_policy", "jitter_seconds",
          "start_local", "anchor_local", "rdates_local", "exdates_local", "rrule_until", "fired_offsets",
          "offsets_from", "unknown")  # fmt: skip
WINDOWS: tuple[Any, ...] = tuple({"weekdays": [0], "opens": 0, "closes": 60, "timezone": None} | changed for changed in (
    {"weekdays": []}, {"weekdays": 5}, {"weekdays": [9]}, {"weekdays": ["x"]}, {"opens": -10**9}, {"opens": 10**12},
    {"closes": -1}, {"closes": 0}, {"closes": 1.5}, {"timezone": 5}, {"timezone": "Nowhere/City"}, {"extra": 1}))  # fmt: skip
SCHEDULES: dict[str, dict[str, Any]] = {
    "recurring": {},
    "calendar": {"unit": "day", "every": 1},
    "cron": {"cron": "* * * * *"},
    "rrule": {"rrule": "FREQ=DAILY"},
    "anchored": {"anchor_at": "2026-03-02T10:00:00+00:00", "offsets": ["PT1H", "-PT1H"]},
}


def quoted(value: Any) -> str:
    return "'" + json.dumps(value).replace("'", "''") + "'::jsonb"


def jobs() -> Iterator[str]:
    """What is set in the row of an hourly reminder, one hostile change each."""
    for column in ("start_at", "next_run_at", "planned_through", "paused_at", "resumed_at", "completed_at", "created_at", "updated_at"):  # fmt: skip
        yield from (f"{column} = {value}" for value in INSTANTS)
        yield from (f"status = 'PAUSED', paused_at = now(), {column} = {value}" for value in INSTANTS if column != "paused_at")  # fmt: skip
    yield from (f"status = 'PAUSED', paused_at = {value}" for value in INSTANTS)
    for column in ("interval_minutes", "occurrence_no", "runs_left", "version"):
        yield from (f"{column} = {value}" for value in INTEGERS)
    for column in ("entity_type", "event_type", "channel", "recipient", "schedule_type", "stop_condition_type",
                   "stop_condition_value", "completion_reason", "last_error", "status"):  # fmt: skip
        yield from (f"{column} = {value}" for value in TEXTS)
    yield from (f"stop_condition_type = 'db_check', stop_condition_value = {value}" for value in TEXTS)
    yield "start_at = '1900-01-01Z', planned_through = NULL, interval_minutes = 1"
    yield "last_error = repeat('x', 1000000)"
    yield from messages()
    yield from schedules()


def messages() -> Iterator[str]:
    for name in ("subject", "body", "payload", "other"):
        yield from (f"message = {quoted({'body': 'x', name: value})}" for value in JSON)
        yield f"message = jsonb_build_object('{name}', {DEEP})"
        yield f"message = jsonb_build_object('body', '{{{{payload}}}}', '{name}', {DEEP})"
    yield from (f"message = {quoted(value)}" for value in JSON)
    yield "message = jsonb_build_object('body', '{{payload.n}}', 'payload', jsonb_build_object('n', 1e5000))"
    yield "message = jsonb_build_object('body', repeat('{{', 400000))"
    yield "message = jsonb_build_object('subject', repeat('{{payload.x}}', 20000), 'payload', '{\"x\": \"\"}'::jsonb)"
    yield "message = jsonb_build_object('body', repeat('x', 20000000))"
    yield "message = jsonb_build_object('body', repeat(E'\\x01', 1000000))"


def schedules() -> Iterator[str]:
    yield from (f"schedule = {quoted(value)}" for value in JSON)
    yield f"schedule = {DEEP}"
    for kind, whole in SCHEDULES.items():
        base = f"schedule_type = '{kind}', interval_minutes = {'60' if kind == 'recurring' else 'NULL'}, "
        values = [(name, value) for name in FIELDS for value in JSON] + [("send_window", value) for value in WINDOWS]
        for name, value in values:
            yield f"{base} schedule = {quoted(whole | {name: value})}"
        yield f"{base} schedule = {quoted(whole | {'rrule': 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'})}"
        yield f"{base} schedule = {quoted(whole | {'cron': '0 0 30 2 *'})}"
        yield f"{base} schedule = jsonb_set({quoted(whole | {'rdates': []})}, '{{unit}}', {DEEP})"
    yield "interval_minutes = NULL, schedule = '{\"backoff_minutes\": [-5]}'"
    yield "interval_minutes = NULL, schedule = '{\"backoff_minutes\": [0]}'"
    yield "interval_minutes = NULL, schedule = '{\"backoff_minutes\": [5, -5, 9223372036854775807]}'"
    yield "schedule = jsonb_build_object('timezone', repeat('x', 30000000))"


def runs() -> Iterator[str]:
    """What is set in a run."""
    for begin in ("", "state = 'SENDING', attempt = 1, attempt_at = '2026-03-01Z', ",
                  "state = 'SENT', attempt_at = NULL, finished_at = now(), "):  # fmt: skip
        for column in ("scheduled_for", "created_at", "finished_at") + (
            () if "attempt_at" in begin else ("attempt_at",)
        ):
            yield from (f"{begin}{column} = {value}" for value in INSTANTS)
        for column in ("step",) + (() if "attempt" in begin else ("attempt",)):
            yield from (f"{begin}{column} = {value}" for value in SMALL)
        for column in ("occurrence_no", "stands_for"):
            yield from (f"{begin}{column} = {value}" for value in INTEGERS)
        for column in ("cause", "channel", "recipient", "reason", "error", "provider_id", "state"):
            yield from (f"{begin}{column} = {value}" for value in TEXTS)
        yield from (f"{begin}message = {quoted(value)}" for value in JSON)
        yield from (f"{begin}message = {quoted({'subject': value, 'body': value, 'payload': value})}" for value in JSON)
        yield f"{begin}message = {DEEP}"
        yield f"{begin}message = jsonb_build_object('payload', {DEEP})"
        yield f"{begin}message = jsonb_build_object('body', repeat('x', 20000000))"
        yield f"{begin}reminder_id = gen_random_uuid()"
        yield from (f"{begin}id = {value}" for value in ("-9223372036854775808", "-1", "0", "9223372036854775807"))
    for attempt in SMALL:
        yield f"state = 'SENDING', attempt = {attempt}, attempt_at = '2026-03-01Z'"
        yield f"state = 'SENDING', reason = 'unknown', attempt = {attempt}, attempt_at = '2026-03-01Z'"


def planted(world: World, sets: str, number: int, *, table: str = "reminder_jobs") -> str | None:
    """A reminder with a waiting run, one of which is then changed; None when PostgreSQL refuses that."""
    reminder_id = str(
        world.sql(
            "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes, "
            "start_at, next_run_at, planned_through) VALUES ('thing', CAST(:key AS text), 'event', 'kept', 'recurring', 60, "
            "CAST(:now AS timestamptz), CAST(:due AS timestamptz), CAST(:now AS timestamptz)) RETURNING id",
            key=f"hostile_{number}_{uuid.uuid4()}",
            now=NOW.isoformat(),
            due=DUE.isoformat(),
        )[0][0]
    )
    if table == "reminder_runs":
        world.sql(
            "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, attempt_at) "
            "VALUES (CAST(:id AS uuid), 1, '2026-03-01Z', 'kept', 'PENDING', '2026-03-01Z')",
            id=reminder_id,
        )
    key = "id" if table == "reminder_jobs" else "reminder_id"
    try:
        world.sql(f"UPDATE {table} SET {sets} WHERE {key} = '{reminder_id}'")
    except DatabaseRefused:
        world.sql("DELETE FROM reminder_runs WHERE reminder_id = CAST(:id AS uuid)", id=reminder_id)
        world.sql("DELETE FROM reminder_jobs WHERE id = CAST(:id AS uuid)", id=reminder_id)
        return None
    return reminder_id


def planted_all(world: World, changes: Iterator[str], table: str) -> dict[str, str]:
    """The ids of the reminders that could be planted, each with its change."""
    found = {}
    for number, sets in enumerate(changes):
        if (reminder_id := planted(world, sets, number, table=table)) is not None:
            found[reminder_id] = sets
    return found


def check_answers(door: Door, hostile: dict[str, str]) -> None:
    """Reading and every verb: none of them is answered with a 5xx, and what is live is live no more in the end."""
    failed = []
    for reminder_id, sets in hostile.items():
        path = f"/reminders/{reminder_id}"
        asked = [
            door("GET", path),
            door("GET", f"{path}/runs"),
            door("GET", f"{path}/preview"),
            door("PATCH", path, {"recipient": "x"}),
            door("PATCH", path, {"end_at": "2030-01-01T00:00:00Z"}),
            door("PATCH", path, {"subject": "{{entity_id}}"}),
            door("POST", f"{path}/trigger"),
            door("POST", f"{path}/pause"),
            door("POST", f"{path}/resume"),
            door("DELETE", path),
            door("GET", path),
        ]
        if [reply for reply in asked if reply.status >= 500] or asked[-1].json["status"] in ("ACTIVE", "PAUSED"):
            failed.append((sets[:200], [reply.status for reply in asked]))
    assert failed == []


def check_pages(door: Door, path: str) -> int:
    """How many items the pages of a list have together; each is an answer."""
    count, cursor = 0, ""
    while True:
        reply = door("GET", path, query=f"limit=200{cursor}")
        assert reply.status == 200, reply.content[:500]
        count += len(reply.json["items"])
        if reply.json["next_cursor"] is None:
            return count
        cursor = f"&cursor={reply.json['next_cursor']}"


def check_tick(world: World) -> None:
    """Ticks until nothing is due: an innocent reminder, due last, fires in the first."""
    innocent = world.create(now=NOW, entity_id="innocent", flag=None)
    assert innocent.next_run_at == DUE
    world.sql("UPDATE reminder_jobs SET next_run_at = next_run_at + interval '1 second' WHERE entity_id = 'innocent'")
    summary = world.tick(DUE + HOUR / 60)
    assert summary.error == ""
    assert [run.state for run in world.runs(innocent)] == [State.SENT]
    assert world.tick(DUE + HOUR / 2).error == ""


@pytest.mark.parametrize("part", range(6))
def test_whatever_a_reminder_holds_the_tick_goes_on(world: World, local: Door, part: int) -> None:
    """Each column with each hostile value, all due at once; then the same through the API."""
    changes = [sets for number, sets in enumerate(jobs()) if number % 6 == part]
    hostile = planted_all(world, iter(changes), "reminder_jobs")
    check_tick(world)
    assert check_pages(local, "/reminders") == len(hostile) + 1
    check_answers(local, planted_all(world, iter(changes[::3]), "reminder_jobs"))


@pytest.mark.parametrize("part", range(2))
def test_whatever_a_run_holds_the_tick_goes_on(world: World, local: Door, part: int) -> None:
    """The same of runs that wait, that a worker has left, and that are done."""
    changes = [sets for number, sets in enumerate(runs()) if number % 2 == part]
    hostile = planted_all(world, iter(changes), "reminder_runs")
    check_tick(world)
    check_answers(local, hostile)
    world.tick(DUE + 2 * HOUR)
    for number in range(3, 12):
        assert world.tick(DUE + number * HOUR).error == ""
    unfinished = "SELECT count(*) FROM reminder_runs WHERE attempt_at <= CAST(:now AS timestamptz)"
    assert world.sql(unfinished, now=(DUE + 12 * HOUR).isoformat()) == [[0]]


def test_whatever_a_flag_or_a_calendar_holds_is_answered(world: World, local: Door) -> None:
    """Lists and single answers; reminders that use such a calendar are planned or parked, and harm nobody."""
    days = [{"weekdays": weekdays, "holidays": holidays} for weekdays, holidays in (
        ([], []), ([0, 1.5], []), ([2.0], []), ([0, 0], ["2026-19-39", "2026-02-30", "0000-00-00", "9999-12-31"]),
        ([6], ["0001-01-01"] * 3))]  # fmt: skip
    values: list[Any] = [*days, *({"weekdays": [0], "holidays": []} | {name: value} for name in ("weekdays", "holidays", "other") for value in JSON), *JSON]  # fmt: skip
    names = []
    for number, value in enumerate(values):
        try:
            world.sql(f"INSERT INTO business_calendars (name, days) VALUES ('c{number}', {quoted(value)})")
        except DatabaseRefused:
            continue
        names.append(f"c{number}")
    for column in ("created_at", "updated_at"):
        for number, value in enumerate(INSTANTS[:-1]):
            world.sql(f"INSERT INTO status_flags (key, {column}) VALUES ('f_{column}_{number}', {value})")
            world.sql(f"INSERT INTO business_calendars (name, days, {column}) VALUES ('c_{column}_{number}', {quoted(days[0])}, {value})")  # fmt: skip
    for name in names:
        planted(world, f"schedule = {quoted({'business_calendar': name})}", int(name[1:]))
    check_tick(world)
    assert check_pages(local, "/calendars") == len(names) + 2 * (len(INSTANTS) - 1)
    assert check_pages(local, "/flags") == 2 * (len(INSTANTS) - 1)
    assert {local("GET", f"/calendars/{name}").status for name in names} == {200}
    assert all(local("GET", f"/flags/f_created_at_{number}").status == 200 for number in range(len(INSTANTS) - 1))
