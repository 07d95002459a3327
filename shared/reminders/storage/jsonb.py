"""JSON as PostgreSQL has it, which knows longer numbers and deeper nesting than Python likes to read."""

import json
import re
from collections.abc import Iterator
from typing import Any

LONGEST_INTEGER = 1_000  # digits; Python refuses to read more than 4,300

_MARK = re.compile(r'["\\[\]{},]')


def parse(text: str) -> Any:
    """The value of a JSON text. An integer that is too long becomes a float, if need be an infinite one; what is nested
    too deeply to be read stays a text."""
    try:
        try:
            return json.loads(text)
        except ValueError:
            return json.loads(
                text, parse_int=lambda digits: int(digits) if len(digits) < LONGEST_INTEGER else float(digits)
            )
    except RecursionError:
        return text


def parse_each(text: str) -> list[Any]:
    """The values of a JSON array. One that cannot be read stays a text, and its neighbours are read all the same."""
    found = parse(text)
    return found if isinstance(found, list) else list(map(parse, _elements(text)))


def _elements(text: str) -> Iterator[str]:
    """The texts of an array's elements, found without reading what they hold."""
    depth, begin, is_quoted, escaped_at = 0, 0, False, -1
    for mark in _MARK.finditer(text):
        sign, at = mark[0], mark.start()
        if at == escaped_at:
            continue
        if is_quoted:
            if sign == "\\":
                escaped_at = at + 1
            is_quoted = sign != '"'
        elif sign == '"':
            is_quoted = True
        elif sign in "[{":
            depth += 1
            begin = at + 1 if depth == 1 else begin
        elif sign in "]}":
            depth -= 1
        if depth == (0 if sign == "]" else 1) and sign in ",]" and not is_quoted:
            if text[begin:at].strip():
                yield text[begin:at]
            begin = at + 1
