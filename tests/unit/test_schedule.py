"""Grids, gaps, calendar units and offsets: where occurrences lie, that none ever drifts, and what a plain one does when
due."""

# ruff: noqa: DTZ001 - a wall time has no zone

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.errors import InvalidField, PlanRefused
from reminders.instants import Instant, to_datetime, to_instant
from reminders.model import Due
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules import advance
from reminders.schedules.advance import Advance, _check_advance, next_occurrence
from reminders.schedules.fields import accepted
from tests.unit.oracle import zone_info
from tests.world import claimed

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
_MINUTE: Instant = 60_000_000

anchors = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
intervals = st.integers(1, 5_256_000)
gaps = st.timedeltas(timedelta(days=-400), timedelta(days=4_000))


def every(minutes: int, start_at: datetime = NINE) -> Schedule:
    return Schedule(schedule_type="recurring", start_at=start_at, interval_minutes=minutes)


def once(start_at: datetime = NINE) -> Schedule:
    return Schedule(schedule_type="one_time", start_at=start_at)


def due(schedule: Schedule, planned_through: datetime | None) -> Due:
    """A claimed reminder, planned through an instant."""
    return claimed(schedule, None if planned_through is None else to_instant(planned_through))


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
    """Whatever the anchor and the interval: strictly after, a whole number of intervals from the anchor, none
    between."""
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
    """A hundred thousand intervals of 37 minutes end where multiplication says, to the microsecond."""
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


@pytest.mark.parametrize("minutes", [None, 0])
def test_a_grid_without_width_is_an_error(minutes: int | None) -> None:
    """A recurring schedule without an interval is refused rather than walked for ever."""
    schedule = Schedule(schedule_type="recurring", start_at=NINE, interval_minutes=minutes)
    with pytest.raises((ValueError, InvalidField)):
        next_occurrence(schedule, NINE)
    with pytest.raises(PlanRefused, match="lacks what it needs"):
        advance.of(due(schedule, NINE), to_instant(NINE), {})


# What a plain schedule does when it is due: (fires, scheduled_at, stands_for, cursor, next)


@pytest.mark.parametrize(
    "schedule, cursor, now, expected",
    [
        # a person woke it before its anchor: an extra one, and the cursor stays
        (every(60), None, NINE - MICROSECOND, (NINE - MICROSECOND, 1, None, NINE)),
        # the anchor, then from one to the next
        (every(60), None, NINE, (NINE, 1, NINE, NINE + HOUR)),
        (every(60), NINE, NINE + HOUR - MICROSECOND, (NINE + HOUR - MICROSECOND, 1, None, NINE + HOUR)),
        (every(60), NINE, NINE + HOUR, (NINE + HOUR, 1, NINE + HOUR, NINE + 2 * HOUR)),
        # after an outage one stands for all that were missed
        (every(60), NINE, NINE + 6 * HOUR + MINUTE, (NINE + 6 * HOUR, 6, NINE + 6 * HOUR, NINE + 7 * HOUR)),
        # cursors off the grid
        (every(60), NINE - DAY, NINE + HOUR, (NINE + HOUR, 2, NINE + HOUR, NINE + 2 * HOUR)),
        (every(60), NINE + MINUTE, NINE + HOUR, (NINE + HOUR, 1, NINE + HOUR, NINE + 2 * HOUR)),
        (every(60), NINE + 5 * HOUR, NINE + HOUR, (NINE + HOUR, 1, None, NINE + 2 * HOUR)),
        # once: before, when it has passed, at the time, and again
        (once(), None, NINE - MICROSECOND, (NINE - MICROSECOND, 1, None, NINE)),
        (once(), None, NINE + DAY, (NINE, 1, NINE, None)),
        (once(), NINE - HOUR, NINE, (NINE, 1, NINE, None)),
        (once(), NINE, NINE + DAY, (NINE + DAY, 1, None, None)),
    ],
)
def test_what_a_plain_schedule_does(
    schedule: Schedule,
    cursor: datetime | None,
    now: datetime,
    expected: tuple[datetime, int, datetime | None, datetime | None],
) -> None:
    """The latest missed instant fires for all after the cursor; with none missed, a person's wake-up is one extra."""
    scheduled_at, stands_for, moved, following = expected
    instants = [None if at is None else to_instant(at) for at in (moved, following)]
    found = advance.of(due(schedule, cursor), to_instant(now), {})
    cursor_after, next_due = instants
    assert found == Advance.fire(
        at=to_instant(scheduled_at), stands_for=stands_for, cursor=cursor_after, next_due=next_due
    )


