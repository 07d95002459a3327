"""Messages: plain substitution of `{{names}}`, no logic. Pure."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping

from reminders.errors import InvalidField
from reminders.instants import Instant, to_datetime
from reminders.model import Due, Json, Message, NaturalKey

MAX_RENDERED = 262_144  # characters of a body after substitution

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

NAMES = (
    "entity_type",
    "entity_id",
    "event_type",
    "channel",
    "reminder_id",
    "occurrence_no",
    "scheduled_for",
    "stands_for",
)
"""What a placeholder may name, besides `payload.<path>`."""


def render(message: dict[str, Json], values: Mapping[str, str]) -> dict[str, Json]:
    """The message with each placeholder of its subject and body replaced; `values` holds a text for each of NAMES.

    A subject stays one line whatever is put into it.
    """
    subject, body = message.get("subject"), message.get("body")
    look_up = _look_up(values, message.get("payload"))
    rendered = dict(message)
    if isinstance(subject, str):
        rendered["subject"] = _CONTROLS.sub(" ", _substitute(subject, look_up))
    if isinstance(body, str):
        rendered["body"] = _substitute(body, look_up)
    return rendered


def values(
    key: NaturalKey | Due, channel: str, reminder_id: str, occurrence_no: int, scheduled_at: Instant, stands_for: int
) -> dict[str, str]:
    """The text of each of NAMES for one occurrence."""
    return {
        "entity_type": key.entity_type,
        "entity_id": key.entity_id,
        "event_type": key.event_type,
        "channel": channel,
        "reminder_id": reminder_id,
        "occurrence_no": str(occurrence_no),
        "scheduled_for": to_datetime(scheduled_at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "stands_for": str(stands_for),
    }


def check(message: Message, key: NaturalKey, channel: str) -> None:
    """Refuses a message with a placeholder that could never be filled, or that grows beyond MAX_RENDERED."""
    values = dict.fromkeys(NAMES, "0" * 40) | {
        "entity_type": key.entity_type,
        "entity_id": key.entity_id,
        "event_type": key.event_type,
        "channel": channel,
    }
    look_up = _look_up(values, message.payload)
    for field, text in (("subject", message.subject), ("body", message.body)):
        if text is None:
            continue
        try:
            _substitute(text, look_up)
        except LookupError as unknown:
            raise InvalidField(field, str(unknown.args[0])) from None


def has_placeholders(message: dict[str, Json]) -> bool:
    """Whether rendering would change the message."""
    return any("{{" in text for text in (message.get("subject"), message.get("body")) if isinstance(text, str))


def _substitute(text: str, look_up: Callable[[str], str]) -> str:
    size = 0

    def replace(found: re.Match[str]) -> str:
        nonlocal size
        value = look_up(found[1].strip())
        size += len(value)
        if size > MAX_RENDERED:
            raise LookupError(f"is longer than {MAX_RENDERED} characters once its placeholders are filled")
        return value

    return _PLACEHOLDER.sub(replace, text)


def _look_up(values: Mapping[str, str], payload: Json) -> Callable[[str], str]:
    def look_up(name: str) -> str:
        if name in values:
            return values[name]
        first, _, path = name.partition(".")
        if first != "payload" or not path:
            raise LookupError(f"unknown placeholder {{{{{_shown(name)}}}}}; known: {', '.join(NAMES)}, payload.<name>")
        value = payload
        for part in path.split("."):
            if not isinstance(value, dict) or part not in value:
                raise LookupError(f"unknown placeholder {{{{{_shown(name)}}}}}: the payload has no such entry")
            value = value[part]
        if isinstance(value, dict | list):
            raise LookupError(f"placeholder {{{{{_shown(name)}}}}} names an object or a list, not a text")
        return value if isinstance(value, str) else json.dumps(value)

    return look_up


def _shown(name: str) -> str:
    printable = "".join(c for c in name if unicodedata.category(c)[0] != "C")
    return printable[:60]
