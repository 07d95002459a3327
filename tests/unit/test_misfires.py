"""Downtime, windows and jitter: what a reminder by a rule does when it is due, until nothing is due any more."""

# ruff: noqa: DTZ001 - a wall time has no zone

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.errors import PlanRefused
from reminders.instants import Instant, to_datetime, to_instant
from reminders.model import BusinessCalendar, SendWindow
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules import advance
from reminders.schedules.advance import NEVER, Advance, due_after
from reminders.schedules.fields import accepted
from reminders.schedules.rule import gate_of, jitter_of, rule_of, timeline_of
from reminders.schedules.send_windows import Gate
from reminders.schedules.timeline import Timeline
from reminders.states import Reason
from tests.world import claimed

MINUTE: Instant = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
MONDAY = to_instant(NINE)
WORKING = {"work": BusinessCalendar(holidays=frozenset({date(2026, 3, 4)}))}
OFFICE = SendWindow(weekdays=frozenset(range(5)), opens=540, closes=1_020)


def schedule(**fields: Any) -> Schedule:
    given = {"schedule_type": "cron", "start_at": NINE - timedelta(days=100)} | fields
    return accepted(ScheduleSpec(**given), NINE - timedelta(days=100))


def advances(given: Schedule, cursor: Instant, now: Instant, calendars: Any = WORKING) -> list[Advance]:
    """What the tick does at `now`, again and again, until the reminder is due later."""
    found: list[Advance] = []
    while not found or (found[-1].next_due is not None and found[-1].next_due <= now):
        found.append(advance.of(claimed(given, cursor), now, calendars))
        cursor = cursor if found[-1].cursor is None else found[-1].cursor
        assert len(found) < 40, "it does not come to an end"
    return found


def shown(found: list[Advance]) -> list[tuple[str, str | None, int]]:
    """Each advance in short: what it does, for when (minutes and hours of the day in March), for how many."""

    def at(instant: Instant | None) -> str | None:
        return None if instant is None else f"{to_datetime(instant):%d %H:%M}"

    return [
        ("fires" if each.fires else str(each.skipped or "waits"), at(each.scheduled_at), each.stands_for)
        for each in found
    ]


# A day of downtime: hourly at the full hour, planned through Monday nine o'clock, next seen on Tuesday at 9:10

HOURLY: dict[str, Any] = {"cron": "0 * * * *"}
A_DAY_LATER = MONDAY + DAY + 10 * MINUTE

OUTAGES = [
    # by default the latest fires and stands for all
    ({}, [("fires", "03 09:00", 24)]),
    # with a grace what is later than that is skipped, in one row, and the latest fires for the rest
    ({"misfire_grace_minutes": 90}, [("misfire", "03 07:00", 22), ("fires", "03 09:00", 2)]),
    ({"misfire_grace_minutes": 10}, [("misfire", "03 08:00", 23), ("fires", "03 09:00", 1)]),
    ({"misfire_grace_minutes": 9}, [("misfire", "03 09:00", 24)]),
    # skip: nothing that was missed fires; five minutes late is not missed
    ({"misfire_policy": "skip"}, [("misfire", "03 09:00", 24)]),
    ({"misfire_policy": "skip", "misfire_grace_minutes": 15}, [("misfire", "03 08:00", 23), ("fires", "03 09:00", 1)]),
    # fire_all: the latest so many fire, each by itself; what is more is skipped in one row
    ({"misfire_policy": "fire_all", "max_catchup": 3}, [("max_catchup", "03 06:00", 21), ("fires", "03 07:00", 1), ("fires", "03 08:00", 1), ("fires", "03 09:00", 1)]),
    ({"misfire_policy": "fire_all", "max_catchup": 1}, [("max_catchup", "03 08:00", 23), ("fires", "03 09:00", 1)]),
    ({"misfire_policy": "fire_all", "max_catchup": 10, "misfire_grace_minutes": 75}, [("misfire", "03 07:00", 22), ("fires", "03 08:00", 1), ("fires", "03 09:00", 1)]),
    # at an end
    ({"end_at": NINE + timedelta(hours=3)}, [("fires", "02 12:00", 3)]),
]  # fmt: skip


@pytest.mark.parametrize("fields, expected", OUTAGES)
def test_an_outage_of_a_day(fields: dict[str, Any], expected: list[tuple[str, str, int]]) -> None:
    """Under each policy these rows are written, one an advance, and then the reminder waits for ten o'clock or has
    ended."""
    found = advances(schedule(**HOURLY, **fields), MONDAY, A_DAY_LATER)
    assert shown(found) == expected
    assert found[-1].next_due == (None if "end_at" in fields else MONDAY + DAY + HOUR)