@given(
    start=st.integers(-500, 500),
    width=st.integers(1, 60),
    cursor=st.none() | st.integers(-1_000, 1_000),
    now=st.integers(-1_000, 1_000),
    fraction=st.integers(0, _MINUTE - 1),
)
def test_a_plain_schedule_counts_what_was_missed(
    start: int, width: int, cursor: int | None, now: int, fraction: int
) -> None:
    """The count, the last and the next are those that writing the whole grid down would give."""
    anchor = start * _MINUTE + fraction
    claimed = due(every(width, to_datetime(anchor)), None)
    after = None if cursor is None else cursor * _MINUTE
    until = now * _MINUTE
    grid = [anchor + number * width * _MINUTE for number in range(2_600 // width + 2)]
    missed = [at for at in grid if at <= until and (after is None or at > after)]

    found = advance.of(claimed._replace(planned_through=after), until, {})

    coming = next(at for at in grid if at > until)
    if missed:
        assert found == Advance.fire(at=missed[-1], stands_for=len(missed), cursor=missed[-1], next_due=coming)
    else:
        assert found == Advance.fire(at=until, next_due=coming)


@pytest.mark.parametrize(
    "found, cursor",
    [
        # the cursor stays where it was, or goes back
        (Advance.fire(at=5, cursor=5, next_due=9), 5),
        (Advance.fire(at=5, cursor=4, next_due=9), 5),
        # nothing is planned, and it would be due again at once
        (Advance.fire(at=7, next_due=7), 5),
        (Advance.wait(until=6), 5),
    ],
)
def test_a_schedule_that_does_not_advance_is_refused(found: Advance, cursor: Instant) -> None:
    """A schedule that would fire again at once without having moved is parked: one night must not be thousands of
    sends."""
    with pytest.raises(PlanRefused, match="does not advance"):
        _check_advance(found, cursor, 7)


@pytest.mark.parametrize(
    "found, cursor",
    [
        # what remains of an outage is due at once, and the cursor has moved
        (Advance.fire(at=5, cursor=5, next_due=6), 4),
        # nothing was planned yet
        (Advance.fire(at=5, cursor=5, next_due=6), None),
        # the end
        (Advance.fire(at=7, next_due=None), 5),
    ],
)
def test_a_schedule_that_advances_is_taken(found: Advance, cursor: Instant | None) -> None:
    """What moves the cursor, or waits for later, or ends, passes."""
    _check_advance(found, cursor, 7)


# Bounds


def spec_of(moment: datetime = NINE, **fields: Any) -> Schedule:
    return accepted(ScheduleSpec(**fields), moment)


def instants(schedule: Schedule, most: int, after: datetime = NINE - 400 * DAY) -> list[datetime]:
    """From one instant to the next."""
    found: list[datetime] = []
    while len(found) < most and (coming := next_occurrence(schedule, after)) is not None:
        found.append(after := coming)
    return found


BOUNDED = {
    "recurring": {"schedule_type": "recurring", "interval_minutes": 1_440},
    "calendar": {"schedule_type": "calendar", "unit": "day"},
    "cron": {"schedule_type": "cron", "cron": "0 9 * * *"},
    "rrule": {"schedule_type": "rrule", "rrule": "FREQ=DAILY"},
    "anchored": {"schedule_type": "anchored", "anchor_at": NINE + DAY, "offsets": tuple(f"P{n}D" for n in range(-9, 9))},
}  # fmt: skip
BOUNDED["anchored"]["offsets"] = tuple(f"-P{-n}D" if n < 0 else f"P{n}D" for n in range(-9, 9))


@pytest.mark.parametrize("kind", BOUNDED)
def test_start_and_end_are_included(kind: str) -> None:
    """Nothing fires before start_at or after end_at, and both may fire themselves."""
    schedule = spec_of(start_at=NINE, end_at=NINE + 2 * DAY, **BOUNDED[kind])
    assert instants(schedule, 9) == [NINE, NINE + DAY, NINE + 2 * DAY]
    shorter = spec_of(start_at=NINE + MICROSECOND, end_at=NINE + 2 * DAY - MICROSECOND, **BOUNDED[kind])
    assert [at.date() for at in instants(shorter, 9)][:1] == [(NINE + (kind in ("cron", "anchored")) * DAY).date()]
    assert max(instants(shorter, 9)) < NINE + 2 * DAY


@pytest.mark.parametrize("kind", BOUNDED)
def test_max_runs_ends_it(kind: str) -> None:
    """After so many that have fired there is no next one."""
    schedule = spec_of(start_at=NINE, max_runs=3, **BOUNDED[kind])
    assert [next_occurrence(schedule, NINE, fired) for fired in (0, 2, 3, 4)] == [NINE + DAY, NINE + DAY, None, None]


def test_an_anchored_schedule_without_a_start_has_all_its_offsets() -> None:
    """Offsets before the anchor are no less than those after it; an end may lie before the anchor."""
    schedule = spec_of(**BOUNDED["anchored"], end_at=NINE - DAY)
    assert instants(schedule, 99) == [NINE + DAY + n * DAY for n in range(-9, -1)]


# Slowing down


@pytest.mark.parametrize(
    "gaps, minutes",
    [
        # the first gap lies before the first instant; the last one repeats
        ((1_440, 4_320, 10_080), [1_440, 5_760, 15_840, 25_920, 36_000]),
        # one gap is an interval that begins a gap later
        ((60,), [60, 120, 180]),
        # gaps may shrink
        ((60, 5), [60, 65, 70]),
    ],
)
def test_backoff(gaps: tuple[int, ...], minutes: list[int]) -> None:
    """The instants are start_at plus the gaps added up."""
    schedule = spec_of(schedule_type="recurring", backoff_minutes=gaps, start_at=NINE)
    assert instants(schedule, len(minutes)) == [NINE + n * MINUTE for n in minutes]


@given(st.lists(st.integers(1, 500), min_size=1, max_size=6), st.integers(-100, 5_000), st.integers(0, 5_000))
def test_backoff_counts_what_it_has(gaps: list[int], begin: int, length: int) -> None:
    """Counting is the same as going from one to the next."""
    from reminders.schedules.rule import rule_of

    rule = rule_of(spec_of(schedule_type="recurring", backoff_minutes=tuple(gaps), start_at=NINE))
    written, at = [], 0
    while at < 10_100:
        at += gaps[min(len(written), len(gaps) - 1)]
        written.append(at)
    first, last = (to_instant(NINE + n * MINUTE) for n in (begin, begin + length))
    assert rule.count(first, last) == sum(begin < n <= begin + length for n in written)
    assert rule.following(first) == to_instant(NINE + next(n for n in written if n > begin) * MINUTE)


def test_the_grid_starts_one_interval_from_now_and_a_backoff_now() -> None:
    """Without a start_at both fire first one interval, or the first gap, after their creation."""
    for fields in ({"interval_minutes": 60}, {"backoff_minutes": (60, 30)}):
        assert next_occurrence(spec_of(schedule_type="recurring", **fields), NINE) == NINE + HOUR


# Calendar units


CALENDAR = [
    # 31 January monthly: clamped to each month's end, always from the 31st
    ({"unit": "month"}, "2026-01-31", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
    ({"unit": "month"}, "2027-12-31", ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]),
    ({"unit": "month", "month_overflow": "skip"}, "2026-01-31", ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]),
    # the 30th misses only February
    ({"unit": "month", "month_overflow": "skip"}, "2026-01-30", ["2026-01-30", "2026-03-30", "2026-04-30"]),
    ({"unit": "month"}, "2026-01-30", ["2026-01-30", "2026-02-28", "2026-03-30"]),
    # quarters and half years over a year's end
    ({"unit": "month", "every": 3}, "2026-11-30", ["2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30"]),
    ({"unit": "month", "every": 6, "month_overflow": "skip"}, "2026-08-31", ["2026-08-31", "2027-08-31", "2028-08-31"]),
    ({"unit": "month", "every": 18}, "2026-01-31", ["2026-01-31", "2027-07-31", "2029-01-31"]),
    # 29 February yearly
    ({"unit": "year"}, "2024-02-29", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
    ({"unit": "year", "month_overflow": "skip"}, "2024-02-29", ["2024-02-29", "2028-02-29", "2032-02-29"]),
    # 2100 is no leap year
    ({"unit": "year", "month_overflow": "skip"}, "2096-02-29", ["2096-02-29", "2104-02-29"]),
    ({"unit": "year", "every": 4}, "2096-02-29", ["2096-02-29", "2100-02-28", "2104-02-29"]),
    # days and weeks over leap days and year ends
    ({"unit": "day"}, "2028-02-28", ["2028-02-28", "2028-02-29", "2028-03-01"]),
    ({"unit": "day", "every": 365}, "2026-12-31", ["2026-12-31", "2027-12-31", "2028-12-30"]),
    ({"unit": "week", "every": 2}, "2026-12-24", ["2026-12-24", "2027-01-07", "2027-01-21"]),
    # ISO week 53: 2026 has one, and every 53 weeks is more than a year
    ({"unit": "week", "every": 53}, "2026-12-28", ["2026-12-28", "2028-01-03", "2029-01-08"]),
    # never again in a hundred years
    ({"unit": "year", "every": 100, "month_overflow": "skip"}, "2000-02-29", ["2000-02-29"]),
]  # fmt: skip


@pytest.mark.parametrize("fields, start, dates", CALENDAR)
def test_calendar_units(fields: dict[str, Any], start: str, dates: list[str]) -> None:
    """The first instants at nine in New York are these days; a shorter list than asked for means that it ends."""
    zone = zone_info("America/New_York")
    start_at, *others = (datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=zone) for day in (start, *dates))
    schedule = spec_of(schedule_type="calendar", start_at=start_at, timezone="America/New_York", **fields)
    most = len(dates) + (len(dates) == 1)
    assert instants(schedule, most, start_at - MICROSECOND) == [at.astimezone(UTC) for at in others]


@given(
    st.sampled_from(["day", "week", "month", "year"]),
    st.integers(1, 40),
    st.sampled_from(["clamp", "skip"]),
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),
    st.timedeltas(timedelta(0), timedelta(days=9_000)),
)
def test_a_calendar_unit_years_on_is_the_unit_walked_to_there(
    unit: str, every: int, overflow: str, start: datetime, gap: timedelta
) -> None:
    """Far from the start the next is the one that adding units one by one comes to."""
    start_at = start.replace(tzinfo=UTC)
    more = {"month_overflow": overflow} if unit in ("month", "year") else {}
    schedule = spec_of(schedule_type="calendar", unit=unit, every=every, start_at=start_at, **more)
    found = next_occurrence(schedule, start_at + gap)
    assert found == next((at for at in units(start_at, unit, every, overflow) if at > start_at + gap), None)


