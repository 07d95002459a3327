"""The OpenAPI document, and the page that shows it. Both are made when they are first asked for."""

import functools
import json
import threading
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import openapi
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver, Response

from reminders.api.operations import operation

_TITLE = "Reminder engine"
_VERSION = "1"
_DESCRIPTION = (
    "Create a reminder for an entity; it fires on its schedule, through its channel, until its stop condition is true,"
    " and then it completes itself. Times are UTC. Errors are `application/problem+json` (RFC 9457)."
)
_JSON = "application/json"
_HTML = "text/html; charset=utf-8"
# Whatever the page's script would like to load: it gets nothing from anywhere else.
_ONLY_FROM_HERE = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; frame-ancestors 'none'"
)
_REPLACED = (
    ('currentUrl.pathname + "?format=json"', '"openapi.json"'),  # the link under the title
    ('dom_id: "#swagger-ui",', 'dom_id: "#swagger-ui", validatorUrl: null,'),  # a badge from another host
)
_SWAGGER_UI = Path(openapi.__file__).parent / "swagger_ui"
# Schemas of answers that Powertools gives by itself, and this API never does.
_NOT_OURS = ("HTTPValidationError", "ValidationError", "ResponseValidationError")


class Docs:
    def __init__(self, resolver: ApiGatewayResolver) -> None:
        self._resolver = resolver
        self._making = threading.Lock()

    @operation("GET", "/openapi.json", compress=True)
    def document(self) -> Response[str]:
        return Response(200, _JSON, self._text())

    @operation("GET", "/docs", compress=True)
    def page(self) -> Response[str]:
        from aws_lambda_powertools.event_handler.openapi.swagger_ui import generate_swagger_html

        page = generate_swagger_html(
            self._text().replace("</", "<\\/"),
            (_SWAGGER_UI / "swagger-ui-bundle.min.js").read_text(encoding="utf-8"),
            (_SWAGGER_UI / "swagger-ui.min.css").read_text(encoding="utf-8"),
            "",
            None,
        )
        for theirs, ours in _REPLACED:
            page = page.replace(theirs, ours)
        return Response(200, _HTML, page, {"Content-Security-Policy": _ONLY_FROM_HERE})

    def _text(self) -> str:
        with self._making:  # Powertools and pydantic cannot make two at once
            return self._document

    @functools.cached_property
    def _document(self) -> str:
        written = self._resolver.get_openapi_json_schema(title=_TITLE, version=_VERSION, description=_DESCRIPTION)
        return json.dumps(_in_order(json.loads(written, parse_float=_whole)))


def _in_order(document: dict[str, Any]) -> dict[str, Any]:
    """What Powertools writes, with our problems instead of its own, and optional parameters that are not called
    null."""
    from pydantic import TypeAdapter

    from reminders.api.openapi import examples
    from reminders.api.problems import ProblemOut

    schemas = document["components"]["schemas"]
    for name in _NOT_OURS:
        schemas.pop(name, None)
    problem = TypeAdapter(ProblemOut).json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    paths = document["paths"] = dict(sorted(document["paths"].items()))
    _body(paths["/reminders"]["post"])["application/json"]["examples"] = examples.reminders()
    _body(paths["/schedules/preview"]["post"])["application/json"]["examples"] = examples.previews()
    _body(paths["/calendars/{name}"]["put"])["text/calendar"] = examples.calendar_file()
    for path in paths.values():
        for documented in path.values():
            for parameter in documented.get("parameters", []):
                parameter["schema"] = _without_null(parameter["schema"])
    return document


def _body(operation: dict[str, Any]) -> dict[str, Any]:
    """By media type."""
    content: dict[str, Any] = operation["requestBody"]["content"]
    return content


def _whole(number: str) -> int | float:
    """Powertools writes the bounds of whole numbers with a fraction."""
    return int(value) if (value := float(number)).is_integer() else value


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    given = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    return {**given[0], **schema} if len(given) == 1 else {**schema, **({"anyOf": given} if given else {})}
