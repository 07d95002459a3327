"""A schedule shown to people: its next instants with their notes, and its words."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest

from reminders.errors import InvalidField
from reminders.instants import to_instant
from reminders.model import BusinessCalendar, SendWindow
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules.fields import accepted
from reminders.schedules.preview import Item, upcoming
from reminders.schedules.rule import timeline_of
from reminders.schedules.words import describe

BERLIN = "Europe/Berlin"
OFFICE = SendWindow(weekdays=frozenset(range(5)), opens=540, closes=1020)
CALENDARS = {"germany": BusinessCalendar(holidays=frozenset({date(2026, 12, 25)}))}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def made(created: str, **fields: Any) -> Schedule:
    moments = {name: at(fields[name]) for name in ("start_at", "end_at", "anchor_at") if name in fields}
    lists = {name: tuple(map(at, fields[name])) for name in ("rdates", "exdates") if name in fields}
    return accepted(ScheduleSpec(**{**fields, **moments, **lists}), at(created))


def shown(
    created: str,
    *,
    after: str | None = None,
    count: int = 3,
    id: str | None = None,  # noqa: A002 - of the reminder, for its jitter
    **fields: Any,
) -> tuple[Item, ...]:
    """What a reminder that was created then does next."""
    schedule = made(created, **fields)
    return upcoming(
        schedule,
        timeline_of(schedule, CALENDARS, id),
        since=to_instant(at(created)),
        after=to_instant(at(after or created)),
        count=count,
        runs_left=schedule.max_runs,
    )


def lines(items: tuple[Item, ...]) -> list[str]:
    return [" ".join([item.local.isoformat(), *item.notes]) for item in items]


_HALF_PAST_TWO = {"schedule_type": "cron", "cron": "30 2 * * *", "timezone": BERLIN}
_GAP, _OVERLAP = "2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"


@pytest.mark.parametrize(
    ("created", "fields", "expected"),
    [
        # The clock passes over half past two: the first instant after the gap, and the issue's own example.
        (_GAP, _HALF_PAST_TWO, ["2026-03-29T03:00:00+02:00 dst_gap", "2026-03-30T02:30:00+02:00"]),
        (
            _GAP,
            _HALF_PAST_TWO | {"dst_gap": "shift"},
            ["2026-03-29T03:30:00+02:00 dst_gap", "2026-03-30T02:30:00+02:00"],
        ),
        (_GAP, _HALF_PAST_TWO | {"dst_gap": "skip"}, ["2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"]),
        # It shows half past two twice.
        (_OVERLAP, _HALF_PAST_TWO, ["2026-10-25T02:30:00+02:00 dst_overlap", "2026-10-26T02:30:00+01:00"]),
        (
            _OVERLAP,
            _HALF_PAST_TWO | {"dst_overlap": "both"},
            ["2026-10-25T02:30:00+02:00 dst_overlap", "2026-10-25T02:30:00+01:00 dst_overlap"],
        ),
        # A month that is too short, and one that is not.
        (
            "2026-02-01T00:00:00Z",
            {"schedule_type": "calendar", "unit": "month", "start_at": "2026-01-31T09:00:00Z"},
            ["2026-02-28T09:00:00+00:00 clamped", "2026-03-31T09:00:00+00:00"],
        ),
        # Offsets: a month that is too short, and a gap.
        (
            "2026-01-01T00:00:00Z",
            {"schedule_type": "anchored", "anchor_at": "2026-01-31T09:00:00Z", "offsets": ("P1M", "-P1D")},
            ["2026-01-30T09:00:00+00:00", "2026-02-28T09:00:00+00:00 clamped"],
        ),
        (
            "2026-01-01T00:00:00Z",
            {
                "schedule_type": "anchored",
                "anchor_at": "2026-03-30T02:30:00+02:00",
                "offsets": ("-P1D", "-PT1H"),
                "timezone": BERLIN,
            },
            ["2026-03-29T03:00:00+02:00 dst_gap", "2026-03-30T01:30:00+02:00"],
        ),
        # A window, and a calendar: what waits for the same minute is one.
        (
            "2026-03-06T14:00:00Z",
            {"schedule_type": "cron", "cron": "0 */2 * * *", "timezone": BERLIN, "send_window": OFFICE},
            ["2026-03-06T16:00:00+01:00", "2026-03-09T09:00:00+01:00 deferred", "2026-03-09T10:00:00+01:00"],
        ),
        (
            "2026-12-24T12:00:00Z",
            {"schedule_type": "cron", "cron": "0 9 * * *", "business_calendar": "germany"},
            ["2026-12-28T00:00:00+00:00 deferred holiday", "2026-12-28T09:00:00+00:00"],
        ),
        # Skipped ones are not there.
        (
            "2026-12-24T12:00:00Z",
            {"schedule_type": "cron", "cron": "0 9 * * *", "business_calendar": "germany", "window_policy": "skip"},
            ["2026-12-28T09:00:00+00:00", "2026-12-29T09:00:00+00:00"],
        ),
        # Elapsed time has no wall clock, so nothing moves it.
        (
            "2026-03-29T00:00:00Z",
            {"schedule_type": "recurring", "interval_minutes": 60},
            ["2026-03-29T01:00:00+00:00", "2026-03-29T02:00:00+00:00"],
        ),
    ],
)
def test_what_a_rule_moves_is_noted(created: str, fields: dict[str, Any], expected: list[str]) -> None:
    """Each instant with its local time, and why it is not where it was meant."""
    assert lines(shown(created, count=len(expected), **fields)) == expected


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"schedule_type": "cron", "cron": "0 9 * * *", "max_runs": 2}, 2),
        ({"schedule_type": "cron", "cron": "0 9 * * *", "end_at": "2026-03-04T09:00:00Z"}, 3),
        ({"schedule_type": "rrule", "rrule": "FREQ=DAILY;COUNT=3", "start_at": "2026-03-01T09:00:00Z"}, 2),
        ({"schedule_type": "one_time", "start_at": "2026-03-02T09:00:00Z"}, 1),
        ({"schedule_type": "one_time", "start_at": "2026-03-01T09:00:00Z"}, 0),
        ({"schedule_type": "anchored", "anchor_at": "2026-03-02T09:00:00Z", "offsets": ("-P3D", "PT1H")}, 1),
    ],
)
def test_there_are_fewer_when_it_ends(fields: dict[str, Any], count: int) -> None:
    """Its end, its number of runs, its COUNT, its last offset: nothing is made up."""
    assert len(shown("2026-03-02T00:00:00Z", count=100, **fields)) == count


@pytest.mark.parametrize(
    ("after", "left"), [("2026-03-02T00:00:00Z", 5), ("2026-03-03T09:00:00Z", 3), ("2026-03-20T00:00:00Z", 0)]
)
@pytest.mark.parametrize("gate", [{}, {"send_window": SendWindow(opens=480, closes=1020)}])
def test_runs_before_that_instant_are_used_up(gate: dict[str, Any], after: str, left: int) -> None:
    """max_runs counts from the reminder's creation, also when the preview begins later."""
    fields: dict[str, Any] = {"schedule_type": "cron", "cron": "0 9 * * *", "max_runs": 5}
    assert len(shown("2026-03-02T00:00:00Z", after=after, count=100, **fields, **gate)) == left


