"""Recurrence rules: the RFC's own examples, and dateutil as the second opinion where it is one."""

# ruff: noqa: DTZ001 - a wall time has no zone

import contextlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from dateutil import rrule as dateutil
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.errors import InvalidField
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules.advance import next_occurrence
from reminders.schedules.fields import accepted
from reminders.schedules.patterns import next_wall, walls
from reminders.schedules.rrule.parts import Parts
from reminders.schedules.rrule.periods import SingleDays
from reminders.schedules.rrule.recurrence import Recurrence, last_permitted
from reminders.schedules.zones import DAY, moment_of, wall_of
from tests.unit.oracle import zone_info
from tests.unit.rfc5545 import EXAMPLES, ZONE, Example, wall

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


def schedule(rule: str, start: datetime, **more: Any) -> Schedule:
    """A rule in UTC, or in the zone that is given, from a naive wall time on."""
    zone = more.get("timezone", "UTC")
    start_at = start.replace(tzinfo=zone_info(zone)).astimezone(UTC)
    return accepted(ScheduleSpec(schedule_type="rrule", rrule=rule, start_at=start_at, **more), start_at)


def instants(given: Schedule, most: int, after: datetime = LONG_AGO) -> list[datetime]:
    """From one instant to the next."""
    found: list[datetime] = []
    while len(found) < most and (coming := next_occurrence(given, after)) is not None:
        found.append(after := coming)
    return found


# RFC 5545

RULES = [pytest.param(example, rule, id=rule) for example in EXAMPLES for rule in example.rules]


@pytest.mark.parametrize("example, rule", RULES)
def test_the_examples_of_the_rfc(example: Example, rule: str) -> None:
    """The instants are those that the RFC lists, and no more of them where its list is complete."""
    start, zone = wall(example.start), zone_info(ZONE)
    exdates = None if example.exdate is None else (wall(example.exdate).replace(tzinfo=zone),)
    given = schedule(rule, start, timezone=ZONE, exdates=exdates)
    expected = [each.replace(tzinfo=zone).astimezone(UTC) for each in example.walls]
    found = instants(given, len(expected) + 1)
    assert found[: len(expected)] == expected
    assert (len(found) == len(expected)) is example.ends


def test_all_examples_are_there() -> None:
    """The section has 39 of them and 42 rules; a list that was lost would pass."""
    assert (len(EXAMPLES), len(RULES)) == (39, 42)


def test_an_until_in_utc_is_compared_in_utc() -> None:
    """As the RFC prints it, "until 17:00Z" ends a New York rule at one in the afternoon: the 15:00 of its list is an
    erratum."""
    given = schedule("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", wall("19970902T090000"), timezone=ZONE)
    assert [at.hour for at in instants(given, 5)] == [13, 16]


# Rules by hand

NINE = datetime(2026, 1, 1, 9, 0)