def test_fire_all_makes_up_for_ten_at_most_by_default() -> None:
    """Without max_catchup the latest ten fire."""
    found = shown(advances(schedule(**HOURLY, misfire_policy="fire_all"), MONDAY, A_DAY_LATER))
    assert [verb for verb, *_ in found] == ["max_catchup", *["fires"] * 10]


def test_a_year_at_one_minute_is_one_row() -> None:
    """Half a million missed minutes are counted, not walked, and recorded as one."""
    found = advances(schedule(cron="* * * * *", misfire_policy="skip"), MONDAY, MONDAY + 365 * DAY)
    assert [(each.skipped, each.stands_for) for each in found] == [
        (Reason.MISFIRE, 365 * 1_440 - 6),
        (None, 6),
    ]


def test_what_is_on_time_fires_under_skip() -> None:
    """A tick comes some seconds late: that is no misfire."""
    found = advances(schedule(**HOURLY, misfire_policy="skip"), MONDAY, MONDAY + HOUR + 20_000_000)
    assert shown(found) == [("fires", "02 10:00", 1)]


def test_a_wake_up_by_a_person_is_an_extra_one() -> None:
    """When nothing is due by itself it fires for now, and the cursor stays."""
    found = advances(schedule(**HOURLY), MONDAY, MONDAY + MINUTE)
    assert found == [Advance.fire(at=MONDAY + MINUTE, next_due=MONDAY + HOUR)]


# Windows

WINDOWED = [
    # over the weekend: Friday's last hour is on time, all that follow are one on Monday at nine
    ({}, "06 16:00", "06 16:00", [("fires", "06 16:00", 1)], "09 09:00"),
    ({}, "06 16:00", "09 09:00", [("fires", "09 09:00", 65)], "09 10:00"),
    # found late in the window, the deferred one stands for what came after it, too
    ({}, "06 16:00", "09 11:30", [("fires", "09 11:00", 67)], "09 12:00"),
    # found after the window has closed it waits for the next one; its conditions are then looked at again
    ({}, "06 16:00", "09 18:00", [("waits", None, 0)], "10 09:00"),
    # skip: what lies outside is recorded as such when the next one inside comes
    ({"window_policy": "skip"}, "06 16:00", "09 09:00", [("window", "09 08:00", 64), ("fires", "09 09:00", 1)], "09 10:00"),
    ({"window_policy": "skip"}, "06 16:00", "09 18:00", [("window", "09 08:00", 64), ("window", "09 16:00", 8)], "10 09:00"),
    # a holiday on Wednesday
    ({"business_calendar": "work"}, "03 16:00", "03 17:00", [("waits", None, 0)], "05 09:00"),
]  # fmt: skip


@pytest.mark.parametrize("fields, cursor, now, expected, following", WINDOWED)
def test_what_a_window_does_to_an_hourly_reminder(
    fields: dict[str, Any], cursor: str, now: str, expected: list[tuple[str, str | None, int]], following: str
) -> None:
    """Weekdays from nine to five: these rows are written at that moment, and then the reminder is due at this one."""
    begin, end, coming = (to_instant(datetime.fromisoformat(f"2026-03-{at}+00:00")) for at in (cursor, now, following))
    given = schedule(**HOURLY, send_window=OFFICE, **fields)
    if begin == end:
        begin -= HOUR
    found = advances(given, begin, end)
    if found == [Advance.fire(at=end, next_due=coming)]:
        found = [Advance.wait(until=coming)]
    assert shown(found) == expected
    assert found[-1].next_due == coming


def test_a_deferral_is_a_stored_due_time() -> None:
    """Planned on Friday evening, the next occurrence is due on Monday at nine."""
    given = schedule(**HOURLY, send_window=OFFICE)
    friday = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)
    assert due_after(given, friday, {}) == datetime(2026, 3, 9, 9, tzinfo=UTC)


def test_a_person_may_not_break_a_window() -> None:
    """A wake-up outside of the window waits for it, or is passed over by skip."""
    sunday = to_instant(datetime(2026, 3, 8, 12, tzinfo=UTC))
    monday = to_instant(datetime(2026, 3, 9, 9, tzinfo=UTC))
    weekly: dict[str, Any] = {"cron": "0 10 * * MON", "send_window": OFFICE}
    assert advance.of(claimed(schedule(**weekly), sunday - DAY), sunday, {}) == Advance.wait(until=monday)
    skips = schedule(**weekly, window_policy="skip")
    assert advance.of(claimed(skips, sunday - DAY), sunday, {}) == Advance.wait(until=monday + HOUR)


