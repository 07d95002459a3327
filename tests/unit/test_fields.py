"""What a caller may say of a schedule: refusals by the field's name, defaults, and what is kept of it."""

# ruff: noqa: DTZ001 - a wall time has no zone

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.errors import InvalidField
from reminders.model import SendWindow
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules import durations, stored, zones
from reminders.schedules.advance import next_occurrence
from reminders.schedules.fields import accepted, changed, replanned, spec_of
from reminders.schedules.registry import TYPES
from tests.unit.oracle import zone_info

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# The least that makes a schedule of each type.
LEAST: dict[str, dict[str, Any]] = {
    "one_time": {"start_at": NINE},
    "recurring": {"interval_minutes": 60},
    "calendar": {"unit": "day", "start_at": NINE},
    "cron": {"cron": "0 9 * * *"},
    "rrule": {"rrule": "FREQ=DAILY", "start_at": NINE},
    "anchored": {"anchor_at": NINE, "offsets": ("-P1D",)},
}
# A value for each field that belongs to some types only.
VALUES: dict[str, Any] = {
    "interval_minutes": 60,
    "backoff_minutes": (60,),
    "every": 2,
    "unit": "month",
    "month_overflow": "skip",
    "cron": "0 9 * * *",
    "rrule": "FREQ=DAILY",
    "rdates": (NINE,),
    "exdates": (NINE,),
    "anchor_at": NINE,
    "offsets": ("P1D",),
    "past_offset": "fire",
    "dst_gap": "skip",
    "dst_overlap": "both",
}
WINDOW = SendWindow(opens=540, closes=1_020)


def accept(kind: str, moment: datetime = NINE, **fields: Any) -> Schedule:
    meant = {"schedule_type": kind} | LEAST.get(kind, {}) | fields
    return accepted(ScheduleSpec(**meant), moment)


def refusal(kind: str, **fields: Any) -> InvalidField:
    with pytest.raises(InvalidField) as refused:
        accept(kind, **fields)
    return refused.value


@pytest.mark.parametrize("kind", TYPES)
def test_the_least_is_enough(kind: str) -> None:
    """What a type needs is all that it needs."""
    assert next_occurrence(accept(kind), NINE - 2 * DAY) is not None


@pytest.mark.parametrize("kind, field", [(kind, field) for kind, each in TYPES.items() for field in each.needed])
def test_what_is_needed(kind: str, field: str) -> None:
    """A field that the type needs is asked for by name."""
    refused = refusal(kind, **{field: None})
    assert (refused.field, refused.message[:15]) == (field, "is required for")


@pytest.mark.parametrize(
    "kind, field", [(kind, field) for kind in TYPES for field in VALUES if field not in TYPES[kind].own]
)
def test_a_field_of_another_type(kind: str, field: str) -> None:
    """A field of another schedule type is refused by its own name."""
    refused = refusal(kind, **{field: VALUES[field]})
    assert (refused.field, refused.message[:15]) == (field, "does not belong")


