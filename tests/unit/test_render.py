"""Messages: plain substitution, once, within bounds."""

from typing import Any

import pytest

from reminders.errors import InvalidField
from reminders.messages import render
from reminders.messages.render import MAX_RENDERED, MAX_SUBJECT, NAMES
from reminders.model import Message, NaturalKey

KEY = NaturalKey(entity_type="interviewer", entity_id="INT_100", event_type="feedback_form")
VALUES = render.values(KEY, "email", "0190a0a0", 3, 1_772_442_000_000_000, 2)


def body(text: str, payload: Any = None) -> Any:
    return render.render({"body": text, "payload": payload}, VALUES)["body"]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("entity_type", "interviewer"),
        ("entity_id", "INT_100"),
        ("event_type", "feedback_form"),
        ("channel", "email"),
        ("reminder_id", "0190a0a0"),
        ("occurrence_no", "3"),
        ("scheduled_for", "2026-03-02T09:00:00Z"),
        ("stands_for", "2"),
    ],
)
def test_each_name_has_its_value(name: str, expected: str) -> None:
    """Every name that a placeholder may use is replaced by the occurrence's own."""
    assert body(f"<{{{{{name}}}}}>") == f"<{expected}>"


def test_all_names_are_filled() -> None:
    """No name is offered that has no value."""
    assert set(VALUES) == set(NAMES)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{{payload.form_url}}", "https://example.com"),
        ("{{payload.a.b.c}}", "deep"),
        ("{{payload.n}}", "1.5"),
        ("{{payload.yes}}", "true"),
        ("{{payload.nothing}}", "null"),
        ("{{payload.with space}}", "x"),
        ("{{ payload.n }}", "1.5"),
        ("{{entity_id}}{{entity_id}}", "INT_100INT_100"),
        ("no placeholders: { } {x}", "no placeholders: { } {x}"),
        ("{{ unclosed", "{{ unclosed"),
        ("", ""),
    ],
)
def test_what_a_placeholder_becomes(text: str, expected: str) -> None:
    """A path through the payload gives what lies there, as a text; all else stays as it is."""
    payload = {
        "form_url": "https://example.com",
        "a": {"b": {"c": "deep"}},
        "n": 1.5,
        "yes": True,
        "nothing": None,
        "with space": "x",
    }
    assert body(text, payload) == expected


@pytest.mark.parametrize("value", ["{{entity_id}}", "{{payload.x}}", "{{nobody}}", "}}{{"])
def test_a_value_is_not_read_again(value: str) -> None:
    """What is put in for a placeholder is a text, even if it looks like one."""
    assert body("<{{payload.x}}>", {"x": value}) == f"<{value}>"


def test_two_values_do_not_make_a_placeholder_together() -> None:
    """Values that would form a placeholder side by side stay what they are."""
    assert body("{{payload.a}}{{payload.b}}", {"a": "{{entity", "b": "_id}}"}) == "{{entity_id}}"


def test_a_payload_entry_does_not_shadow_a_name() -> None:
    """Names are the occurrence's; what is the payload's is reached by payload alone."""
    assert body("{{entity_id}}", {"entity_id": "another"}) == "INT_100"


@pytest.mark.parametrize("field", ["subject", "body"])
@pytest.mark.parametrize(
    "text",
    ["{{nobody}}", "{{payload}}", "{{payload.}}", "{{payload.none}}", "{{payload.text.more}}", "{{payload.list}}",
     "{{payload.object}}", "{{}}", "{{Entity_id}}", "{{payload.list.0}}", "{{__class__}}"],
)  # fmt: skip
def test_an_unknown_placeholder_is_refused(field: str, text: str) -> None:
    """What could never be filled is refused at creation, and the field is named."""
    message = Message(**{field: text}, payload={"text": "x", "list": ["y"], "object": {"z": 1}})  # type: ignore[arg-type]
    with pytest.raises(InvalidField) as refused:
        render.check(message, KEY, "email")
    assert refused.value.field == field


def test_a_refusal_shows_no_control_characters() -> None:
    """The name in an error message is printable and short, whatever the caller wrote."""
    with pytest.raises(InvalidField) as refused:
        render.check(Message(body="{{\x1b[31m" + "x" * 500 + "}}"), KEY, "email")
    assert "\x1b" not in refused.value.message
    assert len(refused.value.message) < 300