BY_HAND = [
    # the last day of each month
    ("FREQ=MONTHLY;BYMONTHDAY=-1", NINE, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
    # the 31st comes only in long months
    ("FREQ=MONTHLY;BYMONTHDAY=31", NINE, ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]),
    # so it does when the start says so
    ("FREQ=MONTHLY", datetime(2026, 1, 31, 9), ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]),
    # a birthday on a leap day
    ("FREQ=YEARLY", datetime(2024, 2, 29, 9), ["2024-02-29", "2028-02-29", "2032-02-29", "2036-02-29"]),
    # over the end of a century that has no leap day
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", datetime(2092, 2, 29, 9), ["2092-02-29", "2096-02-29", "2104-02-29"]),
    # the last working day of each quarter
    ("FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", datetime(2026, 3, 1, 9), ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31", "2027-03-31"]),
    # ISO week 53: only years that have one
    ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", NINE, ["2026-12-28", "2032-12-27", "2037-12-28"]),
    # its Saturday may lie in January; 1 January 2011 is one, of week 52
    ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA", datetime(2005, 1, 1, 9), ["2005-01-01", "2010-01-02", "2016-01-02", "2021-01-02"]),
    # where weeks begin on Sunday, week 1 of 2029 begins on 31 December
    ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU;WKST=SU", datetime(2026, 1, 1, 9), ["2026-01-04", "2027-01-03", "2028-01-02", "2028-12-31"]),
    # ISO week 1 may begin in December
    ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", datetime(2024, 1, 1, 9), ["2024-01-01", "2024-12-30", "2025-12-29", "2027-01-04"]),
    # a week number without a day: the weekday of the start
    ("FREQ=YEARLY;BYWEEKNO=20", datetime(2026, 1, 7, 9), ["2026-05-13", "2027-05-19"]),
    # the days of a week number that are the 15th of something
    ("FREQ=YEARLY;BYWEEKNO=20;BYMONTHDAY=15", NINE, ["2026-05-15", "2028-05-15", "2029-05-15"]),
    # the 366th day, and the last one
    ("FREQ=YEARLY;BYYEARDAY=366", NINE, ["2028-12-31", "2032-12-31"]),
    ("FREQ=YEARLY;BYYEARDAY=-1", NINE, ["2026-12-31", "2027-12-31"]),
    ("FREQ=HOURLY;BYYEARDAY=-366,366;BYHOUR=9", NINE, ["2028-01-01", "2028-12-31", "2032-01-01"]),
    # every second week over a year's end
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", datetime(2026, 12, 10, 9), ["2026-12-10", "2026-12-24", "2027-01-07"]),
    # an interval that the months of a year do not hold
    ("FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=1", NINE, ["2026-01-01", "2027-07-01", "2029-01-01"]),
    # a start that the rule does not mean is no instant
    ("FREQ=WEEKLY;BYDAY=MO", NINE, ["2026-01-05", "2026-01-12"]),
    # days with a number and without one: either, of a month and of a year
    ("FREQ=MONTHLY;BYDAY=1MO,SA", NINE, ["2026-01-03", "2026-01-05", "2026-01-10", "2026-01-17"]),
    ("FREQ=YEARLY;BYDAY=2MO,-1SA,TH;INTERVAL=2", datetime(2026, 1, 5, 9), ["2026-01-08", "2026-01-12", "2026-01-15"]),
    ("FREQ=YEARLY;BYDAY=2MO,-1FR;BYMONTH=2,11", NINE, ["2026-02-09", "2026-02-27", "2026-11-09", "2026-11-27"]),
    # lower case, a prefix, a plus
    ("rrule:freq=monthly;byday=+1mo", NINE, ["2026-01-05", "2026-02-02"]),
    # a date as UNTIL means the whole of that day
    ("FREQ=DAILY;UNTIL=20260103", NINE, ["2026-01-01", "2026-01-02", "2026-01-03", None]),
    # a time without Z is a wall time, and included
    ("FREQ=DAILY;UNTIL=20260102T090000", NINE, ["2026-01-01", "2026-01-02", None]),
    ("FREQ=DAILY;UNTIL=20260102T085959", NINE, ["2026-01-01", None]),
    # once
    ("FREQ=DAILY;COUNT=1", NINE, ["2026-01-01", None]),
    # UNTIL on the last day that there is
    ("FREQ=YEARLY;UNTIL=99991231", NINE, ["2026-01-01", "2027-01-01"]),
    # COUNT for longer than anybody lives is no end
    ("FREQ=YEARLY;COUNT=999", NINE, ["2026-01-01", "2027-01-01"]),
]  # fmt: skip


@pytest.mark.parametrize("rule, start, dates", BY_HAND)
def test_rules_by_hand(rule: str, start: datetime, dates: list[str | None]) -> None:
    """The first instants of a rule are these days at nine; None ends it."""
    expected = [datetime.fromisoformat(f"{date}T09:00:00+00:00") for date in dates if date]
    assert instants(schedule(rule, start), len(dates)) == expected


