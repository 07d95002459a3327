"""The nights on which clocks are changed: no difference from an oracle that goes minute by minute."""

# ruff: noqa: DTZ001 - a wall time has no zone

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import product
from typing import NamedTuple

import pytest

from reminders.instants import Instant, to_datetime, to_instant
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules.advance import next_occurrence
from reminders.schedules.fields import accepted
from reminders.schedules.rule import rule_of
from tests.unit.oracle import Days, Meant, clock_changes, following, zone_info

ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # none since 2021; it left out 30 December 2011
    "Africa/Casablanca",  # back for Ramadan, by the moon, until 2026
    "Asia/Kolkata",  # none, and not on the hour
    "UTC",
)
CHANGED = {name: clock_changes(name, 2024, 2030) for name in ZONES}
# Where the clock is never changed, days that are special otherwise.
UNCHANGED = [date(2024, 2, 29), date(2026, 12, 31), date(2027, 3, 14), date(2030, 10, 27)]
POLICIES = list(product(("first_valid", "shift", "skip"), ("first", "last", "both")))
MINUTE: Instant = 60_000_000

START = datetime(2011, 1, 2, 2, 30)  # a Sunday, in each zone's own wall time


class Case(NamedTuple):
    """A schedule as a caller says it, and which wall times it means."""

    spec: dict[str, object]
    meant: Meant
    runs_through: bool = False  # Debian's exception: a star in the minute or the hour

    def schedule(self, zone: str, gap: str, overlap: str) -> Schedule:
        return accepted(ScheduleSpec(timezone=zone, dst_gap=gap, dst_overlap=overlap, **self._given(zone)), NOW)  # type: ignore[arg-type]

    def _given(self, zone: str) -> dict[str, object]:
        start = self.spec.get("start_at", START)
        assert isinstance(start, datetime)
        return self.spec | {"start_at": start.replace(tzinfo=zone_info(zone)).astimezone(UTC)}


NOW = datetime(2011, 1, 1, tzinfo=UTC)


def cron(expression: str, meant: Meant) -> Case:
    minute, hour, *_ = expression.split()
    return Case({"schedule_type": "cron", "cron": expression}, meant, "*" in minute + hour)


def calendar(unit: str, every: int, start: datetime, meant: Meant) -> Case:
    return Case({"schedule_type": "calendar", "unit": unit, "every": every, "start_at": start}, meant)


def rrule(rule: str, meant: Meant) -> Case:
    return Case({"schedule_type": "rrule", "rrule": rule}, meant)


def since_start(wall: datetime, unit: timedelta) -> int:
    """Units since the start's, counted on the wall clock."""
    begin = datetime(1970, 1, 1)
    return (wall - begin) // unit - (START - begin) // unit


