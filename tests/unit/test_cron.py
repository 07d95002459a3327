"""Cron expressions: what is read, what is refused, and cronsim as the second opinion where no clock is changed."""

# ruff: noqa: DTZ001 - a wall time has no zone

from datetime import UTC, datetime
from itertools import islice

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.errors import InvalidField
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules.advance import next_occurrence
from reminders.schedules.cron import Cron, cron
from reminders.schedules.fields import accepted

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def schedule(expression: str, start_at: datetime = NEW_YEAR) -> Schedule:
    return accepted(ScheduleSpec(schedule_type="cron", cron=expression, start_at=start_at), NEW_YEAR)


def instants(expression: str, most: int, after: datetime = NEW_YEAR) -> list[datetime]:
    """From one instant to the next."""
    found: list[datetime] = []
    while len(found) < most and (coming := next_occurrence(schedule(expression), after)) is not None:
        found.append(after := coming)
    return found


READ = [
    # every working day at nine
    ("0 9 * * MON-FRI", ["2026-01-01 09:00", "2026-01-02 09:00", "2026-01-05 09:00"]),
    # names in small letters, Sunday as 0 and as 7
    ("30 6 * jan sun", ["2026-01-04 06:30", "2026-01-11 06:30"]),
    ("30 6 * * 0", ["2026-01-04 06:30", "2026-01-11 06:30"]),
    ("30 6 * * 7", ["2026-01-04 06:30", "2026-01-11 06:30"]),
    # lists, ranges, steps, and a step from a number on
    ("0,30 8-9 1 * *", ["2026-01-01 08:00", "2026-01-01 08:30", "2026-01-01 09:00", "2026-01-01 09:30", "2026-02-01 08:00"]),
    ("50/5 23 * * *", ["2026-01-01 23:50", "2026-01-01 23:55", "2026-01-02 23:50"]),
    ("0 1-9/4 2 * *", ["2026-01-02 01:00", "2026-01-02 05:00", "2026-01-02 09:00", "2026-02-02 01:00"]),
    # the last day of each month, and its last weekday
    ("0 0 L * *", ["2026-01-31 00:00", "2026-02-28 00:00", "2026-03-31 00:00", "2026-04-30 00:00"]),
    ("0 0 LW * *", ["2026-01-30 00:00", "2026-02-27 00:00", "2026-03-31 00:00"]),
    # the last Friday; the second Monday; a fifth Monday, which most months do not have
    ("0 0 * * 5L", ["2026-01-30 00:00", "2026-02-27 00:00", "2026-03-27 00:00"]),
    ("0 0 * * MON#2", ["2026-01-12 00:00", "2026-02-09 00:00", "2026-03-09 00:00"]),
    ("0 0 * * 1#5", ["2026-03-30 00:00", "2026-06-29 00:00"]),
    # both day fields: either of them (Debian), but both where one begins with a star
    ("0 0 13 * FRI", ["2026-01-02 00:00", "2026-01-09 00:00", "2026-01-13 00:00", "2026-01-16 00:00"]),
    ("0 0 13 * */5", ["2026-02-13 00:00", "2026-03-13 00:00", "2026-09-13 00:00"]),
    # a leap day; one that is a Monday
    ("0 12 29 2 *", ["2028-02-29 12:00", "2032-02-29 12:00"]),
    ("0 12 29 2 */8", ["2032-02-29 12:00", "2060-02-29 12:00", "2088-02-29 12:00", "2128-02-29 12:00"]),
    # the words
    ("@yearly", ["2027-01-01 00:00"]),
    ("@annually", ["2027-01-01 00:00"]),
    ("@monthly", ["2026-02-01 00:00"]),
    ("@weekly", ["2026-01-04 00:00"]),
    ("@daily", ["2026-01-02 00:00"]),
    ("@Midnight", ["2026-01-02 00:00"]),
    ("@hourly", ["2026-01-01 01:00"]),
    # a step in a range of one is none, for names and in lists too
    ("0 0 * * 2-2/4", ["2026-01-06 00:00", "2026-01-13 00:00", "2026-01-20 00:00"]),
    ("0 0 * * mon-MON/2", ["2026-01-05 00:00", "2026-01-12 00:00", "2026-01-19 00:00"]),
    ("0 0 * * MON-1/2", ["2026-01-05 00:00", "2026-01-12 00:00"]),
    ("0 0 * * SUN-0/3", ["2026-01-04 00:00", "2026-01-11 00:00"]),
    ("0 0 * JAN-JAN/6 7,2-2/3", ["2026-01-04 00:00", "2026-01-06 00:00", "2026-01-11 00:00"]),
    ("5-05/10,50 23 * * *", ["2026-01-01 23:05", "2026-01-01 23:50", "2026-01-02 23:05"]),
    # more blanks than needed
    ("  0   9\t1 1  * ", ["2026-01-01 09:00", "2027-01-01 09:00"]),
]  # fmt: skip


@pytest.mark.parametrize("expression, moments", READ)
def test_expressions_that_are_read(expression: str, moments: list[str]) -> None:
    """The first instants after New Year's midnight are these."""
    assert instants(expression, len(moments)) == [datetime.fromisoformat(f"{at}+00:00") for at in moments]


