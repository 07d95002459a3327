"""The door on Lambda: events of API Gateway's HTTP API (payload 2.0) in, its responses out."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.typing import LambdaContext

from reminders.api.edge import requests
from reminders.api.edge.guard import Admitted, Call
from reminders.api.edge.requests import Answer
from reminders.api.operations import Table
from reminders.api.refusals import MalformedBody

type Event = Mapping[str, Any]

_DEFAULT_STAGE = "$default"


class Gateway:
    """Answers events, one after the other, as a Lambda does."""

    def __init__(self, resolver: APIGatewayHttpResolver, table: Table, *, path_is_decoded: bool) -> None:
        """`path_is_decoded`: API Gateway hands the path over as it was sent, `sam local start-api` has decoded it."""
        self._resolver = resolver
        self._table = table
        self._path_is_decoded = path_is_decoded

    def answer(self, event: Event, context: LambdaContext) -> dict[str, Any]:
        """The response to one event."""
        answered = requests.answer(
            self._table, lambda: self._call(event), lambda admitted: self._resolve(event, context, admitted)
        )
        return _response(answered)

    def _call(self, event: Event) -> Call:
        http, path = event["requestContext"]["http"], _without_stage(event)
        return Call(
            method=http["method"],
            path=quote(path, safe="/") if self._path_is_decoded else path,
            query=event.get("rawQueryString") or "",
            headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
            body=_body(event),
        )

    def _resolve(self, event: Event, context: LambdaContext, admitted: Admitted) -> Answer:
        request_context = {**event["requestContext"], "stage": _DEFAULT_STAGE}
        clean = {
            "version": "2.0",
            "requestContext": request_context,
            "rawPath": admitted.path,
            "rawQueryString": urlencode(admitted.query),
            "queryStringParameters": dict(admitted.query),
            "headers": {**admitted.headers, "content-type": "application/json"},
            "body": admitted.body,
            "isBase64Encoded": False,
        }
        response = self._resolver.resolve(clean, context)
        body = response["body"] or ""
        content = base64.b64decode(body) if response["isBase64Encoded"] else body.encode()
        return Answer(status=response["statusCode"], headers=response["headers"], content=content)


def _response(answered: Answer) -> dict[str, Any]:
    """API Gateway takes bytes in base64, and has no other sign for them than that they are compressed."""
    is_text = "Content-Encoding" not in answered.headers
    content = answered.content
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
