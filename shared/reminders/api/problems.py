"""Errors as `application/problem+json` (RFC 9457): which error becomes which status stands in one table."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, NotRequired, TypedDict

from pydantic import with_config

from reminders.api.openapi.glossary import known
from reminders.api.refusals import (
    BodyTooLarge,
    FieldError,
    ForeignOrigin,
    InvalidRequest,
    MalformedBody,
    Misdirected,
    UnknownPath,
    UnsupportedMediaType,
    WrongMethod,
)
from reminders.api.replies import Unanswerable
from reminders.errors import (
    CalendarInUse,
    ConditionIsTrue,
    DatabaseUnavailable,
    IllegalTransition,
    InvalidField,
    NeedsNewerEngine,
    NotFound,
    NotKnownHere,
    PlanRefused,
    RowRefused,
    SchemaBehind,
    StaleVersion,
    Unhealthy,
)
from reminders.observe import logger, places_of

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

_SOON = {"Retry-After": str(RETRY_AFTER_SECONDS)}


class Kind(NamedTuple):
    """A sort of problem: its status, and what stays the same each time that it occurs."""

    status: int
    slug: str
    title: str

    @property
    def type(self) -> str:
        return f"/problems/{self.slug}"


_INVALID = Kind(422, "invalid-request", "The request cannot be accepted")
_UNEXPECTED = Kind(500, "internal-error", "Something went wrong on this side")

KINDS: dict[type[Exception], Kind] = {
    MalformedBody: Kind(400, "malformed-body", "The body cannot be read"),
    ForeignOrigin: Kind(403, "foreign-origin", "A page of another origin may not do this"),
    NotFound: Kind(404, "not-found", "There is no such thing"),
    UnknownPath: Kind(404, "unknown-path", "There is nothing at this path"),
    WrongMethod: Kind(405, "method-not-allowed", "The path does not take this method"),
    IllegalTransition: Kind(409, "illegal-transition", "The reminder's status forbids this"),
    ConditionIsTrue: Kind(409, "condition-is-true", "The reminder's stop condition is true"),
    CalendarInUse: Kind(409, "calendar-in-use", "A live reminder uses the calendar"),
    NeedsNewerEngine: Kind(409, "needs-newer-engine", "A newer deployment has made the reminder"),
    NotKnownHere: Kind(409, "not-known-here", "The reminder names something that this deployment does not know"),
    PlanRefused: Kind(409, "schedule-unreadable", "The reminder's schedule cannot be read"),
    RowRefused: Kind(409, "row-refused", "The reminder's row does not permit this"),
    StaleVersion: Kind(412, "stale-version", "The reminder has changed since it was read"),
    BodyTooLarge: Kind(413, "body-too-large", "The body is too large"),
    UnsupportedMediaType: Kind(415, "unsupported-media-type", "The body is of a type that is not taken"),
    Misdirected: Kind(421, "misdirected-request", "The request is for another host"),
    InvalidField: _INVALID,
    InvalidRequest: _INVALID,
    SchemaBehind: Kind(503, "schema-behind", "The database has not been migrated"),
    Unhealthy: Kind(503, "unhealthy", "The engine does not do its work"),
    DatabaseUnavailable: Kind(503, "database-unavailable", "The database cannot be reached"),
    Exception: _UNEXPECTED,
}


@with_config(title="FieldError")
class FieldErrorOut(TypedDict):
    """What is wrong with one field."""

    field: Annotated[str, known("field")]
    message: Annotated[str, known("message")]


@with_config(title="Problem")
class ProblemOut(TypedDict):
    """Any answer that is not a success: RFC 9457."""

    type: Annotated[str, known("type", json_schema_extra={"format": "uri-reference"})]
    title: Annotated[str, known("title")]
    status: Annotated[int, known("problem_status")]
    detail: Annotated[str, known("detail")]
    errors: NotRequired[Annotated[list[FieldErrorOut], known("errors")]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is answered: a kind, the details of this occurrence, and headers that the status asks for."""

    kind: Kind
    detail: str
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> str:
        kind = self.kind
        content: ProblemOut = {
            "type": kind.type,
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
        }
        if self.errors:
            content["errors"] = [{"field": error.field, "message": error.message} for error in self.errors]
        return json.dumps(content)


def of(error: Exception) -> Problem:
    """What an exception is to a caller. What nobody expects is logged, and says nothing of itself."""
    kind = next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)
    match error:
        case InvalidRequest():
            return _of_fields(error.errors)
        case InvalidField():
            return _of_fields([FieldError(error.field, error.message)])
        case WrongMethod():
            return Problem(kind=kind, detail=str(error), headers={"Allow": ", ".join(error.allowed)})
        case Unhealthy():
            troubles = tuple(FieldError(part, why) for part, why in error.troubles.items())
            return Problem(kind=kind, detail=str(error), errors=troubles, headers=_SOON)
        case Unanswerable():
            return _unexpected(error.__cause__ or error, "the request was carried out, but cannot be answered")
        case SchemaBehind():
            return Problem(kind=kind, detail=error.why, headers=_SOON)
        case DatabaseUnavailable():
            logger.warning("database unavailable", extra={"why": error.why})
            detail = "try again in a moment: whether the request was carried out is not known"
            return Problem(kind=kind, detail=detail, headers=_SOON)
    if kind is _UNEXPECTED:
        return _unexpected(error, "the request was not carried out")
    return Problem(kind=kind, detail=str(error))


def _of_fields(errors: Iterable[FieldError]) -> Problem:
    invalid = InvalidRequest(errors)
    return Problem(kind=_INVALID, detail=str(invalid), errors=invalid.errors)


def _unexpected(error: BaseException, what_became: str) -> Problem:
    """Logged by its type and place: its text might hold what a caller has sent."""
    logger.error("unexpected error", extra={"error": type(error).__qualname__, "at": places_of(error)})
    return Problem(kind=_UNEXPECTED, detail=f"{what_became}; the service's log says more")