def test_further_and_excepted_dates() -> None:
    """An RDATE is added where it is, an EXDATE taken away, and of both the EXDATE wins; COUNT speaks of the rule
    alone."""
    nine = [NINE.replace(tzinfo=UTC) + timedelta(days=day) for day in range(10)]
    given = schedule(
        "FREQ=DAILY;COUNT=3",
        NINE,
        rdates=(nine[5], nine[5] + timedelta(minutes=7), nine[1], nine[8]),
        exdates=(nine[2], nine[8]),
    )
    assert instants(given, 10) == [nine[0], nine[1], nine[5], nine[5] + timedelta(minutes=7)]


def test_dates_beside_a_rule_are_wall_times() -> None:
    """An EXDATE takes away the nine o'clock of its day in the zone, in summer as in winter."""
    berlin = zone_info("Europe/Berlin")
    summer, winter = datetime(2026, 3, 30, 9, tzinfo=berlin), datetime(2026, 3, 27, 9, tzinfo=berlin)
    given = schedule("FREQ=DAILY", datetime(2026, 3, 26, 9), timezone="Europe/Berlin", exdates=(summer, winter))
    assert [at.day for at in instants(given, 4)] == [26, 28, 29, 31]


def test_nothing_comes_before_the_start() -> None:
    """An RDATE before start_at does not fire."""
    given = schedule("FREQ=DAILY", NINE, rdates=(datetime(2025, 1, 1, tzinfo=UTC),))
    assert instants(given, 1) == [NINE.replace(tzinfo=UTC)]


# dateutil

_DATEUTIL = {
    "YEARLY": dateutil.YEARLY,
    "MONTHLY": dateutil.MONTHLY,
    "WEEKLY": dateutil.WEEKLY,
    "DAILY": dateutil.DAILY,
    "HOURLY": dateutil.HOURLY,
    "MINUTELY": dateutil.MINUTELY,
}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def lists(values: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=most, unique=True).map(lambda found: ",".join(map(str, found)))


