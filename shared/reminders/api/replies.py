"""What a route returns: JSON that is written once. Its shape is declared by a TypedDict, which mypy and the document
read."""

import json
from collections.abc import Callable, Mapping

from aws_lambda_powertools.event_handler.api_gateway import Response

from reminders.errors import ReminderError
from reminders.model import Page

_JSON = "application/json"
_write = json.JSONEncoder(separators=(",", ":")).encode


class Unanswerable(ReminderError):
    """A command has succeeded, and what came of it cannot be written as an answer."""


def reply[T](
    shown: Callable[[T], object], result: T, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """The answer about what a command has returned: `shown` says what a caller sees of it."""
    try:
        text = _write(shown(result))
    except Exception as error:
        raise Unanswerable from error
    return Response(status, _JSON, text, headers)


def nothing() -> Response[str]:
    """The answer when there is nothing to say."""
    return Response(204)


def page[T, S](show_one: Callable[[T], S], cursor_after: Callable[[T], str]) -> Callable[[Page[T]], dict[str, object]]:
    """How a page of a list is shown: its items, and the cursor after the last one unless the list ends here."""

    def shown(found: Page[T]) -> dict[str, object]:
        following = None if found.next_cursor is None else cursor_after(found.items[-1])
        return {"items": [show_one(item) for item in found.items], "next_cursor": following}

    return shown
