"""What an operation of the API is, and the table in which the door looks it up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Annotated, Any, get_args, get_origin

from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from reminders.api.refusals import UnknownPath, WrongMethod

type Documented = dict[int, OpenAPIResponse]

JSON, ICS = "application/json", "text/calendar"

MAX_BODY = 65_536  # bytes, where an operation does not say otherwise
LARGEST_BODY = 1_048_576  # that any of them takes


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method on one path. `path` is in Powertools' words: `/reminders/<id>`."""

    method: str
    path: str
    handler: Callable[..., Any]
    summary: str = ""
    description: str = ""
    tag: str = ""
    answers: Documented | None = None  # by status, in OpenAPI's words; None: not in the document
    compress: bool = False
    bodies: Mapping[str, int] = field(
        default_factory=lambda: {JSON: MAX_BODY}
    )  # media types, and how many bytes of each

    @property
    def takes_body(self) -> bool:
        return any(_is(Body, annotation) for annotation in self._parameters().values())

    @property
    def query(self) -> frozenset[str]:
        """The names of its query parameters."""
        return frozenset(name for name, annotation in self._parameters().items() if _is(Query, annotation))

    def _parameters(self) -> dict[str, Any]:
        return {name: parameter.annotation for name, parameter in signature(self.handler).parameters.items()}


def _is(kind: type, annotation: Any) -> bool:
    return get_origin(annotation) is Annotated and any(isinstance(mark, kind) for mark in get_args(annotation))


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """An operation as the door needs it."""

    route: str
    takes_body: bool
    query: frozenset[str]
    bodies: Mapping[str, int]


class Table:
    """Finds an operation by method and path."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._paths: dict[tuple[str, ...], dict[str, Place]] = {}
        for operation in operations:
            place = Place(
                route=operation.path,
                takes_body=operation.takes_body,
                query=operation.query,
                bodies=operation.bodies,
            )
            self._paths.setdefault(tuple(operation.path.split("/")), {})[operation.method] = place

    def find(self, method: str, path: str) -> Place:
        """The operation for a path whose segments are still percent-encoded; UnknownPath or WrongMethod."""
        segments = path.split("/")
        methods = next((found for template, found in self._paths.items() if _fits(template, segments)), None)
        if methods is None:
            raise UnknownPath
        if method not in methods:
            raise WrongMethod(sorted(methods))
        return methods[method]


def _fits(template: tuple[str, ...], segments: Sequence[str]) -> bool:
    return len(template) == len(segments) and all(
        bool(segment) if expected.startswith("<") else segment == expected
        for expected, segment in zip(template, segments, strict=True)
    )