REFUSED = [
    ("fortnightly", {}, "schedule_type"),
    ("", {}, "schedule_type"),
    # recurring: one of two, and not both
    ("recurring", {"interval_minutes": None}, "interval_minutes"),
    ("recurring", {"backoff_minutes": (60, 120)}, "backoff_minutes"),
    # no wall clock, no zone
    ("recurring", {"timezone": "Europe/Berlin"}, "timezone"),
    ("one_time", {"timezone": "UTC"}, "timezone"),
    # unknown zones: misspelt, a path, an offset, an abbreviation, another case
    ("cron", {"timezone": "Europe/Berln"}, "timezone"),
    ("cron", {"timezone": "../etc/passwd"}, "timezone"),
    ("cron", {"timezone": "+02:00"}, "timezone"),
    ("cron", {"timezone": "europe/berlin"}, "timezone"),
    ("cron", {"timezone": ""}, "timezone"),
    ("cron", {"send_window": WINDOW._replace(timezone="Mars/Olympus")}, "send_window.timezone"),
    # ends before it starts
    ("calendar", {"end_at": NINE - MINUTE}, "end_at"),
    ("cron", {"end_at": NINE - MINUTE}, "end_at"),
    ("cron", {"start_at": NINE + DAY, "end_at": NINE + HOUR}, "end_at"),
    ("recurring", {"end_at": NINE + HOUR - MINUTE}, "end_at"),
    ("anchored", {"start_at": NINE, "end_at": NINE - MINUTE}, "end_at"),
    # a step that nobody lives to see
    ("calendar", {"unit": "year", "every": 101}, "every"),
    ("calendar", {"unit": "month", "every": 1_201}, "every"),
    ("calendar", {"unit": "week", "every": 5_218}, "every"),
    ("calendar", {"unit": "day", "every": 36_526}, "every"),
    # an overflow is of months
    ("calendar", {"month_overflow": "clamp"}, "month_overflow"),
    ("calendar", {"unit": "week", "month_overflow": "skip"}, "month_overflow"),
    # how much is made up for is a matter of fire_all
    ("cron", {"max_catchup": 3}, "max_catchup"),
    ("cron", {"misfire_policy": "fire_once", "max_catchup": 3}, "max_catchup"),
    # a policy for a window that is not there, or a window that is none
    ("cron", {"window_policy": "skip"}, "window_policy"),
    ("cron", {"send_window": SendWindow(opens=540, closes=540)}, "send_window"),
    ("cron", {"send_window": SendWindow(opens=540, closes=600, weekdays=frozenset())}, "send_window"),
    # expressions; their own tests have more
    ("cron", {"cron": "0 0 30 2 *"}, "cron"),
    ("rrule", {"rrule": "FREQ=SECONDLY"}, "rrule"),
    # offsets
    ("anchored", {"offsets": ("P1D", "1 day")}, "offsets"),
    ("anchored", {"offsets": ("P101Y",)}, "offsets"),
    ("anchored", {"offsets": ("-PT999999H",)}, "offsets"),
]  # fmt: skip


@pytest.mark.parametrize("kind, fields, field", REFUSED)
def test_what_does_not_fit_together(kind: str, fields: dict[str, Any], field: str) -> None:
    """An invalid combination names the field that is wrong."""
    assert refusal(kind, **fields).field == field


@pytest.mark.parametrize(
    "kind, fields, message",
    [
        ("anchored", {"offsets": ("P1D", "1 secret")}, "no. 2 is not an ISO 8601 duration such as -P3D or PT1H"),
        ("anchored", {"offsets": ("P101Y",)}, "no. 1 lies more than a hundred years away"),
        ("rrule", {"rrule": "FREQ=DAILY;SECRET=1"}, "has a part that RFC 5545 does not know"),
        ("rrule", {"rrule": "SECRET=1;SECRET=2"}, "has a part more than once"),
    ],
)
def test_a_refusal_never_says_what_was_sent(kind: str, fields: dict[str, Any], message: str) -> None:
    """A message has none of the caller's words: it says which of them is wrong, and why."""
    refused = refusal(kind, **fields)
    assert refused.message == message


def test_a_step_of_a_hundred_years_still_repeats() -> None:
    """What is accepted as a step also comes again."""
    for unit, every in (("day", 36_525), ("week", 5_217), ("month", 1_200), ("year", 100)):
        assert next_occurrence(accept("calendar", unit=unit, every=every), NINE) is not None


ACCEPTED = [
    # a window gives a zone something to mean
    ("recurring", {"timezone": "Europe/Berlin", "send_window": WINDOW}),
    ("one_time", {"timezone": "Europe/Berlin", "business_calendar": "work", "window_policy": "defer"}),
    ("calendar", {"unit": "year", "month_overflow": "skip"}),
    ("cron", {"misfire_policy": "fire_all", "max_catchup": 3}),
    # an end at the start, and before the anchor of offsets that lie before it
    ("calendar", {"end_at": NINE}),
    ("anchored", {"end_at": NINE - HOUR}),
    # over midnight
    ("cron", {"send_window": SendWindow(opens=1_320, closes=360)}),
]  # fmt: skip


@pytest.mark.parametrize("kind, fields", ACCEPTED)
def test_what_does_fit_together(kind: str, fields: dict[str, Any]) -> None:
    """These combinations mean something, and the schedule has them as they were given."""
    schedule = accept(kind, **fields)
    assert {name: getattr(schedule, name) for name in fields} == fields