def test_a_calendar_that_is_gone_parks_the_reminder() -> None:
    """Without its business calendar nothing can be planned."""
    with pytest.raises(PlanRefused, match="no business calendar 'work'"):
        advance.of(claimed(schedule(**HOURLY, business_calendar="work"), MONDAY), A_DAY_LATER, {})


# Jitter


@given(st.uuids().map(str), st.integers(0, 3_600))
def test_jitter_is_stable_and_bounded(reminder_id: str, seconds: int) -> None:
    """A reminder is always the same whole seconds late, at most so many."""
    jitter = jitter_of(reminder_id, seconds)
    assert 0 <= jitter <= seconds * 1_000_000
    assert jitter % 1_000_000 == 0
    assert jitter == jitter_of(reminder_id, seconds)


def test_jitter_spreads() -> None:
    """A thousand reminders at nine o'clock are spread over the minute."""
    assert len({jitter_of(f"{number}", 59) for number in range(1_000)}) == 60


def test_jitter_moves_the_due_time_and_not_the_occurrence() -> None:
    """The run is scheduled for what is due, and the cursor stays on the rule's own instant."""
    given = schedule(**HOURLY, jitter_seconds=900)
    reminder = claimed(given, MONDAY)
    jitter = jitter_of(reminder.id, 900)
    assert jitter > 0
    found = advance.of(reminder, MONDAY + HOUR + jitter, {})
    assert (found.scheduled_at, found.cursor) == (MONDAY + HOUR + jitter, MONDAY + HOUR)
    assert found.next_due == MONDAY + 2 * HOUR + jitter
    assert due_after(given, NINE, {}, reminder.id) == to_datetime(MONDAY + HOUR + jitter)


windows = st.builds(
    SendWindow,
    opens=st.integers(0, 1_439),
    closes=st.integers(1, 1_440),
    weekdays=st.sets(st.integers(0, 6), min_size=1).map(frozenset),
    timezone=st.none(),
).filter(lambda window: window.opens != window.closes)
rules = st.sampled_from(
    [
        {"cron": "*/13 * * * *"},
        {"cron": "0 * * * *", "timezone": "Australia/Lord_Howe"},
        {"cron": "30 2 * * *", "timezone": "America/New_York"},
        {"schedule_type": "recurring", "interval_minutes": 97},
        {"schedule_type": "recurring", "backoff_minutes": (60, 180, 7)},
        {"schedule_type": "rrule", "rrule": "FREQ=DAILY;BYHOUR=1,2,9;BYMINUTE=0,30", "timezone": "Europe/London"},
        {"schedule_type": "calendar", "unit": "day", "timezone": "Africa/Casablanca"},
    ]
)
spans = st.integers(0, 90 * 1_440)
begins = st.datetimes(datetime(2026, 2, 1), datetime(2027, 1, 1), timezones=st.just(UTC)).map(to_instant)


@given(rules, windows, st.sampled_from([0, 1, 59, 3_600, 86_400]), begins)
def test_jitter_never_leaves_a_window(
    fields: dict[str, Any], window: SendWindow, seconds: int, cursor: Instant
) -> None:
    """Due times are within the window, not before what they stand for, and never go back."""
    meant = schedule(**fields, send_window=window, jitter_seconds=seconds)
    timeline, gate = timeline_of(meant, {}, "an id"), gate_of(meant, {})
    assert gate is not None
    last = NEVER
    for _ in range(6):
        found = timeline.following(cursor)
        if found is None:
            break
        assert gate.is_open(found.due)
        assert found.due >= max(found.first, last)
        assert found.due <= (gate.next_open(found.first) or 0) + seconds * 1_000_000
        cursor, last = found.last, found.due


@given(rules, windows, begins)
def test_deferrals_collapse(fields: dict[str, Any], window: SendWindow, cursor: Instant) -> None:
    """Those that a closed window holds back are one, with the one at its opening; the others are themselves."""
    meant = schedule(**fields, send_window=window)
    timeline, rule, gate = timeline_of(meant, {}), rule_of(meant), gate_of(meant, {})
    assert gate is not None
    for _ in range(4):
        found = timeline.following(cursor)
        if found is None:
            break
        held = list(walked(rule.following, cursor, gate.next_open(rule.following(cursor) or 0) or 0))
        assert (found.first, found.last, found.stands_for) == (held[0], held[-1], len(held))
        assert found.due == gate.next_open(held[0])
        cursor = found.last


