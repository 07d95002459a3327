"""How much memory a message takes: texts count as Python keeps them, a character of an emoji's text as four bytes."""

from reminders.model import Json


def weight_of(message: dict[str, Json]) -> int:
    """About how many bytes a message takes."""
    total = 0
    for part in message.values():
        total += part.__sizeof__() if isinstance(part, str) else _of_all(part)
    return total


def _of_all(value: Json) -> int:
    """The same of a value with everything in it."""
    total, left = 0, [value]
    while left:
        each = left.pop()
        total += each.__sizeof__()
        if isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list):
            left += each
    return total
