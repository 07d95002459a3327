"""The API on Lambda: events of API Gateway's HTTP API (payload 2.0) in, its responses out."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from reminders.api.edge import requests
from reminders.api.edge.caller import caller_of
from reminders.api.edge.guard import Call
from reminders.api.edge.requests import Answer
from reminders.api.refusals import MalformedBody
from reminders.api.routes import Routes

type Event = Mapping[str, Any]

_DEFAULT_STAGE = "$default"


class Gateway:
    """Answers events, one after the other, as a Lambda does."""

    def __init__(self, routes: Routes, *, path_is_decoded: bool) -> None:
        """`path_is_decoded`: API Gateway hands the path over as it was sent, `sam local start-api` has decoded it."""
        self._routes = routes
        self._path_is_decoded = path_is_decoded

    def answer(self, event: Event) -> dict[str, Any]:
        """The response to one event."""
        return _response(requests.answer(self._routes, lambda: self._call(event)))

    def _call(self, event: Event) -> Call:
        http, path = event["requestContext"]["http"], _without_stage(event)
        return Call(
            method=http["method"],
            path=quote(path, safe="/") if self._path_is_decoded else path,
            query=event.get("rawQueryString") or "",
            headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
            body=_body(event),
            caller=caller_of(event["requestContext"]),
        )


def _response(answered: Answer) -> dict[str, Any]:
    """API Gateway takes bytes in base64, and has no other sign for them than that they are compressed."""
    is_text = "Content-Encoding" not in answered.headers
    content = answered.body
    return {
        "statusCode": answered.status,
        "headers": dict(answered.headers),
        "body": content.decode() if is_text else base64.b64encode(content).decode(),
        "isBase64Encoded": not is_text,
    }


def _without_stage(event: Event) -> str:
    """A stage with a name of its own stands before the path."""
    path: str = event["rawPath"]
    stage = event["requestContext"].get("stage") or _DEFAULT_STAGE
    return path.removeprefix(f"/{stage}") if path.startswith(f"/{stage}/") else path


def _body(event: Event) -> bytes:
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise MalformedBody("the body is not valid base64") from None
