"""The OpenAPI document: complete, true, and held against the API by schemathesis."""

import itertools
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events

from local import openapi, server
from reminders.api.openapi import examples
from tests.doors import Door
from tests.world import World

# JSON Schema has no words for "within a century of now".
_NOW = datetime.now(UTC)
_NEAR = st.datetimes(
    (_NOW - timedelta(days=36_000)).replace(tzinfo=None), (_NOW + timedelta(days=36_000)).replace(tzinfo=None)
)
schemathesis.openapi.format("date-time", _NEAR.map(lambda moment: f"{moment.isoformat()}Z"))
schemathesis.openapi.format("date", _NEAR.map(lambda moment: moment.date().isoformat()))


@schemathesis.serializer("text/calendar")
def calendar_file(context: Any, value: Any) -> Any:
    """A file is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture
def document(door: Door) -> dict[str, Any]:
    found: dict[str, Any] = door("GET", "/openapi.json").json
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_is_in_the_document(document: dict[str, Any]) -> None:
    """The document and the design's list of routes are the same."""
    verbs = [f"POST /reminders/{{id}}/{verb}" for verb in ("pause", "resume", "complete", "trigger")]
    assert {name for name, _ in operations(document)} == {
        "POST /reminders",
        "GET /reminders",
        "GET /reminders/{id}",
        "PATCH /reminders/{id}",
        "DELETE /reminders/{id}",
        *verbs,
        "GET /reminders/{id}/runs",
        "GET /reminders/{id}/preview",
        "POST /schedules/preview",
        "GET /calendars",
        "GET /calendars/{name}",
        "PUT /calendars/{name}",
        "DELETE /calendars/{name}",
        "GET /flags",
        "GET /flags/{key}",
        "PUT /flags/{key}",
        "DELETE /flags/{key}",
        "GET /health",
    }


def test_the_committed_document_is_the_served_one(document: dict[str, Any]) -> None:
    """docs/openapi.json shows a change of the API in its review: `make openapi` writes it."""
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.document()
    assert json.loads(openapi.document()) == document


