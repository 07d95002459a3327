"""Stop conditions: how a value is resolved, what makes it true, and how a type joins."""

import pytest

from reminders.conditions import registry
from reminders.conditions.registry import Facts
from reminders.errors import InvalidField
from reminders.model import NaturalKey

KEY = NaturalKey(entity_type="interviewer", entity_id="INT_100", event_type="feedback_form")


@pytest.mark.parametrize(
    "value, expected",
    [
        ("feedback_submitted", "feedback_submitted"),
        ("done:{entity_id}", "done:INT_100"),
        ("{entity_type}.{event_type}", "interviewer.feedback_form"),
        ("{entity_id}{entity_id}", "INT_100INT_100"),
        ("Az09._:@+=-", "Az09._:@+=-"),
        ("x" * 300, "x" * 300),
    ],
)
def test_a_value_is_resolved_with_the_entitys_names(value: str, expected: str) -> None:
    """Names in braces are replaced by the reminder's own, everything else stays."""
    assert registry.resolve("db_check", value, KEY) == expected


def test_what_a_name_holds_is_not_resolved_again() -> None:
    """An entity that is called {event_type} keeps its braces, and those fit into no key."""
    odd = NaturalKey(entity_type="t", entity_id="{event_type}", event_type="v")
    with pytest.raises(InvalidField):
        registry.resolve("db_check", "{entity_id}", odd)


@pytest.mark.parametrize(
    "value", ["", "with space", "{unknown}", "{entity_id", "{{entity_id}}", "ü", "key\n", "x" * 301, "a/b", "{}"]
)
def test_what_is_no_flag_key_is_refused(value: str) -> None:
    """A value that does not resolve to a flag's key names its field."""
    with pytest.raises(InvalidField) as refused:
        registry.resolve("db_check", value, KEY)
    assert refused.value.field == "stop_condition_value"


@pytest.mark.parametrize(
    "type_, value, expected",
    [("db_check", "done", True), ("db_check", "open", False), (None, None, False), ("db_check", None, False)],
)
def test_a_flag_is_true_when_it_was_read_as_true(type_: str | None, value: str | None, expected: bool) -> None:
    """A flag that is missing among the true ones is false, and without a condition nothing is met."""
    assert registry.is_met(type_, value, Facts(true_flags=frozenset({"done"}))) is expected


def test_db_check_is_the_only_type_for_now() -> None:
    """The registry says which types there are."""
    assert registry.known_types() == ("db_check",)


def test_a_type_joins_with_one_class_and_one_decorator(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is registered is resolved and judged like the one that was there."""
    monkeypatch.setattr(registry, "_TYPES", dict(registry._TYPES))

    @registry.condition_type("always")
    class Always:
        def resolve(self, value: str, key: NaturalKey) -> str:
            return value.upper()

        def is_met(self, value: str, facts: Facts) -> bool:
            return True

    assert registry.known_types() == ("always", "db_check")
    assert registry.resolve("always", "x", KEY) == "X"
    assert registry.is_met("always", "X", Facts())