def signed(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most) | st.integers(-most, -1)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Any rule that the RFC permits, without COUNT and UNTIL, and without BYWEEKNO, in which dateutil errs."""
    frequency = draw(st.sampled_from(sorted(_DATEUTIL)))
    by: dict[str, st.SearchStrategy[str]] = {
        "BYMONTH": lists(st.integers(1, 12)),
        "BYHOUR": lists(st.integers(0, 23)),
        "BYMINUTE": lists(st.integers(0, 59)),
        "BYDAY": lists(st.sampled_from(_DAYS)),
    }
    if frequency != "WEEKLY":
        by["BYMONTHDAY"] = lists(signed(31))
    if frequency in ("YEARLY", "HOURLY", "MINUTELY"):
        by["BYYEARDAY"] = lists(signed(366))
    if frequency in ("YEARLY", "MONTHLY") and draw(st.booleans()):
        numbered = st.tuples(signed(5), st.sampled_from(_DAYS)).map(lambda found: f"{found[0]}{found[1]}")
        by["BYDAY"] = lists(numbered)  # of days with numbers and without dateutil means those that are both
    chosen = draw(st.lists(st.sampled_from(sorted(by)), max_size=3, unique=True))
    parts = {name: draw(by[name]) for name in chosen}
    # In the first week dateutil counts BYSETPOS from the start's day on, here it is the whole week.
    if chosen and frequency != "WEEKLY" and draw(st.booleans()):
        parts["BYSETPOS"] = draw(lists(signed(4), 2))
    widest = {"YEARLY": 4, "MONTHLY": 30, "WEEKLY": 60, "DAILY": 400, "HOURLY": 3_000, "MINUTELY": 5_000}[frequency]
    if draw(st.booleans()):
        parts["INTERVAL"] = str(draw(st.integers(1, 5) | st.integers(1, widest)))
    if draw(st.booleans()):
        parts["WKST"] = draw(st.sampled_from(_DAYS))
    return ";".join([f"FREQ={frequency}", *(f"{name}={value}" for name, value in parts.items())])


starts = st.datetimes(datetime(1999, 1, 1), datetime(2029, 1, 1)).map(lambda at: at.replace(microsecond=0))


# How many months dateutil may walk: it tries each minute, or each day, in between.
FAR = {"YEARLY": 12 * 40, "MONTHLY": 120, "WEEKLY": 100, "DAILY": 50, "HOURLY": 4, "MINUTELY": 1}
ENOUGH = 20


class TooFar(Exception):
    """Where nothing fits, dateutil would walk on to the year 9999."""


def walked(rule: str, start: datetime) -> tuple[list[datetime], datetime]:
    """The first wall times that dateutil finds, and before when it has looked."""
    year, month = divmod(start.year * 12 + start.month + FAR[rule.split(";")[0].removeprefix("FREQ=")], 12)
    end = datetime(year, month + 1, 1)
    rebuild = dateutil._iterinfo.rebuild

    def bounded(self: Any, year: int, month: int) -> None:
        if (year, month) > (end.year, end.month):
            raise TooFar
        rebuild(self, year, month)

    found: list[datetime] = []
    with pytest.MonkeyPatch.context() as patched, contextlib.suppress(TooFar, ValueError):  # its own word for "never"
        patched.setattr(dateutil._iterinfo, "rebuild", bounded)
        for at in islice(dateutil.rrulestr(rule, dtstart=start), ENOUGH):
            found.append(at)  # noqa: PERF402 - what was found before it went too far counts
    return [at for at in found if at < end], end


@settings(max_examples=300)
@given(rules(), starts)
def test_the_wall_times_are_those_of_dateutil(rule: str, start: datetime) -> None:
    """Whatever the parts: the first wall times of a rule are those to which dateutil walks."""
    expected, end = walked(rule, start)
    pattern = Recurrence(rule, start)
    found: list[datetime] = []
    after = wall_of(start) - 1
    while len(found) < ENOUGH and (coming := next_wall(pattern, after)) is not None and moment_of(coming) < end:
        found.append(moment_of(after := coming))
    assert found == expected


@given(
    st.sets(signed(53), min_size=1, max_size=3),
    st.sets(st.sampled_from(_DAYS), min_size=1),
    st.booleans(),
    st.integers(1970, 2090),
)
def test_week_numbers_are_those_of_iso_8601(weeks: set[int], names: set[str], in_may_too: bool, year: int) -> None:
    """BYWEEKNO means the ISO weeks in which a day lies, also at the turn of a year, and from the last one back."""
    months = {5, 12, 1} if in_may_too else set(range(1, 13))
    rule = f"FREQ=YEARLY;BYWEEKNO={_list(weeks)};BYDAY={_list(names)};BYMONTH={_list(months)}"
    first = date(year, 1, 1)
    expected = [
        day
        for day in (first + timedelta(days=number) for number in range(1_100))
        if day.month in months and _DAYS[day.weekday()] in names and _iso_weeks(day) & weeks
    ]
    found: list[date] = []
    pattern, after = Recurrence(rule, datetime(year, 1, 1)), wall_of(datetime(year, 1, 1)) - 1
    while (coming := next_wall(pattern, after)) is not None and moment_of(coming).date() < first + timedelta(
        days=1_100
    ):
        found.append(moment_of(after := coming).date())
    assert found == expected


def _list(values: Iterable[object]) -> str:
    return ",".join(map(str, values))


def _iso_weeks(day: date) -> set[int]:
    """The number of a day's week, from the begin and from the end of its year."""
    year, week, _ = day.isocalendar()
    return {week, week - date(year, 12, 28).isocalendar().week - 1}


@given(
    st.sets(signed(53), min_size=1, max_size=3),
    st.sets(st.sampled_from(_DAYS), min_size=1),
    st.sampled_from(_DAYS),
    st.integers(1, 4),
    st.integers(2000, 2050),
)
def test_week_numbers_by_any_first_day_of_the_week(
    weeks: set[int], names: set[str], week_start: str, interval: int, year: int
) -> None:
    """Week 1 is the one with 4 January, whatever day begins it; each so many calendar years have the days of such
    weeks."""
    rule = f"FREQ=YEARLY;BYWEEKNO={_list(weeks)};BYDAY={_list(names)};WKST={week_start};INTERVAL={interval}"
    first = date(year, 1, 1)
    expected = [
        day
        for day in (first + timedelta(days=number) for number in range(4_000))
        if (day.year - year) % interval == 0
        and _DAYS[day.weekday()] in names
        and _weeks_from(day, _DAYS.index(week_start)) & weeks
    ]
    pattern, begin = Recurrence(rule, datetime(year, 1, 1)), wall_of(datetime(year, 1, 1))
    assert [moment_of(wall).date() for wall in walls(pattern, begin, begin + 4_000 * DAY)] == expected


