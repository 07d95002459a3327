"""Parameters as PostgreSQL reads them. What the server makes of the arrays is tested on it in
integration/test_rows.py."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reminders.storage import parameters, runs


@pytest.mark.parametrize(
    "values, expected",
    [
        ([], "{}"),
        ([None], "{}"),
        ([None, None], "{}"),
        ([1, 2], "{1, 2}"),
        ([1, None, 3], "{1, NULL, 3}"),
        ([30.5, None], "{30.5, NULL}"),
        ([-1], "{-1}"),
        ([2**62], "{4611686018427387904}"),
    ],
)
def test_an_array_of_numbers(values: list[float | None], expected: str) -> None:
    """Numbers as they are, None as NULL, and nothing but None as the empty array that unnest fills up."""
    assert parameters.numbers(values) == expected


@pytest.mark.parametrize(
    "values, expected", [([], "{}"), ([None], "{}"), (["a", "b"], "{a,b}"), (["a", None], "{a,NULL}")]
)
def test_an_array_of_words(values: list[str | None], expected: str) -> None:
    """Words without quotes, None as NULL."""
    assert parameters.words(values) == expected


@pytest.mark.parametrize(
    "values, expected",
    [
        ([], "{}"),
        ([None], "{}"),
        (["a b"], '{"a b"}'),
        (['"'], '{"\\""}'),
        (["\\"], '{"\\\\"}'),
        (["NULL", None], '{"NULL",NULL}'),
        ([""], '{""}'),
        (["a,b", "{c}"], '{"a,b","{c}"}'),
    ],
)
def test_an_array_of_texts(values: list[str | None], expected: str) -> None:
    """Every text stands in quotes, with its own quotes and backslashes escaped."""
    assert parameters.texts(values) == expected


def test_a_time_keeps_its_microseconds_and_its_offset() -> None:
    """Instants are written in full, so that the session's zone does not matter."""
    elsewhere = timezone(timedelta(hours=-8))
    assert parameters.time(datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC)) == "2026-03-02T09:00:00.000001+00:00"
    assert parameters.time(datetime(2026, 3, 2, 1, 0, tzinfo=elsewhere)) == "2026-03-02T01:00:00-08:00"


def test_nothing_is_nothing() -> None:
    """None stays None for times, objects and lists of runs."""
    assert (parameters.time(None), parameters.json_text(None), runs.to_runs(None)) == (None, None, [])
