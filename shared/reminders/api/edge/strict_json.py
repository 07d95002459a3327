"""JSON read strictly: refused is what the standard library lets through and PostgreSQL would trip over."""

import json
import math
import re
from collections.abc import Iterable
from typing import Never

from reminders.api.refusals import FieldError, InvalidRequest, MalformedBody
from reminders.model import Json

MAX_DEPTH = 20  # objects and lists within each other
_MAX_DIGITS = 308  # of an integer: what a double can hold as well, with or without a fraction

# PostgreSQL takes no NUL in a text, and nobody takes half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse(raw: bytes) -> Json:
    """The value of a JSON text in UTF-8; MalformedBody, or InvalidRequest naming a field whose text cannot be
    stored."""
    try:
        value: Json = json.loads(
            raw.decode("utf-8"),
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise MalformedBody("the body is not valid UTF-8") from None
    except json.JSONDecodeError as error:
        raise MalformedBody(f"the body is not valid JSON: {error.msg}, at character {error.pos}") from None
    except RecursionError:
        raise _too_deep() from None
    _check(value)
    return value


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_DIGITS:
        raise MalformedBody("the body holds an integer that is too large")
    return int(digits)


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise MalformedBody("the body holds a number that is too large")
    return number


def _no_constant(name: str) -> Never:
    raise MalformedBody(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedBody("the body holds an object with the same name twice")
    return found


def _check(root: Json) -> None:
    """Walks without recursion, since the depth is the caller's."""
    waiting: list[tuple[Json, str, int]] = [(root, "", 0)]
    while waiting:
        value, path, depth = waiting.pop()
        if isinstance(value, str):
            _check_text(value, path or "body")
        elif isinstance(value, dict | list):
            if depth == MAX_DEPTH:
                raise _too_deep()
            waiting.extend((entry, f"{path}.{name}".lstrip("."), depth + 1) for name, entry in _entries(value, path))


def _entries(value: dict[str, Json] | list[Json], path: str) -> Iterable[tuple[str | int, Json]]:
    if isinstance(value, list):
        return enumerate(value)
    for name in value:
        _check_text(name, path or "body")
    return value.items()


def _check_text(text: str, field: str) -> None:
    if _UNSTORABLE.search(text):
        raise InvalidRequest([FieldError(field, "holds NUL or half of a surrogate pair")])


def _too_deep() -> MalformedBody:
    return MalformedBody(f"the body is nested deeper than {MAX_DEPTH} levels")