def test_every_field_and_parameter_has_a_meaning_and_an_example(document: dict[str, Any]) -> None:
    """Whoever reads the document needs no other."""
    for schema in document["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            assert field["description"], name
            assert "examples" in field, name
    for label, operation in operations(document):
        assert operation["summary"], label
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (label, parameter["name"])
            assert parameter["schema"]["examples"], (label, parameter["name"])


def test_every_refusal_is_declared_as_a_problem(document: dict[str, Any]) -> None:
    """Each operation says which statuses it may answer, and that they are problem+json; nothing of Powertools' own is
    left."""
    for label, operation in operations(document):
        answers = operation["responses"]
        assert {"422", "500", "503"} <= answers.keys(), label
        for status, answer in answers.items():
            if int(status) >= 400:
                assert answer["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }, label
    assert not {name for name in document["components"]["schemas"] if name.endswith("ValidationError")}


def test_the_document_names_the_channels(document: dict[str, Any]) -> None:
    """They come from the registry, so that a new one shows by being there."""
    assert document["components"]["schemas"]["ReminderIn"]["properties"]["channel"]["enum"] == [
        "email",
        "log",
        "webhook",
    ]


def test_the_page_shows_the_document_and_asks_nobody_else(door: Door) -> None:
    """Swagger UI with its script, its styles and the document in one page that may load nothing from elsewhere."""
    page = door("GET", "/docs")
    text = page.content.decode()
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "/reminders/{id}/pause" in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text.split("<script>")[0])
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "validatorUrl: null" in text
    assert 'updateUrl("openapi.json")' in text


def test_a_page_is_compressed_for_who_takes_it(door: Door) -> None:
    """A megabyte and a half of script becomes a third."""
    page = door("GET", "/docs", headers={"Accept-Encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"
    assert page.content[:2] == b"\x1f\x8b"
    assert len(page.content) < 700_000


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Says what JSON Schema cannot of a body that fits it: a file is iCalendar, and the rest of what follows."""
    if not case.meta.generation.mode.is_positive:
        return
    if case.media_type == "text/calendar":
        case.body = examples.calendar_file()["example"]
    elif isinstance(case.body, dict):
        case.body = mended(case.body)


# Texts of which no pattern says what they mean.
_MEANT = {"cron": "30 2 * * MON-FRI", "rrule": "FREQ=DAILY;INTERVAL=3", "timezone": "Europe/Berlin"}


def mended(body: dict[str, Any]) -> dict[str, Any]:
    """A condition names a flag, `{{` begins a placeholder, 60.0 is no integer, no text in a payload holds NUL, an
    expression means something, a window has a width, a calendar exists, a schedule fires within a century, and webhooks
    need secrets that are not set here."""
    body = {name: value if name == "payload" else whole(value) for name, value in body.items() if value is not None}
    far = {"end_at": 36_400, "anchor_at": 36_300}
    for name, value in body.items():
        if name == "stop_condition_value":
            body[name] = re.sub(r"[^A-Za-z0-9._:@+=-]", "_", value)[:300]
        elif name in ("subject", "body"):
            body[name] = value.replace("{{", "{")
        elif name == "payload":
            body[name] = json.loads(json.dumps(value).replace("\\u0000", ""))
        elif name == "offsets":
            body[name] = [f"-P{number}D" for number in range(len(value))]
        elif name == "send_window":
            body[name] = mended_window(value)
        elif name in far:
            body[name] = (_NOW + timedelta(days=far[name])).isoformat()
    body |= {name: meant for name, meant in _MEANT.items() if name in body}
    if "every" in body:
        body["every"] = 2
    if body.get("channel") == "webhook":
        body["channel"] = "log"
    if body.pop("business_calendar", None) and "send_window" not in body:
        body["send_window"] = {}
    return body | ({"window_policy": "defer"} if "window_policy" in body else {})


def mended_window(window: dict[str, Any]) -> dict[str, Any]:
    window = {name: value for name, value in window.items() if value is not None}
    if "timezone" in window:
        window["timezone"] = "Asia/Kolkata"
    if window.get("from", "00:00") == window.get("to", "24:00"):
        window["to"] = "24:00"
    return window


def whole(value: Any) -> Any:
    """Numbers that are whole as such."""
    if isinstance(value, list):
        return [whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


_SCHEMATHESIS = {
    "checks": {
        # A precondition that does not hold is an answer to a request that is right otherwise.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "412"]},
    },
    # Whether a change makes sense depends on the reminder, of which a schema of the request knows nothing.
    "operations": [
        {
            "include-name": "PATCH /reminders/{id}",
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "412", "422"]}},
        }
    ],
    "generation": {"deterministic": True, "max-examples": 30},
    # A cancelled reminder can still be read, which that phase takes for a fault.
    "phases": {"stateful": {"enabled": False}},
    "cache": {"enabled": False},
}


def test_schemathesis_finds_nothing(database_url: str, world: World) -> None:
    """With all checks on, no request, right or wrong, gets an answer that the document does not promise."""
    world.tick(None)
    app = server.build_app({"DATABASE_URL": database_url})
    config = SchemathesisConfig.from_dict(_SCHEMATHESIS)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    tried: set[str] = set()
    found: list[str] = []
    for event in engine.from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                tried.add(str(event.label))
                checks = itertools.chain.from_iterable(event.recorder.checks.values())
                found += [described(check) for check in checks if check.failure_info]
            case events.NonFatalError() | events.FatalError():
                found.append(repr(event))
    app.close()
    assert not found, "\n".join(found)
    assert len(tried) == 21


def described(check: Any) -> str:
    """A failed check with the request that failed it."""
    return f"{check.name}: {check.failure_info.failure} {check.failure_info.code_sample}"