def _weeks_from(day: date, week_start: int) -> set[int]:
    """The numbers of a day's week, counted week by week from the one with 4 January, and back from the next such
    one."""
    begins = [_begin_of(date(year, 1, 4), week_start) for year in range(day.year - 1, day.year + 3)]
    place = max(place for place, begin in enumerate(begins) if begin <= day)
    before, behind = (day - begins[place]).days // 7, (begins[place + 1] - _begin_of(day, week_start)).days // 7
    return {before + 1, -behind}


def _begin_of(day: date, week_start: int) -> date:
    while day.weekday() != week_start:
        day -= timedelta(days=1)
    return day


def test_all_weeks_are_those_of_isocalendar() -> None:
    """From 2000 through 2060, each week number has exactly the days that Python's own calendar gives it."""
    first, last = date(2000, 1, 1), date(2060, 12, 31)
    begin, end = (wall_of(datetime(day.year, day.month, day.day)) for day in (first, last + timedelta(days=1)))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    for week in range(1, 54):
        pattern = Recurrence(f"FREQ=YEARLY;BYWEEKNO={week};BYDAY={_list(_DAYS)}", datetime(2000, 1, 1))
        found = [moment_of(wall).date() for wall in walls(pattern, begin, end)]
        assert found == [day for day in days if day.isocalendar().week == week]


@settings(max_examples=60)
@given(rules(), starts, st.integers(1, ENOUGH))
def test_a_count_is_that_of_dateutil(rule: str, start: datetime, count: int) -> None:
    """COUNT ends a rule after so many of the instants that it has without it."""
    expected, end = walked(rule, start)
    try:
        given = schedule(f"{rule};COUNT={count}", start)
    except InvalidField as refused:
        assert (refused.message, expected) == ("never fires", [])
        return
    found = [at.replace(tzinfo=None) for at in instants(given, count + 1)]
    assert [at for at in found if at < end] == expected[:count]


@settings(max_examples=60)
@given(rules(), starts, st.integers(0, 30 * 365 * 24 * 60))
def test_a_rule_years_on_is_the_rule_walked_to_there(rule: str, start: datetime, minutes: int) -> None:
    """The first instant after any moment is the one that is met when one goes there day by day from the moment
    before."""
    pattern = Recurrence(rule, start)
    after = wall_of(start + timedelta(minutes=minutes))
    found = next_wall(Recurrence(rule, start), after)
    earlier = next_wall(pattern, after - 40 * 86_400_000_000)
    while earlier is not None and earlier <= after:
        earlier = next_wall(pattern, earlier)
    assert found == earlier


# What is refused

