"""Send windows and business calendars: when something may be sent, minute by minute."""

# ruff: noqa: DTZ001 - a wall time has no zone

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.instants import Instant, to_datetime, to_instant
from reminders.model import BusinessCalendar, SendWindow
from reminders.schedules.send_windows import Gate
from reminders.schedules.zones import zone
from tests.unit.oracle import Days, clock_changes

MINUTE: Instant = 60_000_000
WORKDAYS = frozenset(range(5))


def gate(
    opens: str = "00:00",
    closes: str = "24:00",
    *,
    weekdays: frozenset[int] = frozenset(range(7)),
    calendar: BusinessCalendar | None = None,
    name: str = "Europe/Berlin",
) -> Gate:
    begin, end = (int(at[:2]) * 60 + int(at[3:]) for at in (opens, closes))
    return Gate(SendWindow(opens=begin, closes=end, weekdays=weekdays), calendar, zone(name))


def berlin(text: str) -> Instant:
    """A wall time in Berlin as an instant, in the first of two."""
    (found, *_) = zone("Europe/Berlin").instants(to_instant(datetime.fromisoformat(f"{text}+00:00")))
    return found


OFFICE = gate("09:00", "17:00", weekdays=WORKDAYS)
NIGHT = gate("22:00", "06:00", weekdays=frozenset({4}))  # Friday night, into Saturday
HOLIDAYS = BusinessCalendar(holidays=frozenset({date(2026, 12, 25), date(2026, 12, 24)}))
CLOSED = BusinessCalendar(weekdays=frozenset())

OPENINGS = [
    # within, at the first minute, at the last, and past it: 2 March 2026 is a Monday
    (OFFICE, "2026-03-02T12:00:30", "2026-03-02T12:00:30"),
    (OFFICE, "2026-03-02T09:00", "2026-03-02T09:00"),
    (OFFICE, "2026-03-02T16:59:59", "2026-03-02T16:59:59"),
    (OFFICE, "2026-03-02T17:00", "2026-03-03T09:00"),
    (OFFICE, "2026-03-02T08:59:59", "2026-03-02T09:00"),
    # over the weekend, on which summer time begins
    (OFFICE, "2026-03-27T17:00", "2026-03-30T09:00"),
    # a window over midnight belongs to the day on which it begins
    (NIGHT, "2026-03-06T21:59", "2026-03-06T22:00"),
    (NIGHT, "2026-03-07T05:59", "2026-03-07T05:59"),
    (NIGHT, "2026-03-07T06:00", "2026-03-13T22:00"),
    (NIGHT, "2026-03-06T05:00", "2026-03-06T22:00"),
    # an opening that the clock passes over: at the first instant after it
    (gate("02:30", "04:00"), "2026-03-29T01:00", "2026-03-29T03:00"),
    # a window that lies in the gap is not there
    (gate("02:15", "02:45"), "2026-03-29T01:00", "2026-03-30T02:15"),
    # a window that opens at midnight does so before the clock is changed at two
    (gate("00:00", "12:00"), "2026-03-28T13:00", "2026-03-29T00:00"),
    # working days without a window; Christmas on a Thursday and a Friday
    (gate(calendar=BusinessCalendar()), "2026-03-07T12:00", "2026-03-09T00:00"),
    (gate(calendar=HOLIDAYS), "2026-12-24T09:00", "2026-12-28T00:00"),
    # both have to allow it
    (gate("09:00", "10:00", weekdays=frozenset({3, 6}), calendar=HOLIDAYS), "2026-12-18T00:00", "2026-12-31T09:00"),
    # for good
    (gate(calendar=CLOSED), "2026-03-02T12:00", None),
    (gate(weekdays=frozenset({6}), calendar=BusinessCalendar()), "2026-03-02T12:00", None),
]  # fmt: skip


@pytest.mark.parametrize("opened, at, expected", OPENINGS)
def test_the_next_opening(opened: Gate, at: str, expected: str | None) -> None:
    """The first instant from this one on at which sending is allowed; None when none comes within years."""
    assert opened.next_open(berlin(at)) == (None if expected is None else berlin(expected))


