"""What an operation of the API is: a route, and what the OpenAPI document says of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from reminders.api.arguments import Arguments
from reminders.api.openapi.responses import Documented

type Handler = Callable[..., Response[str]]

JSON, ICS = "application/json", "text/calendar"

MAX_BODY = 65_536  # bytes, where an operation does not say otherwise
LARGEST_BODY = 1_048_576  # that any of them takes


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method on one path. `path` is written as Powertools has it: `/reminders/<id>`."""

    method: str
    path: str
    handler: Handler
    summary: str
    description: str
    tag: str
    answers: Documented | None  # by status; None: not in the document
    compress: bool  # the answer, for callers that take gzip
    bodies: Mapping[str, int]  # media types, and how many bytes of each

    @cached_property
    def arguments(self) -> Arguments:
        """What the route takes from a request; worked out at its first use, so that a cold start does without."""
        return Arguments(self.path, self.handler)


def operation[F: Handler](
    method: str,
    path: str,
    *,
    summary: str = "",
    description: str = "",
    tag: str = "",
    answers: Documented | None = None,
    compress: bool = False,
    bodies: Mapping[str, int] = {JSON: MAX_BODY},
) -> Callable[[F], F]:
    """Marks the method of a noun's class that answers `method` on `path`."""

    def mark(handler: F) -> F:
        vars(handler)[_MARK] = Operation(
            method=method,
            path=path,
            handler=handler,
            summary=summary,
            description=description,
            tag=tag,
            answers=answers,
            compress=compress,
            bodies=bodies,
        )
        return handler

    return mark


_MARK = "operation"


def operations_of(noun: object) -> Iterator[Operation]:
    """The operations of a noun, bound to it, in the order in which its class defines them."""
    members: Mapping[str, Any] = vars(type(noun))
    for name, member in members.items():
        if hasattr(member, _MARK):
            yield replace(getattr(member, _MARK), handler=getattr(noun, name))
