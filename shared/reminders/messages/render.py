"""Messages: plain substitution of `{{names}}`, no logic. Pure."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping

from reminders.errors import InvalidField
from reminders.instants import Instant, to_datetime
from reminders.model import Due, Json, Message, NaturalKey

MAX_RENDERED = 262_144  # characters of a body, before and after substitution
MAX_SUBJECT = 500  # characters of a subject after substitution, too

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

# What is not known before an occurrence, at its longest.
_LONGEST = {"reminder_id": "0" * 36, "occurrence_no": "0" * 10, "scheduled_for": "0" * 20, "stands_for": "0" * 10}


def render(message: dict[str, Json], values: Mapping[str, str]) -> dict[str, Json]:
    """The message with each placeholder of its subject and body replaced; `values` holds a text for each of NAMES.

    A subject stays one line of at most MAX_SUBJECT characters whatever is put into it. LookupError for what cannot be
    filled. The time that it takes is bounded: most of it happens within a transaction.
    """
    subject, body = message.get("subject"), message.get("body")
    look_up = _look_up(values, message.get("payload"))
    rendered = dict(message)
    if isinstance(subject, str):
        rendered["subject"] = _CONTROLS.sub(" ", _filled(subject, look_up, MAX_RENDERED)[:MAX_SUBJECT])
    if isinstance(body, str):
        rendered["body"] = _filled(body, look_up, MAX_RENDERED)
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
    """InvalidField when a placeholder could never be filled, or a text outgrows its bound once all of them are."""
    values = _LONGEST | {
        "entity_type": key.entity_type,
        "entity_id": key.entity_id,
        "event_type": key.event_type,
        "channel": channel,
    }
    look_up = _look_up(values, message.payload)
    bounds = {"subject": (message.subject, MAX_SUBJECT), "body": (message.body, MAX_RENDERED)}
    for field, (text, most) in bounds.items():
        if not isinstance(text, str):
            continue
        try:
            _filled(text, look_up, most)
        except LookupError as unknown:
            raise InvalidField(field, str(unknown.args[0])) from None


def has_placeholders(message: dict[str, Json]) -> bool:
    """Whether rendering would change the message."""
    subject, body = message.get("subject"), message.get("body")
    return (isinstance(subject, str) and "{{" in subject) or (isinstance(body, str) and "{{" in body)


def _filled(text: str, look_up: Callable[[str], str], most: int) -> str:
    """The text with its placeholders filled, read once from its beginning to its end; LookupError when it is too
    long."""
    parts: list[str] = []
    at = size = 0
    begin = text.find("{{")
    while size <= most and len(text) <= MAX_RENDERED:
        end = -1 if begin < 0 else text.find("}}", begin + 2)
        if end < 0:
            if size + len(text) - at > most:
                break
            return "".join((*parts, text[at:]))
        value = look_up(text[begin + 2 : end].strip())
        parts += text[at:begin], value
        size += begin - at + len(value)
        at = end + 2
        begin = text.find("{{", at)
    raise LookupError(f"is longer than {most} characters once its placeholders are filled")


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
    printable = "".join(c for c in name[:200] if unicodedata.category(c)[0] != "C")
    return printable[:60]