REFUSED = [
    ("", "parts"),
    ("FREQ=DAILY;", "parts"),
    ("FREQ=DAILY;BYDAY", "parts"),
    ("FREQ=DAILY;BYDAY=", "parts"),
    ("DAILY", "parts"),
    # nothing below MINUTELY
    ("FREQ=SECONDLY", "FREQ"),
    ("FREQ=MINUTELY;BYSECOND=0,30", "BYSECOND"),
    ("FREQ=FORTNIGHTLY", "FREQ"),
    ("INTERVAL=2", "FREQ"),
    # each part once, and known
    ("FREQ=DAILY;FREQ=DAILY", "more than once"),
    ("FREQ=DAILY;BYEASTER=0", "does not know"),
    ("FREQ=DAILY;X-NAME=1", "does not know"),
    ("FREQ=DAILY;DTSTART=20260101", "does not know"),
    # numbers
    ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
    ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
    ("FREQ=DAILY;INTERVAL=1.5", "INTERVAL"),
    ("FREQ=DAILY;INTERVAL=٣", "ASCII"),
    ("FREQ=DAıLY", "ASCII"),
    ("FREQ=DAILY;COUNT=0", "COUNT"),
    ("FREQ=DAILY;COUNT=1000000000", "COUNT"),
    ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
    ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
    ("FREQ=MONTHLY;BYMONTHDAY=1,", "BYMONTHDAY"),
    ("FREQ=MONTHLY;BYMONTHDAY=1 2", "BYMONTHDAY"),
    ("FREQ=YEARLY;BYMONTH=13", "BYMONTH"),
    ("FREQ=YEARLY;BYMONTH=-1", "BYMONTH"),
    ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO"),
    ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY"),
    ("FREQ=DAILY;BYHOUR=24", "BYHOUR"),
    ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE"),
    ("FREQ=DAILY;BYSETPOS=0;BYHOUR=1", "BYSETPOS"),
    # days
    ("FREQ=WEEKLY;BYDAY=XX", "BYDAY"),
    ("FREQ=WEEKLY;BYDAY=MO,,TU", "BYDAY"),
    ("FREQ=WEEKLY;BYDAY=,", "BYDAY"),
    ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
    ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY"),
    ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
    ("FREQ=DAILY;BYDAY=-1FR", "BYDAY"),
    ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "BYDAY"),
    ("FREQ=WEEKLY;WKST=1", "WKST"),
    # what does not go together
    ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "COUNT and UNTIL"),
    ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
    ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY"),
    ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO"),
    ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS"),
    # times
    ("FREQ=DAILY;UNTIL=2026-01-01", "UNTIL"),
    ("FREQ=DAILY;UNTIL=20260230", "UNTIL"),
    ("FREQ=DAILY;UNTIL=20260101T250000Z", "UNTIL"),
    ("FREQ=DAILY;UNTIL=20260101T090000+0100", "UNTIL"),
]


@pytest.mark.parametrize("rule, word", REFUSED)
def test_rules_that_are_refused(rule: str, word: str) -> None:
    """A rule that the RFC does not permit, or that fires more often than each minute, names the field and the part."""
    with pytest.raises(InvalidField, match=word) as refused:
        schedule(rule, NINE)
    assert refused.value.field == "rrule"


NEVER = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30,31",
    "FREQ=MONTHLY;BYDAY=6MO",
    "FREQ=MINUTELY;BYHOUR=1;BYSETPOS=2",
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=8",
    "FREQ=MINUTELY;INTERVAL=1440;BYMINUTE=1",
    "FREQ=YEARLY;BYYEARDAY=366;BYMONTHDAY=30",
    "FREQ=DAILY;UNTIL=20251231",
    "FREQ=HOURLY;INTERVAL=168;BYDAY=SU",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5",
    "FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=8,9;BYSETPOS=-5",
    "FREQ=MINUTELY;INTERVAL=20160;BYDAY=MO,TU,WE,FR,SA,SU",
    "FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1",
]


@pytest.mark.parametrize("rule", NEVER)
def test_a_rule_that_never_fires_is_refused(rule: str) -> None:
    """What no day fits is refused, and further dates do not make it a rule."""
    for rdates in (None, (NINE.replace(tzinfo=UTC) + timedelta(days=1),)):
        with pytest.raises(InvalidField, match="never fires") as refused:
            schedule(rule, NINE, rdates=rdates)
        assert refused.value.field == "rrule"


def test_an_excepted_rule_is_none_that_never_fires() -> None:
    """A rule of which each instant is excepted is left with its further dates."""
    nine = NINE.replace(tzinfo=UTC)
    given = schedule("FREQ=DAILY;COUNT=1", NINE, exdates=(nine,), rdates=(nine + timedelta(days=2),))
    assert instants(given, 2) == [nine + timedelta(days=2)]