def test_every_known_placeholder_is_accepted() -> None:
    """A message may use all names and a path of its payload."""
    text = "".join(f"{{{{{name}}}}}" for name in NAMES) + "{{payload.a}}"
    render.check(Message(subject=text, body=text, payload={"a": 1}), KEY, "email")
    assert "{{" not in body(text, {"a": 1})


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.com", "a\x00b", "a\u2028b", "a\x85b", "a\tb"])
def test_a_subject_stays_one_line(value: str) -> None:
    """Control characters in what is put into a subject become a space."""
    rendered = render.render({"subject": "{{payload.x}}", "payload": {"x": value}}, VALUES)["subject"]
    assert isinstance(rendered, str)
    assert rendered.isprintable()


def test_a_body_keeps_its_lines() -> None:
    """A body may have newlines, its own and its values'."""
    assert body("a\n{{payload.x}}", {"x": "b\nc"}) == "a\nb\nc"


def test_a_message_that_would_grow_beyond_measure_is_refused() -> None:
    """Many placeholders for one long value are refused at creation instead of filling the memory later."""
    message = Message(body="{{payload.x}}" * 1_000, payload={"x": "y" * 1_000})
    with pytest.raises(InvalidField, match=str(MAX_RENDERED)) as refused:
        render.check(message, KEY, "email")
    assert refused.value.field == "body"


def test_a_message_up_to_the_bound_is_rendered() -> None:
    """Exactly as much as is allowed is not too much."""
    text = "{{payload.x}}" * 256
    payload = {"x": "y" * (MAX_RENDERED // 256)}
    render.check(Message(body=text, payload=payload), KEY, "email")
    assert len(body(text, payload)) == MAX_RENDERED


def test_rendering_leaves_the_given_message_alone() -> None:
    """The stored message is not changed by what one occurrence makes of it."""
    given: Any = {"subject": "{{entity_id}}", "payload": {"a": 1}}
    render.render(given, VALUES)
    assert given == {"subject": "{{entity_id}}", "payload": {"a": 1}}


@pytest.mark.parametrize(
    "message, expected",
    [
        ({}, False),
        ({"subject": "x", "body": "y"}, False),
        ({"subject": "{{x}}"}, True),
        ({"body": "{{x}}"}, True),
        ({"payload": {"a": "{{x}}"}}, False),
        ({"subject": 5, "body": ["{{x}}"]}, False),
    ],
)
def test_only_a_subject_or_body_with_braces_needs_rendering(message: Any, expected: bool) -> None:
    """A message without placeholders is copied inside the database and never rendered."""
    assert render.has_placeholders(message) is expected


@pytest.mark.parametrize(
    "text", ["{{" * (MAX_RENDERED // 2), "{{ x " * (MAX_RENDERED // 5), "{{}" * (MAX_RENDERED // 3)]
)
def test_braces_that_never_close_are_read_once(text: str) -> None:
    """What only looks like placeholders is left as it is; to search for the end anew at each would take minutes."""
    assert body(text) == text


def test_a_template_beyond_measure_is_not_begun() -> None:
    """Millions of placeholders that stand for nothing are not filled one by one."""
    with pytest.raises(LookupError, match=str(MAX_RENDERED)):
        body("{{payload.x}}" * 1_000_000, {"x": ""})


def test_what_stands_between_placeholders_counts_as_well() -> None:
    """A body's bound is that of the whole text."""
    with pytest.raises(LookupError, match=str(MAX_RENDERED)):
        body("x" * 10 + "{{payload.x}}" * 4, {"x": "y" * (MAX_RENDERED // 4)})


def test_a_subject_that_outgrows_its_bound_is_refused_and_one_that_is_there_is_cut() -> None:
    """Filled texts keep their field's bounds: a caller is told, a message that is stored already is sent shortened."""
    payload: dict[str, Any] = {"x": "y" * 250}
    subject = "{{payload.x}}{{payload.x}}"
    render.check(Message(subject=subject, payload=payload), KEY, "email")
    with pytest.raises(InvalidField, match=f"longer than {MAX_SUBJECT}") as refused:
        render.check(Message(subject=subject + "!", payload=payload), KEY, "email")
    assert refused.value.field == "subject"
    rendered = render.render({"subject": subject + "!", "payload": payload}, VALUES)["subject"]
    assert rendered == "y" * MAX_SUBJECT


def test_an_occurrence_at_its_longest_fits_where_it_was_accepted() -> None:
    """What is checked at creation is never longer later."""
    longest = render.values(KEY, "email", "0" * 36, 2**31 - 1, 1_772_442_000_000_000, 2**31 - 1)
    text = "".join(f"{{{{{name}}}}}" for name in NAMES)
    filled = str(render.render({"body": text}, longest)["body"])
    room = MAX_SUBJECT - len(filled)
    render.check(Message(subject=text + "x" * room), KEY, "email")
    with pytest.raises(InvalidField):
        render.check(Message(subject=text + "x" * (room + 1)), KEY, "email")
