"""Values: what of a message is stored, and what a run says of itself."""

import pytest

from reminders.model import Message
from reminders.runs import Run


def test_a_message_stores_only_what_was_given() -> None:
    """Absent parts take no room, and nothing at all is None."""
    assert Message(subject="", body=None, payload={}).as_object() == {"subject": "", "payload": {}}
    assert Message().as_object() is None


def run(message: object) -> Run:
    return Run(1, "id", 2, 3, 1, 0, 1, "kept", None, message, "e", "i", "v")  # type: ignore[arg-type]


def test_a_runs_key_is_reminder_occurrence_and_step() -> None:
    """The receiver's id does not hold the attempt, so that a repeat has the same."""
    assert run(None).key == run(None)._replace(attempt=5).key == "id_2_3"


@pytest.mark.parametrize("message", [None, {}, {"subject": 5, "body": [], "payload": "x"}])
def test_a_run_without_a_proper_message_has_none(message: object) -> None:
    """What plain SQL may have put into a message reaches no channel as anything but a text."""
    odd = run(message)
    assert (odd.subject, odd.body, odd.payload) == (None, None, {})
