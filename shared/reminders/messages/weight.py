"""How much memory a message takes: texts count as Python keeps them, a character of an emoji's text as four bytes."""

from reminders.model import Json


def weight_of(value: Json) -> int:
    """About how many bytes a JSON value takes, with everything in it."""
    total, left = 0, [value]
    while left:
        each = left.pop()
        total += each.__sizeof__()
        if isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list):
            left += each
    return total
