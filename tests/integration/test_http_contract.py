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

from local import server
from reminders.config import Settings
from tests.doors import Door

# JSON Schema has no words for "within a century of now".
_NOW = datetime.now(UTC)
_NEAR = st.datetimes(
    (_NOW - timedelta(days=36_000)).replace(tzinfo=None), (_NOW + timedelta(days=36_000)).replace(tzinfo=None)
)
schemathesis.openapi.format("date-time", _NEAR.map(lambda moment: f"{moment.isoformat()}Z"))


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
        "GET /flags",
        "GET /flags/{key}",
        "PUT /flags/{key}",
        "DELETE /flags/{key}",
        "GET /health",
    }


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
    """Each operation says which statuses it may answer, and that they are problem+json; nothing of Powertools' own is left."""
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
    assert document["components"]["schemas"]["ReminderIn"]["properties"]["channel"]["enum"] == ["email", "log"]


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
def map_body(context: Any, body: Any) -> Any:
    """What JSON Schema cannot say of a body: a condition names a flag, `{{` begins a placeholder, 60.0 is no integer,
    and no text in a payload holds NUL."""
    if not isinstance(body, dict):
        return body
    mended = dict(body)
    for name, value in body.items():
        if name == "stop_condition_value" and isinstance(value, str) and len(value) <= 500:
            mended[name] = re.sub(r"[^A-Za-z0-9._:@+=-]", "_", value)[:300]
        elif name in ("subject", "body") and isinstance(value, str):
            mended[name] = value.replace("{{", "{")
        elif name == "interval_minutes" and isinstance(value, float) and value.is_integer():
            mended[name] = int(value)
        elif name == "payload":
            mended[name] = json.loads(json.dumps(value).replace("\\u0000", ""))
    return mended


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


def test_schemathesis_finds_nothing(database_url: str) -> None:
    """With all checks on, no request, right or wrong, gets an answer that the document does not promise."""
    app = server.build_app(Settings(database_url=database_url))
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
    assert len(tried) == 15


def described(check: Any) -> str:
    """A failed check with the request that failed it."""
    return f"{check.name}: {check.failure_info.failure} {check.failure_info.code_sample}"