@pytest.mark.parametrize(
    "text, months, days, seconds",
    [
        ("P3D", 0, 3, 0),
        ("-P3D", 0, -3, 0),
        ("+P1W", 0, 7, 0),
        ("P1Y2M3DT4H5M6S", 14, 3, 14_706),
        ("-P1MT1M", -1, 0, -60),
        ("PT0S", 0, 0, 0),
    ],
)
def test_durations(text: str, months: int, days: int, seconds: int) -> None:
    """A sign counts for all parts; an M before the T is a month, after it a minute."""
    assert durations.parse(text) == (months, days, seconds * 1_000_000)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1D", "P1H", "PT1D", "P1.5D", "P-1D", "--P1D", "p1d", "P1D ", "P١D", "P1S", "P1D1Y", "P99999Y"])  # fmt: skip
def test_durations_that_are_none(text: str) -> None:
    """Whatever is no ISO 8601 duration of whole numbers is refused."""
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        durations.parse(text)


# Defaults


@pytest.mark.parametrize(
    "kind, fields, start",
    [
        ("recurring", {}, NINE + HOUR),
        ("recurring", {"interval_minutes": None, "backoff_minutes": (5,)}, NINE),
        ("cron", {}, NINE),
        ("anchored", {"anchor_at": NINE + DAY}, NINE + DAY),
    ],
)
def test_where_a_schedule_starts(kind: str, fields: dict[str, Any], start: datetime) -> None:
    """A grid begins one interval from now, an anchored schedule has its anchor, everything else begins now."""
    assert accept(kind, **fields).start_at == start


# What was meant by a wall clock


def test_wall_times_are_kept_beside_the_instants() -> None:
    """What a wall clock means is stored as its time: start, anchor, dates, and the last that COUNT or UNTIL permits."""
    zone, winter = "Europe/Berlin", datetime(2026, 3, 2, 10, 0)
    meant = accept("rrule", timezone=zone, rrule="FREQ=DAILY;COUNT=31", rdates=(NINE,), exdates=(NINE + HOUR,))
    assert (meant.start_local, meant.rdates_local, meant.exdates_local) == (winter, (winter,), (winter + HOUR,))
    assert meant.rrule_until == datetime(2026, 4, 1, 10, 0)
    assert accept("rrule", timezone=zone, rrule="FREQ=DAILY;UNTIL=20260701T080000Z").rrule_until == datetime(
        2026, 7, 1, 10
    )
    assert accept("anchored", timezone=zone).anchor_local == winter
    assert accept("anchored", timezone=zone).start_local is None
    assert accept("calendar", timezone=zone).start_local == winter


def test_a_zone_that_changes_its_rules_moves_the_instants() -> None:
    """When the clock would not show any more what was meant, the instants are worked out again; else they stay."""
    schedule = accept("calendar", timezone="Europe/Berlin", start_at=datetime(2026, 7, 1, 7, 0, tzinfo=UTC))
    assert replanned(schedule) == schedule
    meant_before = replace(schedule, start_local=datetime(2026, 7, 1, 8, 0))  # as if summer time had been abolished
    assert replanned(meant_before).start_at == datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
    anchored = replace(accept("anchored", timezone="Europe/Berlin"), anchor_local=datetime(2026, 3, 2, 11, 0))
    assert replanned(anchored).anchor_at == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def test_the_second_of_two_equal_wall_times_stays_where_it_is() -> None:
    """An instant in the repeated hour is not moved to the first pass by a re-plan."""
    second_pass = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    schedule = accept("calendar", timezone="Europe/Berlin", start_at=second_pass)
    assert replanned(schedule).start_at == second_pass


# Edits


@pytest.mark.parametrize("kind", TYPES)
def test_a_schedule_gives_the_specification_that_it_was_made_of(kind: str) -> None:
    """To be made again with changes: the same request makes the same schedule."""
    schedule = accept(kind)
    assert accepted(spec_of(schedule), NINE) == schedule


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("other", TYPES)
def test_another_type_drops_what_does_not_belong_to_it(kind: str, other: str) -> None:
    """After a change of the type only fields of that type and those of all types are left."""
    spec = changed(spec_of(accept(kind, max_runs=3)), other)
    assert (spec.schedule_type, spec.max_runs) == (other, 3)
    assert {field for field in VALUES if getattr(spec, field) is not None} <= set(TYPES[other].own)


