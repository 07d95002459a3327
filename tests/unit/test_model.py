"""Values: ids that sort by creation, instants that lose nothing."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.instants import new_id, to_datetime, to_instant
from reminders.model import Message, Run

moments = st.datetimes(datetime(1970, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments)
def test_an_id_is_a_uuid_of_version_7(moment: datetime) -> None:
    """Version, variant and the milliseconds stand where RFC 9562 puts them."""
    made = uuid.UUID(new_id(moment))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == to_instant(moment) // 1000


@given(moments, st.integers(1, 10**9))
def test_ids_sort_by_creation(moment: datetime, milliseconds: int) -> None:
    """A later millisecond gives a greater id, as a text and as a uuid."""
    first, second = new_id(moment), new_id(moment + timedelta(milliseconds=milliseconds))
    assert first < second
    assert uuid.UUID(first) < uuid.UUID(second)


def test_ids_of_one_instant_differ() -> None:
    """Ten thousand ids of the same instant are ten thousand ids."""
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    assert len({new_id(moment) for _ in range(10_000)}) == 10_000


@given(st.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_instant_keeps_every_microsecond(moment: datetime) -> None:
    """From datetime to instant and back nothing is lost."""
    assert to_datetime(to_instant(moment)) == moment


def test_an_instant_does_not_depend_on_the_offset() -> None:
    """The same moment in two zones is one instant."""
    moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert to_instant(moment.astimezone(timezone(timedelta(hours=-8)))) == to_instant(moment)


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