HOURS, MINUTES = timedelta(hours=1), timedelta(minutes=1)
CASES = {
    # at one time: the hour before, in, at both edges of, and after what is missing or repeated somewhere
    "midnight": cron("0 0 * * *", lambda w: (w.hour, w.minute) == (0, 0)),
    "at 1": cron("0 1 * * *", lambda w: (w.hour, w.minute) == (1, 0)),
    "at 1:30": cron("30 1 * * *", lambda w: (w.hour, w.minute) == (1, 30)),
    "at 1:59": cron("59 1 * * *", lambda w: (w.hour, w.minute) == (1, 59)),
    "at 2": cron("0 2 * * *", lambda w: (w.hour, w.minute) == (2, 0)),
    "at 2:30": cron("30 2 * * *", lambda w: (w.hour, w.minute) == (2, 30)),
    "at 3": cron("0 3 * * *", lambda w: (w.hour, w.minute) == (3, 0)),
    # lists and ranges without a star: several of them may coincide after the gap
    "a list": cron("0,15,30,45 2,3 * * *", lambda w: w.hour in (2, 3) and w.minute % 15 == 0),
    "a range": cron("20-25 1-3 * * *", lambda w: w.hour in (1, 2, 3) and 20 <= w.minute <= 25),
    # a star in the day fields changes nothing
    "on a weekday": cron("15 2 * * SUN", lambda w: w.weekday() == 6 and (w.hour, w.minute) == (2, 15)),
    "either day": cron("15 2 9-11 * SAT,0", lambda w: (w.weekday() in (5, 6) or w.day in (9, 10, 11)) and (w.hour, w.minute) == (2, 15)),
    # a star in the minute or the hour: elapsed time
    "each minute": cron("* * * * *", lambda w: True),
    "each minute of an hour": cron("* 2 * * *", lambda w: w.hour == 2),
    "stepped minutes": cron("*/20 1-2 * * *", lambda w: w.hour in (1, 2) and w.minute % 20 == 0),
    "each hour": cron("30 * * * *", lambda w: w.minute == 30),
    "stepped hours": cron("10 */2 * * *", lambda w: w.hour % 2 == 0 and w.minute == 10),
    # calendar units from an anchor
    "each day": calendar("day", 1, START, lambda w: (w.hour, w.minute) == (2, 30)),
    "each other day": calendar("day", 2, START.replace(hour=1), lambda w: (w.date() - START.date()).days % 2 == 0 and (w.hour, w.minute) == (1, 30)),
    "each week": calendar("week", 1, START.replace(minute=0), lambda w: w.weekday() == 6 and (w.hour, w.minute) == (2, 0)),
    # recurrences, expanded in wall time: an hour that is shown twice is one hour
    "quarters": rrule("FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,15,30,45", lambda w: w.hour in (1, 2, 3) and w.minute % 15 == 0),
    "hourly": rrule("FREQ=HOURLY;BYMINUTE=45", lambda w: w.minute == 45),
    "each five hours": rrule("FREQ=HOURLY;INTERVAL=5", lambda w: since_start(w, HOURS) % 5 == 0 and w.minute == 30),
    "each 7 minutes": rrule("FREQ=MINUTELY;INTERVAL=7;BYHOUR=1,2,3", lambda w: since_start(w, MINUTES) % 7 == 0 and w.hour in (1, 2, 3)),
    "weekly": rrule("FREQ=WEEKLY;BYDAY=SU,MO;BYHOUR=2", lambda w: w.weekday() in (6, 0) and (w.hour, w.minute) == (2, 30)),
    "monthly": rrule("FREQ=MONTHLY;BYDAY=1SU,2SU,-1SU;BYHOUR=1", lambda w: w.weekday() == 6 and (w.day <= 14 or (w + timedelta(days=7)).month != w.month) and (w.hour, w.minute) == (1, 30)),
    "yearly": rrule("FREQ=YEARLY;BYYEARDAY=60,-1,-365;BYHOUR=2", lambda w: (w.timetuple().tm_yday in (60, 1 + (w.year % 4 == 0)) or (w.month, w.day) == (12, 31)) and (w.hour, w.minute) == (2, 30)),
}  # fmt: skip
TO_BE_IGNORED = [("shift", "last"), ("skip", "first")]  # by what runs through; more pairs would only take longer
LESS_THAN_DAILY = {"each week", "on a weekday", "either day", "each other day", "weekly", "monthly", "yearly"}


@cache
def days(zone: str) -> list[Days]:
    """The days on which a zone's clock is changed, with their neighbours."""
    special = [date(2011, 12, 30), *UNCHANGED] if zone == "Pacific/Apia" else UNCHANGED
    return [Days(zone, day) for day in CHANGED[zone] or special]


@cache
def meant(zone: str, name: str) -> list[list[int]]:
    """For each of these days the wall minutes that a case means near it."""
    return [near.meant(CASES[name].meant) for near in days(zone)]


def expected(zone: str, name: str, gap: str, overlap: str, number: int) -> list[int]:
    """The minutes at which a case fires near one of these days."""
    near, walls = days(zone)[number], meant(zone, name)[number]
    return near.elapsed(walls) if CASES[name].runs_through else near.expected(walls, gap, overlap)


def test_the_clocks_are_changed_as_often_as_is_known() -> None:
    """Two changes a year in the zones that have them: a check on nothing would pass."""
    assert {name: len(changes) for name, changes in CHANGED.items()} == {
        "America/New_York": 14,
        "Europe/London": 14,
        "Australia/Lord_Howe": 14,
        "Pacific/Apia": 0,
        "Africa/Casablanca": 7,  # the last in 2026
        "Asia/Kolkata": 0,
        "UTC": 0,
    }


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", [name for name in CASES if name not in LESS_THAN_DAILY])
def test_each_minute_of_a_night(zone: str, name: str) -> None:
    """From each minute of each day of a change the next instant is the oracle's; the policies take turns."""
    compared, different = 0, []
    first_turn = list(CASES).index(name)
    for number, near in enumerate(days(zone)):
        gap, overlap = POLICIES[(number + first_turn) % len(POLICIES)]
        rule = rule_of(CASES[name].schedule(zone, gap, overlap))
        minutes = expected(zone, name, gap, overlap, number)
        wanted = [minute * MINUTE for minute in following(near.day, minutes)]
        found = [rule.following(minute * MINUTE) for minute in near.day]
        compared += len(found)
        different += [at for at, one, other in zip(near.day, found, wanted, strict=True) if one != other]
    assert [to_datetime(minute * MINUTE) for minute in different] == []
    assert compared >= len(UNCHANGED) * 1_380


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("gap, overlap", POLICIES)
def test_from_one_instant_to_the_next(zone: str, gap: str, overlap: str) -> None:
    """Under each pair of policies the instants from the day before to the day after are the oracle's, all of them and
    in order."""
    compared = 0
    for name, case in CASES.items():
        if case.runs_through and (gap, overlap) not in TO_BE_IGNORED:
            continue
        schedule = case.schedule(zone, gap, overlap)
        for number, near in enumerate(days(zone)):
            minutes = expected(zone, name, gap, overlap, number)
            wanted = [to_datetime(minute * MINUTE) for minute in minutes if minute in near.neighbours]
            assert found(schedule, near.neighbours) == wanted, (name, near.day)
            compared += len(wanted)
    assert compared > len(days(zone)) * 200