# As it is stored

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
zone_names = st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "UTC"])
several_moments = st.lists(moments, min_size=1, max_size=3).map(tuple)
windows = st.builds(
    SendWindow,
    opens=st.integers(0, 700),
    closes=st.integers(701, 1_440),
    weekdays=st.sets(st.integers(0, 6), min_size=1).map(frozenset),
    timezone=st.none() | zone_names,
)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "max_runs": st.integers(1, 1_000),
    "misfire_policy": st.sampled_from(["fire_once", "skip"]),
    "misfire_grace_minutes": st.integers(0, 10_000),
    "send_window": windows,
    "business_calendar": st.sampled_from(["work", "Büro"]),
    "jitter_seconds": st.integers(0, 3_600),
}
BY_TYPE: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "one_time": {"start_at": moments},
    "recurring": {"interval_minutes": st.integers(1, 10_000)},
    "calendar": {"start_at": moments, "unit": st.sampled_from(["day", "year"]), "timezone": zone_names, "every": st.integers(1, 9)},
    "cron": {"cron": st.just("0 9 * * *"), "timezone": zone_names, "dst_overlap": st.just("both")},
    "rrule": {"start_at": moments, "rrule": st.just("FREQ=DAILY;COUNT=9"), "rdates": several_moments, "exdates": several_moments},
    "anchored": {"anchor_at": moments, "offsets": st.just(("-P1D", "PT1H")), "past_offset": st.just("fire"), "timezone": zone_names},
}  # fmt: skip


@st.composite
def any_schedules(draw: st.DrawFn) -> Schedule:
    kind = draw(st.sampled_from(list(TYPES)))
    return accepted(
        ScheduleSpec(schedule_type=kind, **draw(st.fixed_dictionaries(BY_TYPE[kind], optional=OPTIONAL))), NINE
    )


@given(any_schedules())
def test_a_schedule_survives_the_database(schedule: Schedule) -> None:
    """Written to its columns and its JSON and read again, a schedule is the same."""
    read = stored.to_schedule(
        schedule.schedule_type, schedule.start_at, schedule.interval_minutes, stored.to_text(schedule)
    )
    assert read == schedule


def test_what_the_engine_adds_survives_the_database() -> None:
    """The offsets that have fired, and from when on they count, are kept as well."""
    schedule = replace(accept("anchored"), fired_offsets=("-P1D",), offsets_from=NINE)
    assert stored.to_schedule("anchored", NINE, None, stored.to_text(schedule)) == schedule


@pytest.mark.parametrize("kind, plain", [("one_time", True), ("recurring", True), ("cron", False), ("calendar", False)])
def test_a_plain_schedule_has_no_json(kind: str, plain: bool) -> None:
    """A single instant and an interval are columns alone: a tick reads a thousand of them at a time."""
    assert (stored.to_text(accept(kind)) is None) is plain


def test_a_field_of_a_later_version_is_passed_over() -> None:
    """An older program reads what a newer one has written, without what it does not know."""
    assert stored.to_schedule("cron", NINE, None, '{"cron": "0 9 * * *", "moon": "full"}').cron == "0 9 * * *"


# Zones


def test_all_zones_are_those_of_the_pinned_database() -> None:
    """Each zone's offset is what the pinned tzdata says, summer and winter, and the machine's own copy is not asked."""
    for name in zones.names():
        for month in (1, 7):
            moment = datetime(2026, month, 15, tzinfo=UTC)
            offset = moment.astimezone(zone_info(name)).utcoffset()
            assert zones.zone(name).stretch(int(moment.timestamp()) * 1_000_000).offset == (offset or 0 * HOUR) // (
                MINUTE / 60_000_000
            )


def test_no_zone_changes_its_clock_twice_within_six_days() -> None:
    """What looking at each third day relies on."""
    for name in zones.names():
        info, begin = zone_info(name), datetime(2024, 1, 1, tzinfo=UTC)
        days = [(begin + number * DAY).astimezone(info).utcoffset() for number in range(1_827)]
        places = [place for place, (one, other) in enumerate(pairwise(days)) if one != other]
        assert all(other - one >= 6 for one, other in pairwise(places)), name


def test_an_unknown_zone() -> None:
    """A name that is none is a LookupError, and no file is looked for."""
    with pytest.raises(LookupError, match="no time zone"):
        zones.zone("../secrets")