def test_a_rule_that_seldom_fires_is_not_looked_for_at_each_further_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its further dates it is known where the rule itself goes on, or that it does not."""
    pattern = Recurrence("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", datetime(2044, 3, 1), rdates=[
        datetime(2044, 3, 1) + timedelta(days=number) for number in range(100)
    ])  # fmt: skip
    looked: list[int] = []
    search = SingleDays.next_day

    def counted(self: SingleDays, day: int) -> int | None:
        looked.append(day)
        return search(self, day)

    monkeypatch.setattr(SingleDays, "next_day", counted)
    after, found = wall_of(datetime(2044, 3, 1)) - 1, 0
    while (coming := next_wall(pattern, after)) is not None and found < 101:
        after, found = coming, found + 1
    assert moment_of(after) == datetime(2072, 2, 29)
    assert len(set(looked)) <= 3


@given(rules(), starts, st.lists(st.integers(0, 150_000), min_size=2, max_size=6))
def test_the_order_of_questions_does_not_matter(rule: str, start: datetime, days: list[int]) -> None:
    """What a pattern remembers of one search never changes the answer to another."""
    pattern, first = Recurrence(rule, start), wall_of(start) // DAY
    for day in days:
        assert pattern.next_day(first + day) == Recurrence(rule, start).next_day(first + day)


@settings(max_examples=150)
@given(rules(), starts, st.integers(-5, 400), st.integers(0, 400), st.data())
def test_a_count_of_days_is_the_sum_of_their_times(
    rule: str, start: datetime, begin: int, length: int, data: st.DataObject
) -> None:
    """Counting many days at once says the same as going through them, with further and excepted dates and an end."""
    near = st.lists(st.datetimes(start, start + timedelta(days=500)), max_size=3)
    ends = data.draw(st.none() | st.datetimes(start, start + timedelta(days=500)))
    pattern = Recurrence(rule, start, until=ends, rdates=data.draw(near), exdates=[*data.draw(near), start])
    first = wall_of(start) // DAY + begin
    walked_through = sum(len(pattern.times(day)) for day in range(first, first + length))
    assert pattern.count(first, first + length) == walked_through


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        ("FREQ=MINUTELY;COUNT=1000000", datetime(2027, 11, 26, 19, 39)),
        ("FREQ=DAILY;COUNT=36525", datetime(2126, 1, 1, 9)),
        ("FREQ=MINUTELY;COUNT=999999999", None),
        ("FREQ=WEEKLY;COUNT=5300", None),
    ],
)
def test_a_great_count_is_worked_out(rule: str, last: datetime | None) -> None:
    """The last of a million instants is known without going through them; beyond a hundred years there is none."""
    assert last_permitted(rule, NINE, lambda moment: moment) == last


@given(st.text(max_size=80) | st.text(alphabet="FREQ=DAILYBMONTH;1,0-", max_size=60))
def test_whatever_is_given_is_read_or_refused(text: str) -> None:
    """No text makes the reading fail otherwise than by naming the field."""
    try:
        Parts(text)
    except InvalidField as refused:
        assert refused.field == "rrule"


def test_threads_that_share_a_rule_do_not_mix_what_each_has_looked_through() -> None:
    """What another thread puts in place between two readings leads no one past a day on which the rule fires."""
    start = datetime(2026, 1, 1, 9)

    class Shared(Recurrence):
        """As if others wrote between any two readings of what was looked through."""

        @property
        def _gap(self) -> tuple[int, int]:
            return self._others.pop(0) if len(self._others) > 1 else self._others[0]

        @_gap.setter
        def _gap(self, gap: tuple[int, int]) -> None:
            day = gap[0]
            self._others = [gap, gap, (day + 40_000, day + 50_000)]

    alone = Recurrence("FREQ=MONTHLY;BYMONTHDAY=13", start, until=None, rdates=(), exdates=())
    shared = Shared("FREQ=MONTHLY;BYMONTHDAY=13", start, until=None, rdates=(), exdates=())
    day = (start - datetime(1970, 1, 1)).days
    for asked in (day, day + 1, day + 5, day + 30):
        assert shared.next_day(asked) == alone.next_day(asked)
