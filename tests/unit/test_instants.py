"""Ids that sort by creation, and instants that lose nothing."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from reminders.instants import new_id, to_datetime, to_instant

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
