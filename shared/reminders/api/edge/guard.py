"""The guard: nothing gets past it that a route, pydantic or PostgreSQL would trip over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote_to_bytes

from reminders.api.arguments import Given
from reminders.api.edge import strict_json
from reminders.api.operations import ICS, MAX_BODY, Operation
from reminders.api.refusals import BodyTooLarge, FieldError, InvalidRequest, UnsupportedMediaType
from reminders.api.routes import Found
from reminders.model import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request as it came in. A body that is too long may be cut, once it is longer than LARGEST_BODY."""

    method: str
    path: str  # percent-encoded, as sent
    query: str  # the same
    headers: Mapping[str, str]  # by lower-case name; repeated ones joined by commas
    body: bytes
    caller: str  # as the platform has authenticated them


def admit(call: Call, found: Found) -> Given:
    """What the request gives to the operation that was found for it, safe to go on with; or one of the refusals."""
    body = _body(call, found.operation)
    query = _query(call.query, found.operation.arguments.query_names)
    return Given(in_path=found.in_path, query=query, headers=call.headers, body=body)


def normalised(path: str) -> str:
    """The path with each segment percent-encoded to the last sign, so that any value matches a route's parameter."""
    return "/".join(quote(unquote_to_bytes(segment), safe="") for segment in path.split("/"))


def _query(raw: str, known: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    errors: list[FieldError] = []
    for piece in filter(None, raw.split("&")):
        name, _, value = piece.partition("=")
        name = _decoded(name, "replace")
        try:
            value = _decoded(value, "strict")
        except UnicodeDecodeError:
            errors.append(FieldError(_shown(name), "is not valid UTF-8"))
        if name not in known:
            errors.append(FieldError(_shown(name), "there is no such parameter here"))
        elif name in found:
            errors.append(FieldError(name, "is given more than once"))
        found[name] = value
    if errors:
        raise InvalidRequest(errors)
    return found


def _decoded(part: str, errors: str) -> str:
    return unquote_to_bytes(part.replace("+", " ")).decode("utf-8", errors)


def _shown(name: str) -> str:
    """A name of the caller's own, short enough and plain enough to be answered with."""
    return "".join(sign if sign.isprintable() else "?" for sign in name[:60])


def _body(call: Call, operation: Operation) -> dict[str, Json] | None:
    takes_body = operation.arguments.takes_body
    media_type = _media_type(call.headers.get("content-type", ""))
    most = operation.bodies.get(media_type, MAX_BODY)
    if len(call.body) > most:
        raise BodyTooLarge(most)
    if not call.body:
        if takes_body:
            raise InvalidRequest([FieldError("body", "is required")])
        return None
    if media_type not in operation.bodies:
        raise UnsupportedMediaType(operation.bodies)
    return _from_ics(call.body) if media_type == ICS else _from_json(call.body, takes_body=takes_body)


def _from_json(raw: bytes, *, takes_body: bool) -> dict[str, Json]:
    value = strict_json.parse(raw)
    if not isinstance(value, dict):
        raise InvalidRequest([FieldError("body", "must be a JSON object")])
    if value and not takes_body:
        raise InvalidRequest([FieldError("body", "there is none here: leave it out, or send {}")])
    return value


def _from_ics(raw: bytes) -> dict[str, Json]:
    """An iCalendar file as the object that means the same: its holidays, and the working weekdays that there are."""
    from reminders.api import calendar_files  # it brings the library along, which no other request needs

    days = calendar_files.holidays(raw, datetime.now(UTC).date())
    return {"working_weekdays": None, "holidays": [day.isoformat() for day in days]}


def _media_type(content_type: str) -> str:
    """The media type, if it is in UTF-8; otherwise none.

    A body without a type is refused as well: a browser sends one across origins without asking first.
    """
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [value.strip('"') for name, _, value in (p.partition("=") for p in parameters) if name == "charset"]
    return media_type if all(charset in ("utf-8", "utf8") for charset in charsets) else ""
