"""The pure parts of the HTTP API: cursors, preconditions, JSON that is read strictly, texts of instants."""

import json
import re
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.api import cursors, etags
from reminders.api.edge import strict_json
from reminders.api.refusals import InvalidRequest, MalformedBody
from reminders.api.values import utc_text

KEYS = st.text("ABCXYZabcxyz0189._:@+=-", min_size=1, max_size=300)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=20,
)


@given(st.uuids())
def test_a_cursor_of_reminders_is_read_as_it_was_written(value: uuid.UUID) -> None:
    """And matches the pattern in the OpenAPI document."""
    cursor = cursors.after_reminder(str(value))
    assert cursors.reminder_id(cursor) == str(value)
    assert matches(cursors.REMINDERS, cursor)


@given(st.integers(1, 2**31 - 1), st.integers(0, 2**15 - 1))
def test_a_cursor_of_runs_is_read_as_it_was_written(occurrence_no: int, step: int) -> None:
    """And matches its pattern."""
    cursor = cursors.after_run(occurrence_no, step)
    assert cursors.run_place(cursor) == (occurrence_no, step)
    assert matches(cursors.RUNS, cursor)


@given(KEYS)
def test_a_cursor_of_flags_is_read_as_it_was_written(key: str) -> None:
    """And matches its pattern."""
    cursor = cursors.after_key(key)
    assert cursors.key(cursor) == key
    assert matches(cursors.FLAGS, cursor)


@given(st.text("ABCXYZabcxyz0189._:@+=-", min_size=1, max_size=100))
def test_a_cursor_of_calendars_matches_its_pattern(name: str) -> None:
    """It is made like one of flags, and no longer than a name."""
    assert matches(cursors.CALENDARS, cursors.after_key(name))


@given(st.from_regex(cursors.RUNS, fullmatch=True))
def test_what_matches_the_pattern_of_runs_is_a_place(cursor: str) -> None:
    """The document promises that it is taken, and PostgreSQL that it can hold it."""
    occurrence_no, step = cursors.run_place(cursor)
    assert occurrence_no < 2**31
    assert step < 2**15


@given(st.from_regex(cursors.REMINDERS, fullmatch=True))
def test_what_matches_the_pattern_of_reminders_is_an_id(cursor: str) -> None:
    """The only sign that carries fewer bits is bound to those."""
    assert cursors.after_reminder(cursors.reminder_id(cursor)) == cursor


def matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


@pytest.mark.parametrize(
    ("header", "version"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"3"', 3),
        ('"3", "3"', 3),
        ('"3", "9"', 3),
        ('"3",W/"9"', 3),
        ('"8", "9"', -1),
        ('W/"3"', -1),
        ("3", -1),
        ("", -1),
        ('"3", x', -1),
        ('"a", "3"', 3),
        ('"*"', -1),
        ('"٣"', -1),
    ],
)
def test_if_match_names_the_version_that_a_command_must_find(header: str | None, version: int | None) -> None:
    """None for any; one that no reminder has when nothing can match."""
    assert etags.expected(header, lambda: 3) == version


def test_a_single_version_needs_no_look() -> None:
    """The command compares it itself: only a list costs a read."""

    def never() -> int:
        raise AssertionError

    assert etags.expected('"7"', never) == 7


@given(JSON)
def test_sound_json_is_read_as_the_standard_library_reads_it(value: strict_json.Json) -> None:
    """Strictness changes nothing about what is let in."""
    assert strict_json.parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """No input ends in another exception."""
    with suppress(MalformedBody, InvalidRequest):
        strict_json.parse(raw)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, None),
        (datetime(2026, 3, 2, 9, tzinfo=UTC), "2026-03-02T09:00:00Z"),
        (datetime(2026, 3, 2, 9, 0, 0, 120, tzinfo=UTC), "2026-03-02T09:00:00.000120Z"),
        (datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=-8))), "2026-03-02T17:00:00Z"),
    ],
)
def test_times_are_answered_in_utc(moment: datetime | None, text: str | None) -> None:
    """With Z, and microseconds only if there are any."""
    assert utc_text(moment) == text
