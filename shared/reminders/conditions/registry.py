"""From the name of a condition's type to its rule. A new type is one module with one class and one decorator."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from reminders.errors import NotKnownHere
from reminders.model import BusinessCalendar, Condition, NaturalKey


class Facts(NamedTuple):
    """What was read from the database, in one statement, for judging conditions and schedules."""

    true_flags: frozenset[str] = frozenset()
    calendars: Mapping[str, BusinessCalendar] = MappingProxyType({})


class ConditionType(Protocol):
    """The rule of one type of stop condition. Pure."""

    def resolve(self, value: str, key: NaturalKey) -> str:
        """The value as it is stored, with the entity's names filled in; InvalidField when it is not valid."""

    def watched(self, value: str) -> Collection[str]:
        """The keys of the flags on which it depends."""

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


def resolved(condition: Condition | None, key: NaturalKey) -> Condition | None:
    """The condition as it is stored for a reminder; InvalidField when its value is not valid."""
    if condition is None:
        return None
    return condition._replace(value=_rule(condition).resolve(condition.value, key))


def watched(condition: Condition | None) -> Collection[str]:
    """The keys of the flags on which a condition depends."""
    return () if condition is None else _rule(condition).watched(condition.value)


def is_met(condition: Condition | None, facts: Facts) -> bool:
    """Whether a reminder's stop condition is true. Without a condition it never is. NotKnownHere."""
    return condition is not None and _rule(condition).is_met(condition.value, facts)


def _rule(condition: Condition) -> ConditionType:
    try:
        return _TYPES[condition.type]
    except KeyError:
        raise NotKnownHere("stop condition", condition.type) from None
