"""What the edge refuses, before any command is asked. `problems.py` says which status each becomes."""

from collections.abc import Iterable
from typing import NamedTuple

from reminders.errors import ReminderError

_SHOWN = 20  # field errors in one answer: a body may hold thousands


class FieldError(NamedTuple):
    """One field, or part of the request, and what is wrong with it. Never the value that was sent."""

    field: str
    message: str


class UnknownPath(ReminderError):
    """No route has this path."""

    def __init__(self) -> None:
        super().__init__("there is nothing at this path")


class WrongMethod(ReminderError):
    """The path exists, the method on it does not."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(f"this path takes {', '.join(self.allowed)}")


class Misdirected(ReminderError):
    """The request is for another host: a name that somebody else has made lead here."""

    def __init__(self) -> None:
        super().__init__("this server does not answer for the host that the request names")


class ForeignOrigin(ReminderError):
    """A page from somewhere else asks for a change, in the name of whoever looks at it."""

    def __init__(self) -> None:
        super().__init__("a page of another origin may not change anything here")


class BodyTooLarge(ReminderError):
    """The body is longer than the operation takes."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"a body holds at most {limit_bytes} bytes")
        self.limit_bytes = limit_bytes


class UnsupportedMediaType(ReminderError):
    """There is a body, and it does not say that it is of a type that is taken, in UTF-8."""

    def __init__(self, media_types: Iterable[str]) -> None:
        self.media_types = tuple(media_types)
        super().__init__(f"a body is in UTF-8 and says its type: Content-Type: {' or '.join(self.media_types)}")


class MalformedBody(ReminderError):
    """The body is not JSON that can be read safely."""


class InvalidRequest(ReminderError):
    """One or several fields, parameters or headers cannot be accepted."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)[:_SHOWN]
        super().__init__(f"cannot be accepted: {', '.join(dict.fromkeys(error.field for error in self.errors))}")
