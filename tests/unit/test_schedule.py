"""The grid: where occurrences lie, how many were missed, and that none ever drifts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.model import Due, Instant, Schedule, to_datetime, to_instant
from reminders.schedule import first_occurrence, next_occurrence, window

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
_MINUTE: Instant = 60_000_000

anchors = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
intervals = st.integers(1, 5_256_000)
gaps = st.timedeltas(timedelta(days=-400), timedelta(days=4_000))


def every(minutes: int, start_at: datetime = NINE) -> Schedule:
    return Schedule(schedule_type="recurring", start_at=start_at, interval_minutes=minutes)


def once(start_at: datetime = NINE) -> Schedule:
    return Schedule(schedule_type="one_time", start_at=start_at)


def due(schedule: Schedule, planned_through: datetime | None) -> Due:
    """A claimed reminder of which only the schedule matters."""
    return Due(
        tid="(0,1)",
        id="id",
        run_id=1,
        entity_type="e",
        entity_id="i",
        event_type="v",
        channel="kept",
        recipient=None,
        message=None,
        schedule_type=schedule.schedule_type,
        interval_minutes=schedule.interval_minutes,
        start_at=to_instant(schedule.start_at),
        next_run_at=0,
        planned_through=None if planned_through is None else to_instant(planned_through),
        occurrence_no=0,
        condition_type=None,
        condition_value=None,
    )


@pytest.mark.parametrize(
    "schedule, after, expected",
    [
        (every(60), NINE - DAY, NINE),
        (every(60), NINE - MICROSECOND, NINE),
        (every(60), NINE, NINE + HOUR),
        (every(60), NINE + MICROSECOND, NINE + HOUR),
        (every(60), NINE + HOUR - MICROSECOND, NINE + HOUR),
        (every(60), NINE + HOUR, NINE + 2 * HOUR),
        (every(7), NINE + HOUR, NINE + 63 * MINUTE),
        (every(1), NINE + 400 * DAY, NINE + 400 * DAY + MINUTE),
        (every(5_256_000), NINE, NINE + 3650 * DAY),
        (once(), NINE - MICROSECOND, NINE),
        (once(), NINE, None),
        (once(), NINE + DAY, None),
    ],
)
def test_the_next_occurrence(schedule: Schedule, after: datetime, expected: datetime | None) -> None:
    """The first instant strictly after the given one: the anchor, a whole number of intervals later, or none."""
    assert next_occurrence(schedule, after) == expected


@given(anchors, intervals, gaps)
def test_the_next_occurrence_is_later_on_the_grid_and_the_first(anchor: datetime, minutes: int, gap: timedelta) -> None:
    """Whatever the anchor and the interval: strictly after, a whole number of intervals from the anchor, none between."""
    after = anchor + gap
    found = next_occurrence(every(minutes, anchor), after)
    assert found is not None
    step = timedelta(minutes=minutes)
    assert found > after
    assert (found - anchor) % step == timedelta(0)
    assert found == anchor or found - step <= after


@given(anchors, intervals, st.integers(0, 10_000))
def test_a_grid_does_not_drift(anchor: datetime, minutes: int, count: int) -> None:
    """From one occurrence the next is exactly an interval away, after any number of them."""
    step = timedelta(minutes=min(minutes, 50_000))
    schedule = every(min(minutes, 50_000), anchor)
    assert next_occurrence(schedule, anchor + count * step) == anchor + (count + 1) * step


def test_hopping_from_one_to_the_next_for_years_stays_on_the_grid() -> None:
    """A hundred thousand steps of 37 minutes end where multiplication says, to the microsecond."""
    anchor = NINE + 123_457 * MICROSECOND
    schedule, moment = every(37, anchor), anchor
    for _ in range(100_000):
        following = next_occurrence(schedule, moment)
        assert following is not None
        moment = following
    assert moment == anchor + 3_700_000 * MINUTE


def test_an_anchor_keeps_its_microseconds() -> None:
    """An odd microsecond of the anchor is on every occurrence, years later."""
    anchor = datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    found = next_occurrence(every(1, anchor), NINE)
    assert found == NINE.replace(second=59, microsecond=999_999)


def test_an_offset_is_only_a_way_to_write_an_instant() -> None:
    """The same instant in another offset gives the same grid, in UTC."""
    elsewhere = NINE.astimezone(timezone(timedelta(hours=5, minutes=45)))
    found = next_occurrence(every(60, elsewhere), elsewhere + MINUTE)
    assert found == NINE + HOUR
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "schedule, expected",
    [
        (every(60, NINE + DAY), NINE + DAY),
        (every(60, NINE - 90 * MINUTE), NINE + 30 * MINUTE),
        (every(60, NINE), NINE + HOUR),
        (once(NINE + DAY), NINE + DAY),
        (once(NINE - DAY), NINE - DAY),
    ],
)
def test_where_a_new_schedule_begins(schedule: Schedule, expected: datetime) -> None:
    """A grid at its first instant after now; a single instant where it is, even if it has passed."""
    assert first_occurrence(schedule, NINE) == expected


@pytest.mark.parametrize("minutes", [None, 0])
def test_a_grid_without_width_is_an_error(minutes: int | None) -> None:
    """A recurring schedule without an interval is refused rather than walked for ever."""
    with pytest.raises(ValueError, match="interval"):
        next_occurrence(Schedule(schedule_type="recurring", start_at=NINE, interval_minutes=minutes), NINE)


@pytest.mark.parametrize(
    "schedule, cursor, now, expected",
    [
        (every(60), None, NINE - MICROSECOND, (0, None, NINE)),
        (every(60), None, NINE, (1, NINE, NINE + HOUR)),
        (every(60), NINE, NINE + HOUR - MICROSECOND, (0, None, NINE + HOUR)),
        (every(60), NINE, NINE + HOUR, (1, NINE + HOUR, NINE + 2 * HOUR)),
        (every(60), NINE, NINE + 6 * HOUR + MINUTE, (6, NINE + 6 * HOUR, NINE + 7 * HOUR)),
        (every(60), NINE - DAY, NINE + HOUR, (2, NINE + HOUR, NINE + 2 * HOUR)),
        (every(60), NINE + MINUTE, NINE + HOUR, (1, NINE + HOUR, NINE + 2 * HOUR)),
        (every(60), NINE + 5 * HOUR, NINE + HOUR, (0, None, NINE + 2 * HOUR)),
        (once(), None, NINE - MICROSECOND, (0, None, NINE)),
        (once(), None, NINE + DAY, (1, NINE, None)),
        (once(), NINE - HOUR, NINE, (1, NINE, None)),
        (once(), NINE, NINE + DAY, (0, None, None)),
    ],
)
def test_what_a_window_holds(
    schedule: Schedule,
    cursor: datetime | None,
    now: datetime,
    expected: tuple[int, datetime | None, datetime | None],
) -> None:
    """How many instants lie after the cursor and up to now, the last of them, and the first after now."""
    missed, latest, following = window(due(schedule, cursor), to_instant(now))
    shown = (missed, *(None if at is None else to_datetime(at) for at in (latest, following)))
    assert shown == expected


@given(
    start=st.integers(-500, 500),
    width=st.integers(1, 60),
    cursor=st.none() | st.integers(-1_000, 1_000),
    now=st.integers(-1_000, 1_000),
    fraction=st.integers(0, _MINUTE - 1),
)
def test_a_window_counts_what_lies_in_it(start: int, width: int, cursor: int | None, now: int, fraction: int) -> None:
    """The count, the last and the next are those that writing the whole grid down would give."""
    anchor = start * _MINUTE + fraction
    claimed = due(every(width, to_datetime(anchor)), None)
    after = None if cursor is None else cursor * _MINUTE
    until = now * _MINUTE
    grid = [anchor + step * width * _MINUTE for step in range(2_600 // width + 2)]
    inside = [at for at in grid if at <= until and (after is None or at > after)]

    found = window(claimed._replace(planned_through=after), until)

    assert found == (len(inside), inside[-1] if inside else None, next(at for at in grid if at > until))