@given(rules, windows, begins)
def test_what_a_window_passes_over_is_counted(fields: dict[str, Any], window: SendWindow, cursor: Instant) -> None:
    """By skip each occurrence is the next one that lies within, and says how many it has left behind, and the last of
    these."""
    meant = schedule(**fields, send_window=window, window_policy="skip")
    timeline, rule, gate = timeline_of(meant, {}), rule_of(meant), gate_of(meant, {})
    assert gate is not None
    found = timeline.following(cursor)
    if found is None:
        assert rule.following(cursor) is None
        return
    if (
        not found.stands_for
    ):  # no instant of a daily rule may lie in the window: those that were looked at are passed over
        closed = list(walked(rule.following, cursor, found.last))
        assert not any(map(gate.is_open, closed))
        assert (found.passed_over, found.due, found.last) == (len(closed), closed[-1], closed[-1])
        return
    *passed, inside = walked(rule.following, cursor, found.due)
    assert gate.is_open(inside)
    assert not any(map(gate.is_open, passed))
    expected = (inside, inside, 1, len(passed), passed[-1] if passed else None)
    assert (found.due, found.last, found.stands_for, found.passed_over, found.passed_last) == expected


def walked(following: Any, after: Instant, through: Instant) -> Iterator[Instant]:
    """A rule's instants in (after, through], one by one."""
    while (coming := following(after)) is not None and coming <= through:
        yield coming
        after = coming


@given(rules, begins, spans)
def test_the_last_is_that_of_walking(fields: dict[str, Any], after: Instant, minutes: int) -> None:
    """The last instant of a span is found without walking it."""
    rule = rule_of(schedule(**fields))
    through = after + minutes * MINUTE
    found = list(walked(rule.following, after, through))
    if found:
        assert Timeline(rule).last(after, through) == found[-1]


policies = st.fixed_dictionaries(
    {},
    optional={
        "misfire_policy": st.sampled_from(["fire_once", "skip", "fire_all"]),
        "misfire_grace_minutes": st.integers(0, 3_000),
        "jitter_seconds": st.integers(1, 7_200),
    },
)


@settings(max_examples=300)
@given(
    rules, policies, st.none() | windows, st.sampled_from([None, "defer", "skip"]), begins, spans, st.integers(1, 10)
)
def test_everything_is_accounted_for_once(
    fields: dict[str, Any],
    policy: dict[str, Any],
    window: SendWindow | None,
    window_policy: str | None,
    cursor: Instant,
    minutes: int,
    most: int,
) -> None:
    """After any outage each missed occurrence is in one run or one skip, none twice, and no more fire than the policy
    lets."""
    now = cursor + minutes * MINUTE
    if window is not None:
        fields = fields | {"send_window": window, "window_policy": window_policy}
    if policy.get("misfire_policy") == "fire_all":
        policy = policy | {"max_catchup": most}
    meant = schedule(**fields, **policy)
    found = advances(meant, cursor, now)

    moved = [each for each in found if each.cursor is not None]
    cursors = [cursor, *(each.cursor for each in moved if each.cursor is not None)]
    rule = rule_of(meant)
    counts = [rule.count(begin, end) for begin, end in pairwise(cursors)]
    assert [each.stands_for for each in moved] == counts
    assert cursors == sorted(set(cursors))
    assert len([each for each in moved if each.fires]) <= (most if policy.get("misfire_policy") == "fire_all" else 1)
    assert all(each.scheduled_at is not None and each.scheduled_at <= now for each in moved)
    assert_nothing_is_left(timeline_of(meant, {}, claimed(meant, None).id), cursors[-1], now)


def assert_nothing_is_left(timeline: Timeline, cursor: Instant, now: Instant) -> None:
    """What is still due could not be sent now: its window has closed."""
    coming = timeline.following(cursor)
    assert coming is None or coming.due > now or (timeline.gate is not None and not timeline.gate.is_open(now))


def test_a_gate_has_the_zone_of_its_window_or_of_its_schedule() -> None:
    """A window without a zone is in the schedule's."""
    noon = to_instant(datetime(2026, 3, 2, 12, tzinfo=UTC))
    kolkata = SendWindow(opens=1_050, closes=1_051, timezone="Asia/Kolkata")  # noon in UTC
    tokyo = SendWindow(opens=1_260, closes=1_261)
    gates: list[Gate | None] = [
        gate_of(schedule(**HOURLY, timezone="Asia/Tokyo", send_window=window), {}) for window in (kolkata, tokyo)
    ]
    assert [gate is not None and gate.is_open(noon) for gate in gates] == [True, True]
