"""JSON as PostgreSQL has it, which knows longer numbers than Python likes to read."""

import json
from typing import Any

LONGEST_INTEGER = 1_000  # digits; Python refuses to read more than 4,300


def parse(text: str) -> Any:
    """The value of a JSON text. An integer that is too long becomes a float, if need be an infinite one."""
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(
            text, parse_int=lambda digits: int(digits) if len(digits) < LONGEST_INTEGER else float(digits)
        )