REFUSED = [
    ("", "five fields"),
    ("* * * *", "five fields"),
    # six fields: seconds or years in other dialects
    ("0 0 9 * * *", "five fields"),
    ("0 0 9 * * MON *", "five fields"),
    ("@reboot", "unknown word"),
    ("@every 5m", "unknown word"),
    ("@", "unknown word"),
    # it never comes
    ("0 0 30 2 *", "day-of-month"),
    ("0 0 31 4,6,9,11 *", "day-of-month"),
    # out of range
    ("60 * * * *", "minute"),
    ("-1 * * * *", "minute"),
    ("* 24 * * *", "hour"),
    ("* * 0 * *", "day-of-month"),
    ("* * 32 * *", "day-of-month"),
    ("* * * 0 *", "month"),
    ("* * * 13 *", "month"),
    ("* * * * 8", "day-of-week"),
    # no such words
    ("0 9 * * MONDAY", "day-of-week"),
    ("0 9 * JANUARY *", "month"),
    ("nine * * * *", "minute"),
    ("0 9 ? * MON", "day-of-month"),
    ("0 9 15W * *", "day-of-month"),
    ("H 9 * * *", "minute"),
    # broken
    ("*/0 * * * *", "minute"),
    ("*/ * * * *", "minute"),
    ("2-2/0 * * * *", "minute"),
    ("2-2/ * * * *", "minute"),
    ("99-99/2 * * * *", "minute"),
    ("0 0 * * JAN-JAN/2", "day-of-week"),
    ("5-1 * * * *", "minute"),
    ("1,,2 * * * *", "minute"),
    ("1-2-3 * * * *", "minute"),
    ("0 0 * * MON#6", "day-of-week"),
    ("0 0 * * #1", "day-of-week"),
    ("0 0 * * L", "day-of-week"),
    ("0 0 * * FRIL", "day-of-week"),
    # digits and letters that are none of ours
    ("٣ * * * *", "ASCII"),
    ("0 9 * * frı", "ASCII"),
    ("² * * * *", "ASCII"),
]


@pytest.mark.parametrize("expression, words", REFUSED)
def test_expressions_that_are_refused(expression: str, words: str) -> None:
    """Whatever cannot be read, or can never come, is refused under the field's name and says which part of it."""
    with pytest.raises(InvalidField, match=words) as refused:
        schedule(expression)
    assert refused.value.field == "cron"


@given(st.text(max_size=40) | st.text(alphabet="0123456789*/,-#LW@ MONFRIJAN", max_size=40))
def test_whatever_is_given_is_read_or_refused(text: str) -> None:
    """No text makes the reading fail otherwise than by naming the field."""
    try:
        Cron(text)
    except InvalidField as refused:
        assert refused.field == "cron"


def test_an_expression_has_one_pattern() -> None:
    """Thousands of reminders with one expression share what was found out about it."""
    assert cron("0 9 * * *") is cron("0 9 * * *")


# A star counts elapsed time: Debian's exception


@pytest.mark.parametrize(
    "expression, counts",
    [
        ("30 2 * * *", False),
        ("0-59 2 * * *", False),
        ("30 0-23 * * *", False),
        ("* 2 * * *", True),
        ("*/5 2 * * *", True),
        ("0 * * * *", True),
        ("0 */2 * * *", True),
        ("7,*/30 2 * * *", True),
        ("@hourly", True),
        ("@daily", False),
    ],
)
def test_a_star_in_the_minute_or_the_hour_counts_elapsed_time(expression: str, counts: bool) -> None:
    """With a star there, with a step or without, the expression runs through the repeated hour; otherwise it does
    not."""
    assert cron(expression).counts_elapsed_time is counts


# cronsim


def field(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    number = st.integers(low, high).map(str)
    span = st.tuples(st.integers(low, high), st.integers(low, high)).map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.integers(1, high).map(str)
    # In a range of one cronsim's step begins at its number and goes on to the field's end.
    wide = span.filter(lambda ends: len(set(ends.split("-"))) == 2)
    stepped = st.tuples(st.just("*") | wide | number, step).map("/".join)
    words = st.sampled_from(names) if names else number
    return st.just("*") | st.lists(number | span | stepped | words, min_size=1, max_size=3).map(",".join)


days_of_month = field(1, 31, ("L", "LW"))
weekdays = field(0, 7, ("MON", "FRI", "SUN", "1#2", "FRI#3", "5L", "0L"))
expressions = st.tuples(field(0, 59), field(0, 23), days_of_month, field(1, 12, ("JAN", "FEB", "DEC")), weekdays).map(" ".join)  # fmt: skip
moments = st.datetimes(datetime(1999, 1, 1), datetime(2040, 1, 1))


@settings(max_examples=400)
@given(expressions, moments)
def test_the_instants_are_those_of_cronsim(expression: str, moment: datetime) -> None:
    """In UTC, where no clock is changed, the two agree on every expression and moment."""
    try:
        accepted_ = schedule(expression, datetime(1990, 1, 1, tzinfo=UTC))
    except InvalidField:
        with pytest.raises(Exception):  # noqa: B017 - whatever cronsim says to it
            next(CronSim(expression, moment))
        return
    expected = [at.replace(tzinfo=UTC) for at in islice(CronSim(expression, moment), 8)]
    found: list[datetime] = []
    after = moment.replace(tzinfo=UTC)
    while len(found) < len(expected) and (coming := next_occurrence(accepted_, after)) is not None:
        found.append(after := coming)
    assert found == expected


@given(expressions, st.integers(10_000, 25_000), st.integers(0, 800))
def test_a_count_of_days_is_the_sum_of_their_times(expression: str, first: int, length: int) -> None:
    """Counting many days at once says the same as going through them."""
    try:
        pattern = Cron(expression)
    except InvalidField:
        return
    assert pattern.count(first, first + length) == sum(len(pattern.times(day)) for day in range(first, first + length))