@pytest.mark.parametrize(
    "day, off",
    [("2026-12-24", True), ("2026-12-23", False), ("2026-12-26", True), ("2026-12-28", False)],
)
def test_days_off(day: str, off: bool) -> None:
    """A holiday or a weekend is a day off, at any hour of it."""
    closed = gate("09:00", "10:00", calendar=HOLIDAYS)
    assert {closed.is_day_off(berlin(f"{day}T{hour}:30")) for hour in ("00", "09", "23")} == {off}


# The oracle


def is_open(opened: tuple[int, int, frozenset[int]], holiday: date, wall: datetime) -> bool:
    """The same by the book: a window of the wall's day or of the one before."""
    opens, closes, weekdays = opened
    for day in (wall.date(), wall.date() - timedelta(days=1)):
        passed = (wall - datetime(day.year, day.month, day.day)) // timedelta(minutes=1)
        length = closes if closes > opens else closes + 1_440
        if opens <= passed < length and day.weekday() in weekdays and day != holiday:
            return True
    return False


def nights() -> Iterator[tuple[str, Days, date]]:
    for name in ("America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"):
        for day in clock_changes(name, 2026, 2026) or [date(2026, 12, 31)]:
            yield name, Days(name, day), day


WINDOWS = [
    # by day; over midnight; in the hours that are missing or repeated; all but a minute; across the holiday
    (540, 1_020, frozenset(range(7))),
    (1_320, 360, frozenset(range(7))),
    (60, 120, frozenset(range(7))),
    (90, 150, frozenset(range(7))),
    (105, 100, frozenset(range(7))),
    (150, 30, frozenset({5, 6})),
    (0, 1_440, frozenset({6, 0})),
    (119, 121, frozenset({6})),
]


@pytest.mark.parametrize("opened", WINDOWS)
def test_each_minute_of_a_night(opened: tuple[int, int, frozenset[int]]) -> None:
    """From each minute around a clock change the next opening is the one to which waiting minute by minute leads."""
    compared = 0
    for name, near, changed in nights():
        for holiday in (changed, date(1999, 1, 1)):
            calendar = BusinessCalendar(weekdays=frozenset(range(7)), holidays=frozenset({holiday}))
            window = SendWindow(opens=opened[0], closes=opened[1], weekdays=opened[2])
            found = Gate(window, calendar, zone(name))
            coming = None
            for minute, wall in zip(reversed(near.minutes), reversed(near.walls), strict=True):
                opens = is_open(opened, holiday, datetime(1970, 1, 1) + wall * timedelta(minutes=1))
                coming = minute if opens else coming
                assert found.is_open(minute * MINUTE) is opens, (name, to_datetime(minute * MINUTE))
                if coming is not None and minute in near.day:
                    assert found.next_open(minute * MINUTE) == coming * MINUTE, (name, to_datetime(minute * MINUTE))
                    compared += 1
    assert compared > 1_000


@given(
    st.integers(0, 1_439),
    st.integers(1, 1_440),
    st.sets(st.integers(0, 6), min_size=1),
    st.sampled_from(["Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Gaza", "Asia/Kathmandu"]),
    st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
)
def test_an_opening_is_the_first(opens: int, closes: int, weekdays: set[int], name: str, moment: datetime) -> None:
    """Whatever the window: it is open at its next opening, and closed in between and just before."""
    window = SendWindow(opens=opens, closes=closes, weekdays=frozenset(weekdays))
    found = Gate(window, None, zone(name))
    at = to_instant(moment)
    opening = found.next_open(at)
    assert opening is not None
    assert opening >= at
    assert found.is_open(opening)
    if opening > at:
        assert not any(found.is_open(at + (opening - 1 - at) * part // 20) for part in range(21))
    closing = found.open_until(opening, opening + 3 * 86_400_000_000)
    assert all(found.is_open(opening + (closing - 1 - opening) * part // 20) for part in range(21))
    assert closing == opening + 3 * 86_400_000_000 or not found.is_open(closing)
