"""What a route takes from a request.

Powertools reads it from the route's signature, for the OpenAPI document as well as here: what is documented is what is
checked. Its resolver would do the rest too, but it matches paths, reads JSON and checks answers a second time, which
costs more than the query does (docs/decisions/2026-11-25-the-edge-calls-the-routes.md).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from reminders.api.field_errors import field_errors
from reminders.api.refusals import InvalidRequest
from reminders.model import Json

if TYPE_CHECKING:  # a cold start does without them
    from aws_lambda_powertools.event_handler.openapi.compat import ModelField


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What a request gives, decoded and safe to go on with."""

    in_path: Mapping[str, str]  # the only texts that are still percent-encoded
    query: Mapping[str, str]
    headers: Mapping[str, str]  # by lower-case name
    body: dict[str, Json] | None


class _Parameter(NamedTuple):
    name: str  # in the route's signature
    key: str  # in the request
    place: tuple[str, ...]  # for the errors
    field: "ModelField"


class Arguments:
    """The parameters and the body of one route."""

    def __init__(self, path: str, route: Callable[..., Any]) -> None:
        """`path` as Powertools has it: `/reminders/<id>`."""
        from aws_lambda_powertools.event_handler.openapi.dependant import get_dependant

        taken = get_dependant(path=re.sub("<(.*?)>", r"{\1}", path), call=route)
        self._path = _parameters("path", taken.path_params)
        self._query = _parameters("query", taken.query_params)
        self._headers = _parameters("header", taken.header_params)
        self._bodies = [_Parameter(field.name, "", ("body",), field) for field in taken.body_params]
        self.query_names = frozenset(parameter.key for parameter in self._query)
        self.takes_body = bool(self._bodies)

    def read(self, given: Given) -> dict[str, Any]:
        """The route's arguments, checked; InvalidRequest names all that cannot be accepted."""
        values: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for parameters, found in (
            (self._path, given.in_path),
            (self._query, given.query),
            (self._headers, given.headers),
            (self._bodies, {"": given.body}),
        ):
            for name, key, place, field in parameters:
                if key in found:  # what is absent keeps the default that the signature has
                    values[name], wrong = field.validate(found[key], loc=place)
                    errors += wrong or ()
        if errors:
            raise InvalidRequest(field_errors(errors))
        return values


def _parameters(place: str, fields: Iterable["ModelField"]) -> list[_Parameter]:
    return [
        _Parameter(field.name, field.alias.lower() if place == "header" else field.alias, (place, field.alias), field)
        for field in fields
    ]