def test_too_many_runs_to_be_counted_are_refused() -> None:
    """A window makes counting slow, and a preview answers at once: `after` is named."""
    fields: dict[str, Any] = {"schedule_type": "recurring", "interval_minutes": 1, "max_runs": 1_000_000}
    with pytest.raises(InvalidField) as refused:
        shown("2026-03-02T00:00:00Z", after="2030-01-01T00:00:00Z", send_window=OFFICE, **fields)
    assert refused.value.field == "after"


def test_what_waits_when_a_preview_begins_is_in_it() -> None:
    """Saturday's occurrence waits for Monday: seen from Sunday it is still to come."""
    fields: dict[str, Any] = {"schedule_type": "cron", "cron": "0 9 * * SAT", "send_window": OFFICE, "timezone": BERLIN}
    items = shown("2026-03-02T00:00:00Z", after="2026-03-08T12:00:00Z", count=1, **fields)
    assert lines(items) == ["2026-03-09T09:00:00+01:00 deferred"]


@pytest.mark.parametrize(
    "fields",
    [
        {"schedule_type": "recurring", "interval_minutes": 1, "jitter_seconds": 3_600},
        {"schedule_type": "cron", "cron": "*/7 * * * *", "jitter_seconds": 3_600, "timezone": BERLIN},
        {"schedule_type": "rrule", "rrule": "FREQ=YEARLY", "start_at": "2024-02-29T00:00:00Z"},
    ],
)
@pytest.mark.parametrize("gate", [{}, {"send_window": OFFICE}, {"send_window": OFFICE, "business_calendar": "germany"}])
def test_instants_ascend_and_lie_after_that_instant(fields: dict[str, Any], gate: dict[str, Any]) -> None:
    """Strictly, also when jitter pushes several to the end of a window."""
    moments = [item.at for item in shown("2026-12-24T15:30:00Z", count=100, id="a-reminder", **fields, **gate)]
    assert len(moments) == 100
    assert at("2026-12-24T15:30:00Z") < moments[0]
    assert all(one < other for one, other in itertools.pairwise(moments))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"schedule_type": "one_time", "start_at": "2026-03-02T09:00:00Z"}, "once, at 2026-03-02T09:00:00Z"),
        ({"schedule_type": "recurring", "interval_minutes": 60}, "every hour from 2026-03-02T01:00:00Z"),
        (
            {"schedule_type": "recurring", "backoff_minutes": (1440, 4320)},
            "after 2026-03-02T00:00:00Z with gaps of 24 hours and 72 hours, and then every 72 hours",
        ),
        ({"schedule_type": "recurring", "backoff_minutes": (5,)}, "every 5 minutes after 2026-03-02T00:00:00Z"),
        (
            {
                "schedule_type": "calendar",
                "every": 2,
                "unit": "week",
                "start_at": "2026-03-02T08:00:00Z",
                "timezone": BERLIN,
            },
            "every 2 weeks on Monday at 09:00 (Europe/Berlin) from 2026-03-02",
        ),
        (
            {"schedule_type": "calendar", "unit": "month", "start_at": "2026-01-31T09:00:00Z"},
            "every month on day 31, or the month's last at 09:00 (UTC) from 2026-01-31",
        ),
        (
            {
                "schedule_type": "calendar",
                "unit": "year",
                "start_at": "2024-02-29T09:00:30Z",
                "month_overflow": "skip",
            },
            "every year on 29 February, or not at all at 09:00:30 (UTC) from 2024-02-29",
        ),
        ({"schedule_type": "cron", "cron": "0 9 * * 1-5"}, "at 09:00, Monday through Friday (UTC)"),
        ({"schedule_type": "cron", "cron": "@daily", "timezone": BERLIN}, "at 00:00 (Europe/Berlin)"),
        (
            {"schedule_type": "rrule", "rrule": "FREQ=MONTHLY;BYDAY=-1FR", "start_at": "2026-03-02T09:00:00Z"},
            "every month on the last Friday at 09:00 (UTC) from 2026-03-02",
        ),
        (
            {
                "schedule_type": "rrule",
                "rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE;BYHOUR=9,17;COUNT=10",
                "start_at": "2026-03-02T09:00:00Z",
                "exdates": ("2026-03-16T09:00:00Z",),
            },
            "every 2 weeks on Monday to Wednesday at 09:00 and 17:00 (UTC) from 2026-03-02, 10 times, but for 1 time",
        ),
        (
            {"schedule_type": "rrule", "rrule": "FREQ=YEARLY", "start_at": "2026-03-02T09:00:00Z"},
            "every year on day 2 of the month in March at 09:00 (UTC) from 2026-03-02",
        ),
        (
            {
                "schedule_type": "rrule",
                "rrule": "FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=1,-2;UNTIL=20270101T000000Z",
                "start_at": "2026-03-02T09:00:00Z",
            },
            (
                "every month on Monday and Friday at 09:00 (of these only the 2nd to last and 1st) (UTC) from 2026-03-02,"
                " until 2027-01-01 00:00"
            ),
        ),
        (
            {"schedule_type": "anchored", "anchor_at": "2026-03-09T09:00:00Z", "offsets": ("-P3D", "-PT1H30M", "PT0S")},
            "3 days before, 1 hour and 30 minutes before and at 2026-03-09T09:00:00Z",
        ),
        (
            {
                "schedule_type": "cron",
                "cron": "0 9 * * *",
                "send_window": OFFICE,
                "business_calendar": "germany",
                "max_runs": 5,
                "end_at": "2026-12-31T00:00:00Z",
                "jitter_seconds": 60,
            },
            (
                "at 09:00 (UTC), until 2026-12-31T00:00:00Z, at most 5 times, up to 60 seconds later, only on Monday to"
                " Friday from 09:00 to 17:00 (UTC) on working days of germany, otherwise at the next allowed minute"
            ),
        ),
        (
            {
                "schedule_type": "recurring",
                "interval_minutes": 1,
                "send_window": SendWindow(weekdays=frozenset({1, 5})),
                "window_policy": "skip",
            },
            "every minute from 2026-03-02T00:01:00Z, only on Tuesday and Saturday (UTC), otherwise not at all",
        ),
    ],
)
def test_a_schedule_is_said_in_words(fields: dict[str, Any], words: str) -> None:
    """One line of English with all that the schedule says."""
    assert describe(made("2026-03-02T00:00:00Z", **fields)) == words


@pytest.mark.parametrize("expression", ["0 9 * * *", "*/7 */3 L * *", "0 9 LW * *", "30 2 * * MON#2", "0 0 29 2 *"])
def test_each_expression_has_words(expression: str) -> None:
    """Also where the library that describes cron knows less than cron does."""
    assert describe(made("2026-03-02T00:00:00Z", schedule_type="cron", cron=expression)).endswith("(UTC)")