def found(schedule: Schedule, minutes: range) -> list[datetime]:
    """The instants of a schedule within some minutes, from one to the next."""
    end = to_datetime(minutes.stop * MINUTE)
    after = to_datetime(minutes.start * MINUTE - 1)
    instants = []
    while (coming := next_occurrence(schedule, after)) is not None and coming < end:
        instants.append(after := coming)
    return instants


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("gap, overlap", [("first_valid", "first"), ("shift", "last"), ("skip", "both")])
def test_counting_is_the_same_as_going_from_one_to_the_next(zone: str, gap: str, overlap: str) -> None:
    """Between the days before and after a change, and within the day itself, a rule counts what the oracle does."""
    for name in CASES:
        rule = rule_of(CASES[name].schedule(zone, gap, overlap))
        for number, near in enumerate(days(zone)):
            minutes = expected(zone, name, gap, overlap, number)
            for begin, end in parts(near):
                wanted = bisect_right(minutes, end) - bisect_right(minutes, begin)
                assert rule.count(begin * MINUTE, end * MINUTE) == wanted, (name, begin, end)


def parts(near: Days) -> list[tuple[int, int]]:
    """The neighbourhood, and its parts before and after some minutes of the night."""
    begin, end = near.neighbours.start, near.neighbours.stop
    cuts = [near.neighbours.start + 24 * 60 + minutes for minutes in (0, 61, 90, 119, 120, 121, 150, 179, 180, 181)]
    return [(begin, end), *((begin, cut) for cut in cuts), *((cut, end) for cut in cuts)]


# The rows of `docs/schedules.md`, by hand: (zone, wall time, gap, overlap, instants of the day in UTC)
BY_HAND = [
    # New York, 8 March 2026: the clock goes from 2:00 to 3:00
    ("America/New_York", "2026-03-08T02:30", "first_valid", "first", ["2026-03-08T07:00"]),
    ("America/New_York", "2026-03-08T02:30", "shift", "first", ["2026-03-08T07:30"]),
    ("America/New_York", "2026-03-08T02:30", "skip", "first", []),
    # New York, 1 November 2026: 1:00 to 2:00 comes twice
    ("America/New_York", "2026-11-01T01:30", "first_valid", "first", ["2026-11-01T05:30"]),
    ("America/New_York", "2026-11-01T01:30", "first_valid", "last", ["2026-11-01T06:30"]),
    ("America/New_York", "2026-11-01T01:30", "first_valid", "both", ["2026-11-01T05:30", "2026-11-01T06:30"]),
    # Lord Howe, 4 October 2026: from 2:00 to 2:30
    ("Australia/Lord_Howe", "2026-10-04T02:15", "first_valid", "first", ["2026-10-03T15:30"]),
    ("Australia/Lord_Howe", "2026-10-04T02:15", "shift", "first", ["2026-10-03T15:45"]),
    # Apia had no 30 December 2011
    ("Pacific/Apia", "2011-12-30T09:00", "first_valid", "first", ["2011-12-30T10:00", "2011-12-30T19:00"]),
    ("Pacific/Apia", "2011-12-30T09:00", "shift", "first", ["2011-12-30T19:00"]),
    ("Pacific/Apia", "2011-12-30T09:00", "skip", "first", ["2011-12-30T19:00"]),
]


@pytest.mark.parametrize("zone, wall, gap, overlap, instants", BY_HAND)
def test_nights_worked_out_by_hand(zone: str, wall: str, gap: str, overlap: str, instants: list[str]) -> None:
    """A daily cron at the wall time fires on that day at exactly these instants, whatever an oracle says."""
    meant = datetime.fromisoformat(wall)
    spec = ScheduleSpec(
        schedule_type="cron", cron=f"{meant:%M %H} * * *", timezone=zone, dst_gap=gap, dst_overlap=overlap
    )
    schedule = accepted(spec, datetime(2011, 1, 1, tzinfo=UTC))
    local = meant.replace(hour=0, minute=0, tzinfo=zone_info(zone))
    begin = to_instant(local.astimezone(UTC)) // MINUTE
    day = range(begin, begin + 24 * 60)
    assert found(schedule, day) == [datetime.fromisoformat(at).replace(tzinfo=UTC) for at in instants]