def units(start: datetime, unit: str, every: int, overflow: str) -> list[datetime]:
    """A calendar schedule written down one after the other."""
    if unit in ("day", "week"):
        width = timedelta(days=every * (7 if unit == "week" else 1))
        return [start + n * width for n in range(9_000 // every + 2)]
    found = []
    for month in range(0, 12 * 130, every * (12 if unit == "year" else 1)):
        year, index = divmod(start.year * 12 + start.month - 1 + month, 12)
        day = start.day
        while day > 0:
            try:
                found.append(start.replace(year=year, month=index + 1, day=day))
            except ValueError:
                day = day - 1 if overflow == "clamp" else 0
            else:
                break
    return found


# Offsets from an anchor


def anchored(offsets: list[str], **more: Any) -> Schedule:
    """Offsets from noon in Berlin on 29 March 2026, the day on which summer time begins there at two."""
    anchor_at = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)
    given = {"schedule_type": "anchored", "anchor_at": anchor_at, "timezone": "Europe/Berlin"}
    return spec_of(**given | {"offsets": tuple(offsets)} | more)


@pytest.mark.parametrize(
    "offset, instant",
    [
        # days are wall time: noon stays noon over the night on which an hour is missing
        ("-P1D", "2026-03-28T11:00"),
        ("P1D", "2026-03-30T10:00"),
        ("-P1W", "2026-03-22T11:00"),
        # hours are elapsed time
        ("-PT24H", "2026-03-28T10:00"),
        ("-PT1H", "2026-03-29T09:00"),
        ("PT90M", "2026-03-29T11:30"),
        ("PT45S", "2026-03-29T10:00:45"),
        # first the days on the calendar, then the hours
        ("-P1DT1H", "2026-03-28T10:00"),
        # months by the calendar: 29 February is not there in 2026
        ("-P1M", "2026-02-28T11:00"),
        ("P1Y2M3D", "2027-06-01T10:00"),
        ("P0D", "2026-03-29T10:00"),
        ("+PT0S", "2026-03-29T10:00"),
    ],
)
def test_offsets(offset: str, instant: str) -> None:
    """An offset's days are counted on the calendar of the anchor's zone, its hours on a stopwatch."""
    assert instants(anchored([offset]), 2) == [datetime.fromisoformat(f"{instant}+00:00")]


def test_offsets_are_sorted_and_each_once() -> None:
    """In whatever order they are given they fire in time's; those that coincide are one."""
    found = instants(anchored(["P1D", "-P1D", "PT24H", "-PT1H", "-PT60M"]), 9)
    assert [at.isoformat()[:16] for at in found] == ["2026-03-28T11:00", "2026-03-29T09:00", "2026-03-30T10:00"]


@pytest.mark.parametrize(
    "gap, instant",
    [("first_valid", "2026-03-29T01:00"), ("shift", "2026-03-29T01:30"), ("skip", None)],
)
def test_an_offset_into_a_missing_hour(gap: str, instant: str | None) -> None:
    """A day before 2:30 is 2:30, which that night does not have: dst_gap says what then."""
    schedule = anchored(["-P1D"], anchor_at=datetime(2026, 3, 30, 0, 30, tzinfo=UTC), dst_gap=gap)
    assert instants(schedule, 2) == ([] if instant is None else [datetime.fromisoformat(f"{instant}+00:00")])


@pytest.mark.parametrize("overlap, hour", [("first", 0), ("last", 1), ("both", 0)])
def test_an_offset_into_a_repeated_hour(overlap: str, hour: int) -> None:
    """An offset is one instant: by `both` it is the first of the two."""
    schedule = anchored(["-P1D"], anchor_at=datetime(2026, 10, 26, 1, 30, tzinfo=UTC), dst_overlap=overlap)
    assert instants(schedule, 2) == [datetime(2026, 10, 25, hour, 30, tzinfo=UTC)]


# Whatever the schedule


ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Kolkata", "UTC", "America/Sao_Paulo", "Asia/Gaza"]  # fmt: skip
crons = st.sampled_from(["* * * * *", "30 2 * * *", "*/7 1-2 * * *", "0 0 L * *", "15 2 * * SUN", "0 0 29 2 *", "59 23 31 12 *"])  # fmt: skip
rrules = st.sampled_from(["FREQ=HOURLY;INTERVAL=5", "FREQ=MINUTELY;INTERVAL=13", "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2", "FREQ=YEARLY"])  # fmt: skip
_any_moment = st.datetimes(datetime(1975, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any type, with any zone and clock-change policies where these belong."""
    kind = draw(st.sampled_from(["one_time", "recurring", "backoff", "calendar", "cron", "rrule", "anchored"]))
    start_at = draw(_any_moment)
    own: dict[str, dict[str, Any]] = {
        "one_time": {"schedule_type": "one_time"},
        "recurring": {"schedule_type": "recurring", "interval_minutes": draw(intervals)},
        "backoff": {"schedule_type": "recurring", "backoff_minutes": tuple(draw(st.lists(intervals, min_size=1, max_size=4)))},
        "calendar": {"unit": draw(st.sampled_from(["day", "week", "month", "year"])), "every": draw(st.integers(1, 30))},
        "cron": {"cron": draw(crons)},
        "rrule": {"rrule": draw(rrules)},
        "anchored": {"anchor_at": start_at, "offsets": ("-P1D", "P1M", "PT26H", "-P1Y", "P40D")},
    }  # fmt: skip
    fields = {"schedule_type": kind, "start_at": start_at} | own[kind]
    if kind == "anchored":
        fields["start_at"] = None
    if kind not in ("one_time", "recurring", "backoff"):
        fields |= {
            "timezone": draw(st.sampled_from(ZONES)),
            "dst_gap": draw(st.sampled_from(["first_valid", "shift", "skip"])),
            "dst_overlap": draw(st.sampled_from(["first", "last", "both"])),
        }
    if draw(st.booleans()):
        fields["end_at"] = start_at + draw(st.timedeltas(timedelta(0), timedelta(days=3_000)))
    return spec_of(start_at, **fields)


@given(schedules(), _any_moment)
def test_the_next_is_later_and_the_first(schedule: Schedule, after: datetime) -> None:
    """For every type, zone and moment: strictly after, in UTC, and strictly increasing from there."""
    for _ in range(4):
        coming = next_occurrence(schedule, after)
        if coming is None:
            break
        assert coming > after
        assert coming.utcoffset() == timedelta(0)
        middle = after + (coming - after) / 2
        assert next_occurrence(schedule, middle) == coming or middle == coming
        after = coming


@given(schedules(), _any_moment, st.integers(0, 50))
def test_counting_is_walking(schedule: Schedule, after: datetime, count: int) -> None:
    """For every type: from a moment to the instant that so many occurrences lead to, a rule counts them."""
    from reminders.schedules.rule import rule_of

    rule = rule_of(schedule)
    walked = instants(schedule, count, after)
    begin = to_instant(after)
    end = to_instant(walked[-1]) if walked else begin
    assert rule.count(begin, end) == len(walked)
    assert rule.count(begin, end - 1) == max(0, len(walked) - 1)
