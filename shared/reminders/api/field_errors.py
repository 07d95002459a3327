"""pydantic's errors in our words."""

from collections.abc import Mapping, Sequence
from typing import Any

from reminders.api import cursors
from reminders.api.refusals import FieldError
from reminders.api.values import ANY_TEXT, CALENDAR_NAME, CLOSES, ONE_LINE, OPENS, UUID
from reminders.conditions.flags import FLAG_KEY_PATTERN

_MAX_NAME = 100  # characters of a field's name: it may be the caller's own

_BY_TYPE = {
    "missing": "is required",
    "extra_forbidden": "is not one of the fields that this request takes",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be a list",
}
_BY_PATTERN = {
    ONE_LINE: "must be one line without control characters",
    ANY_TEXT: "holds NUL",
    UUID: "must be a UUID",
    FLAG_KEY_PATTERN: "must be 1 to 300 letters, digits or any of . _ : @ + = -",
    cursors.REMINDERS: "is not a cursor of this list",
    cursors.RUNS: "is not a cursor of this list",
    cursors.FLAGS: "is not a cursor of this list",
    cursors.CALENDARS: "is not a cursor of this list",
    CALENDAR_NAME: "must be 1 to 100 letters, digits or any of . _ : @ + = -",
    OPENS: "must be a time such as 09:00",
    CLOSES: "must be a time such as 17:00, at the latest 24:00",
}


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """What pydantic has found in a request."""
    return [FieldError(_field(error), _message(error)) for error in errors]


def _field(error: Mapping[str, Any]) -> str:
    """Where the error is: `interval_minutes`, `payload.form_url`, or `body` for the whole."""
    blamed = error.get("ctx", {}).get("field")
    where = [blamed] if blamed else [str(part) for part in error["loc"][1:]]
    return ".".join(where)[:_MAX_NAME] or str(error["loc"][0])


def _message(error: Mapping[str, Any]) -> str:
    known = _BY_TYPE.get(error["type"]) or _BY_PATTERN.get(error.get("ctx", {}).get("pattern", ""))
    return known or str(error["msg"]).replace("Input should", "must").replace("String should", "must").replace(
        "List should", "must"
    )
