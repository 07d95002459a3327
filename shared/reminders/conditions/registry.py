"""Stop conditions: a registry, from the name of a type to its rule. A new type is one class and one decorator."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from reminders.errors import InvalidField
from reminders.model import BusinessCalendar, NaturalKey

FLAG_KEY_PATTERN = r"^[A-Za-z0-9._:@+=-]{1,300}$"
_FLAG_KEY = re.compile(FLAG_KEY_PATTERN[:-1] + r"\Z")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was read from the database, in one statement, for judging conditions and schedules."""

    true_flags: frozenset[str] = frozenset()
    calendars: Mapping[str, BusinessCalendar] = field(default_factory=dict)


class ConditionType(Protocol):
    """The rule of one type of stop condition. Pure."""

    def resolve(self, value: str, key: NaturalKey) -> str:
        """The value as it is stored, with the entity's names filled in; InvalidField when it cannot be one."""

    def is_met(self, value: str, facts: Facts) -> bool:
        """Whether the facts end the reminder."""


_TYPES: dict[str, ConditionType] = {}


def condition_type(name: str) -> Callable[[type[ConditionType]], type[ConditionType]]:
    """Registers a class as the rule for the stop conditions called `name`."""

    def register(rule: type[ConditionType]) -> type[ConditionType]:
        _TYPES[name] = rule()
        return rule

    return register


def known_types() -> tuple[str, ...]:
    """The names of all types, sorted."""
    return tuple(sorted(_TYPES))


def resolve(type_: str, value: str, key: NaturalKey) -> str:
    """The value that is stored for a new condition."""
    return _TYPES[type_].resolve(value, key)


def is_met(type_: str | None, value: str | None, facts: Facts) -> bool:
    """Whether a reminder's stop condition is true. Without a condition it never is."""
    return type_ is not None and value is not None and _TYPES[type_].is_met(value, facts)


@condition_type("db_check")
class DbCheck:
    """A row of `status_flags`: true when the flag is true. A missing flag counts as false."""

    def resolve(self, value: str, key: NaturalKey) -> str:
        names = {"entity_type": key.entity_type, "entity_id": key.entity_id, "event_type": key.event_type}
        resolved = _PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), value)
        if not _FLAG_KEY.match(resolved):
            raise InvalidField(
                "stop_condition_value",
                "must resolve to a flag key: 1 to 300 letters, digits or any of . _ : @ + = -",
            )
        return resolved

    def is_met(self, value: str, facts: Facts) -> bool:
        return value in facts.true_flags
