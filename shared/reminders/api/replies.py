"""What a route returns: JSON that is written once. Its shape is declared by a TypedDict, which mypy and the document
read."""

import json
from collections.abc import Callable, Mapping

from aws_lambda_powertools.event_handler.api_gateway import Response

from reminders.errors import ReminderError
from reminders.model import PAGE_BYTES, Page

_JSON = "application/json"
_write = json.JSONEncoder(separators=(",", ":")).encode


class Unanswerable(ReminderError):
    """A command has succeeded, and what came of it cannot be written as an answer."""


def reply[T](
    shown: Callable[[T], object], result: T, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """The answer about what a command has returned: `shown` says what a caller sees of it.

    A page that would be too long ends earlier; a single item is shown however long it is.
    """
    try:
        text = _write(shown(result))
        while len(text) > PAGE_BYTES and isinstance(result, Page) and len(result.items) > 1:
            result = result._replace(items=result.items[: len(result.items) // 2], next_cursor="")
            text = _write(shown(result))
    except Exception as error:
        raise Unanswerable from error
    return Response(status, _JSON, text, headers)


def nothing() -> Response[str]:
    """The answer when there is nothing to say."""
    return Response(204)


def page[T, S](
    show_one: Callable[[T], S], cursor_after: Callable[[T], str], cursor_at: Callable[[str], str] = str
) -> Callable[[Page[T]], dict[str, object]]:
    """How a page of a list is shown: its items, and the cursor after the last one unless the list ends here.

    `cursor_at` makes a cursor of the place where a page without an item has ended.
    """

    def shown(found: Page[T]) -> dict[str, object]:
        following = None
        if found.next_cursor is not None:
            following = cursor_after(found.items[-1]) if found.items else cursor_at(found.next_cursor)
        return {"items": [show_one(item) for item in found.items], "next_cursor": following}

    return shown
