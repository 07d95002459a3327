"""Stop conditions: how a value is resolved, what makes it true, and how a type joins."""

import pytest

from reminders import conditions
from reminders.conditions import Facts, registry
from reminders.errors import InvalidField
from reminders.model import Condition, NaturalKey
from reminders.model.reminder import Schedule
from tests.world import NOW, claimed

KEY = NaturalKey(entity_type="interviewer", entity_id="INT_100", event_type="feedback_form")
hourly = Schedule(schedule_type="recurring", start_at=NOW, interval_minutes=60)


def flag(key: str) -> Condition:
    """The condition that this flag is true."""
    return Condition(type="db_check", value=key)


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
    assert conditions.resolved(flag(value), KEY) == flag(expected)


def test_what_a_name_holds_is_not_resolved_again() -> None:
    """An entity that is called {event_type} keeps its braces, and those fit into no key."""
    odd = NaturalKey(entity_type="t", entity_id="{event_type}", event_type="v")
    with pytest.raises(InvalidField):
        conditions.resolved(flag("{entity_id}"), odd)


@pytest.mark.parametrize(
    "value", ["", "with space", "{unknown}", "{entity_id", "{{entity_id}}", "ü", "key\n", "x" * 301, "a/b", "{}"]
)
def test_what_is_no_flag_key_is_refused(value: str) -> None:
    """A value that does not resolve to a flag's key names its field."""
    with pytest.raises(InvalidField) as refused:
        conditions.resolved(flag(value), KEY)
    assert refused.value.field == "stop_condition_value"


@pytest.mark.parametrize("condition, expected", [("done", True), ("open", False), (None, False)])
def test_a_flag_is_true_when_it_was_read_as_true(condition: str | None, expected: bool) -> None:
    """A flag that is missing among the true ones is false, and without a condition nothing is met."""
    given = None if condition is None else flag(condition)
    assert conditions.is_met(given, Facts(true_flags=frozenset({"done"}))) is expected


@pytest.mark.parametrize("type_, value", [(None, None), ("db_check", None)])
def test_a_row_without_a_whole_condition_has_none(type_: str | None, value: str | None) -> None:
    """A type whose value SQL has taken away stops nothing."""
    assert claimed(hourly, None, condition_type=type_, condition_value=value).condition is None


def test_a_condition_knows_what_it_watches() -> None:
    """The keys of its flags, for whoever reads them; no condition watches nothing."""
    assert [list(conditions.watched(each)) for each in (flag("done"), None)] == [["done"], []]


def test_db_check_is_the_only_type_for_now() -> None:
    """The registry says which types there are."""
    assert conditions.known_types() == ("db_check",)


def test_a_type_joins_with_one_class_and_one_decorator(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is registered is resolved and judged like the one that was there."""
    monkeypatch.setattr(registry, "_TYPES", dict(registry._TYPES))

    @conditions.condition_type("always")
    class Always:
        def resolve(self, value: str, key: NaturalKey) -> str:
            return value.upper()

        def watched(self, value: str) -> tuple[str, ...]:
            return ()

        def is_met(self, value: str, facts: Facts) -> bool:
            return True

    always = Condition(type="always", value="x")
    assert conditions.known_types() == ("always", "db_check")
    assert conditions.resolved(always, KEY) == always._replace(value="X")
    assert conditions.is_met(always, Facts())
