"""How the OpenAPI document words what an operation answers."""

from typing import Any

from aws_lambda_powertools.event_handler.openapi.types import (
    OpenAPIResponse,
    OpenAPIResponseContentModel,
    OpenAPIResponseContentSchema,
    OpenAPIResponseHeader,
)

type Documented = dict[int, OpenAPIResponse]
"""What is answered, by status."""

ETAG: dict[str, OpenAPIResponseHeader] = {
    "ETag": {"description": "The reminder's version.", "schema": {"type": "string"}}
}
LOCATION: dict[str, OpenAPIResponseHeader] = {
    "Location": {"description": "Where the new reminder is.", "schema": {"type": "string"}}
}
RETRY_AFTER: dict[str, OpenAPIResponseHeader] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}
}
_PROBLEM: dict[str, OpenAPIResponseContentSchema | OpenAPIResponseContentModel] = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
}
_PROBLEMS: Documented = {
    400: {"description": "The body is not JSON, or is nested too deeply, or holds a number that is too large."},
    404: {"description": "There is no such thing."},
    409: {"description": "The reminder's status, its condition or its schedule forbids this."},
    412: {"description": "`If-Match` names none of the reminder's ETags."},
    413: {"description": "The body is longer than 64 KB."},
    415: {"description": "The body is not declared as JSON in UTF-8."},
    422: {"description": "A field or parameter cannot be accepted: `errors` names each."},
    500: {"description": "Something went wrong on this side."},
    503: {"description": "The database cannot be reached at the moment.", "headers": RETRY_AFTER},
}
_ALWAYS = (400, 413, 415, 422, 500, 503)  # any request may carry a body, if only an empty object


def answers(success: Documented, *problems: int) -> Documented:
    """What an operation answers: when it succeeds, with these problems, and with those that any request may meet."""
    statuses = sorted({*problems, *_ALWAYS})
    return success | as_problems({status: _PROBLEMS[status] for status in statuses})


def as_problems(descriptions: Documented) -> Documented:
    """Problems of an operation's own, as it words them."""
    return {status: {**described, "content": _PROBLEM} for status, described in descriptions.items()}


def shows(shape: type[Any], meaning: str, headers: dict[str, OpenAPIResponseHeader] | None = None) -> OpenAPIResponse:
    """An answer of a shape."""
    described: OpenAPIResponse = {"description": meaning, "content": {"application/json": {"model": shape}}}
    return {**described, "headers": headers} if headers else described


def removed() -> Documented:
    """The answer of a DELETE that leaves nothing to show."""
    return {204: {"description": "Removed.", "content": {}}}
