"""What a caller may say of a schedule: which fields belong to which type, how they fit together, what they default to."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from reminders.errors import InvalidField
from reminders.instants import DAY, EPOCH, to_datetime, to_instant
from reminders.model import Schedule, ScheduleSpec, SendWindow
from reminders.schedules import days, durations, zones
from reminders.schedules.anchored import resolve
from reminders.schedules.cron import cron
from reminders.schedules.patterns import Daylight
from reminders.schedules.rrule.parts import Parts
from reminders.schedules.rrule.recurrence import ever_fires, last_permitted

ONE_TIME, RECURRING, CALENDAR = "one_time", "recurring", "calendar"
CRON, RRULE, ANCHORED = "cron", "rrule", "anchored"

# What a type needs, and what it may have beside that and beside COMMON.
NEEDED: dict[str, tuple[str, ...]] = {
    ONE_TIME: ("start_at",),
    RECURRING: (),  # one of two
    CALENDAR: ("unit", "start_at"),
    CRON: ("cron",),
    RRULE: ("rrule", "start_at"),
    ANCHORED: ("anchor_at", "offsets"),
}
_DST = ("dst_gap", "dst_overlap")
OWN: dict[str, tuple[str, ...]] = {
    ONE_TIME: (),
    RECURRING: ("interval_minutes", "backoff_minutes"),
    CALENDAR: ("every", "unit", "month_overflow", *_DST),
    CRON: ("cron", *_DST),
    RRULE: ("rrule", "rdates", "exdates", *_DST),
    ANCHORED: ("anchor_at", "offsets", "past_offset", *_DST),
}
# What every type may have beside what it means: how many occurrences there are, and when they are due.
BESIDE = (
    "end_at",
    "max_runs",
    "misfire_policy",
    "max_catchup",
    "misfire_grace_minutes",
    "send_window",
    "business_calendar",
    "window_policy",
    "jitter_seconds",
)
COMMON = ("start_at", "timezone", *BESIDE)
TYPES = tuple(NEEDED)
_CENTURY = {"day": days.CENTURY, "week": 5_217, "month": 1_200, "year": 100}
SPEC_NAMES = tuple(field.name for field in fields(ScheduleSpec))


def accepted(spec: ScheduleSpec, moment: datetime) -> Schedule:
    """The schedule that a specification means at the moment at which it is made; InvalidField names what does not fit."""
    _check_fields(spec)
    _check_values(spec)
    start_at = spec.start_at or _default_start(spec, moment)
    # Without a start of its own an anchored schedule begins with its first offset, which may lie before its anchor.
    has_begin = spec.start_at is not None or spec.schedule_type != ANCHORED
    if spec.end_at is not None and spec.end_at < start_at and has_begin:
        raise InvalidField("end_at", "lies before start_at")
    schedule = Schedule(**{**_given(spec), "start_at": start_at})
    return _with_walls(schedule, has_start=spec.start_at is not None)


def spec_of(schedule: Schedule) -> ScheduleSpec:
    """The specification that a schedule was made of, to be made again with changes."""
    given = {name: getattr(schedule, name) for name in SPEC_NAMES}
    if schedule.schedule_type == ANCHORED and schedule.start_local is None:
        given["start_at"] = None
    return ScheduleSpec(**given)


def changed(spec: ScheduleSpec, schedule_type: str) -> ScheduleSpec:
    """A specification of another type: what does not belong to that one is dropped."""
    kept = {"schedule_type", *OWN[schedule_type], *COMMON}
    others: dict[str, Any] = {name: None for name in SPEC_NAMES if name not in kept}
    return replace(spec, schedule_type=schedule_type, **others)


def replanned(schedule: Schedule) -> Schedule:
    """The same schedule with its instants worked out again, where its zone's clock does not show any more what was meant."""
    wall = wall_in(schedule.timezone)

    def again(before: datetime, meant: datetime) -> datetime:
        return before if wall(before) == meant else _instant(meant, schedule.timezone)

    changes: dict[str, Any] = {}
    for name, meant_name in (("start_at", "start_local"), ("anchor_at", "anchor_local")):
        before, meant = getattr(schedule, name), getattr(schedule, meant_name)
        if meant is not None:
            changes[name] = again(before, meant)
    for name, meant_name in (("rdates", "rdates_local"), ("exdates", "exdates_local")):
        before, meant = getattr(schedule, name), getattr(schedule, meant_name)
        if meant is not None:
            changes[name] = tuple(map(again, before, meant))
    return replace(schedule, **changes)


def wall_in(timezone: str | None) -> Callable[[datetime], datetime]:
    """What turns an aware instant into the naive wall time of a zone."""
    zone = zones.zone(timezone or "UTC")
    return lambda moment: zones.moment_of(zone.wall(to_instant(moment)))


def _given(spec: ScheduleSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in SPEC_NAMES}


def _check_fields(spec: ScheduleSpec) -> None:
    """That what is needed is there, and nothing that belongs to another type."""
    kind = spec.schedule_type
    if kind not in TYPES:
        raise InvalidField("schedule_type", f"is one of {', '.join(TYPES)}")
    article = "an" if kind[0] in "aeiou" else "a"
    for name in NEEDED[kind]:
        if getattr(spec, name) is None:
            raise InvalidField(name, f"is required for {article} {kind} schedule")
    if kind == RECURRING and spec.interval_minutes is None and spec.backoff_minutes is None:
        raise InvalidField("interval_minutes", "is required for a recurring schedule")
    known = {"schedule_type", *OWN[kind], *COMMON}
    for name in SPEC_NAMES:
        if name not in known and getattr(spec, name) is not None:
            raise InvalidField(name, f"does not belong to {article} {kind} schedule")


def _check_values(spec: ScheduleSpec) -> None:
    """What depends on another field, or needs more than a bound."""
    if spec.interval_minutes is not None and spec.backoff_minutes is not None:
        raise InvalidField("backoff_minutes", "replaces interval_minutes: give one of them")
    if spec.month_overflow is not None and spec.unit not in ("month", "year"):
        raise InvalidField("month_overflow", "goes with unit month or year")
    if spec.max_catchup is not None and spec.misfire_policy != "fire_all":
        raise InvalidField("max_catchup", "goes with misfire_policy fire_all")
    has_gate = spec.send_window is not None or spec.business_calendar is not None
    if spec.window_policy is not None and not has_gate:
        raise InvalidField("window_policy", "goes with send_window or business_calendar")
    if spec.timezone is not None and not has_gate and spec.schedule_type in (ONE_TIME, RECURRING):
        raise InvalidField("timezone", f"means nothing to a {spec.schedule_type} schedule: no wall clock is in it")
    _check_zone("timezone", spec.timezone)
    if spec.send_window is not None:
        _check_window(spec.send_window)
    if spec.cron is not None:
        cron(spec.cron)
    if spec.rrule is not None:
        Parts(spec.rrule)
    if spec.every is not None and spec.unit in _CENTURY and spec.every > _CENTURY[spec.unit]:
        raise InvalidField("every", "is longer than a hundred years")
    for number, offset in enumerate(spec.offsets or (), 1):
        _check_offset(number, offset)


def _check_zone(field: str, name: str | None) -> None:
    if name is not None and name not in zones.names():
        raise InvalidField(field, "names no IANA time zone, such as Europe/Berlin")


def _check_window(window: SendWindow) -> None:
    _check_zone("send_window.timezone", window.timezone)
    if window.opens == window.closes:
        raise InvalidField("send_window", "has no width: it closes when it opens")
    if not window.weekdays:
        raise InvalidField("send_window", "has no weekday")


def _check_offset(number: int, text: str) -> None:
    try:
        duration = durations.parse(text)
    except ValueError as refused:
        raise InvalidField("offsets", f"no. {number} {refused}") from None
    far = abs(duration.months) > 1_200 or abs(duration.days) > days.CENTURY
    if far or abs(duration.microseconds) > days.CENTURY * DAY:
        raise InvalidField("offsets", f"no. {number} lies more than a hundred years away")


def _default_start(spec: ScheduleSpec, moment: datetime) -> datetime:
    """A grid begins one interval from now; an anchored schedule has its anchor, and everything else begins now."""
    if spec.interval_minutes is not None:
        return moment + timedelta(minutes=spec.interval_minutes)
    return spec.anchor_at or moment


def _with_walls(schedule: Schedule, *, has_start: bool) -> Schedule:
    """Beside each instant that a wall clock gives its meaning, what that clock shows."""
    kind = schedule.schedule_type
    if kind in (ONE_TIME, RECURRING, CRON):
        return schedule
    wall = wall_in(schedule.timezone)
    start_local = wall(schedule.start_at) if has_start else None
    until = _until(schedule.rrule, wall(schedule.start_at), wall) if schedule.rrule else None
    return replace(
        schedule,
        start_local=start_local,
        anchor_local=None if schedule.anchor_at is None else wall(schedule.anchor_at),
        rdates_local=None if schedule.rdates is None else tuple(map(wall, schedule.rdates)),
        exdates_local=None if schedule.exdates is None else tuple(map(wall, schedule.exdates)),
        rrule_until=until,
    )


def _until(rule: str, start: datetime, wall: Callable[[datetime], datetime]) -> datetime | None:
    """When a rule's own COUNT or UNTIL ends it; InvalidField when that leaves nothing, whatever further dates it has."""
    until = last_permitted(rule, start, wall)
    if not ever_fires(rule, start, until):
        raise InvalidField("rrule", "never fires")
    return until


def _instant(wall: datetime, timezone: str | None) -> datetime:
    found = resolve(zones.wall_of(wall), zones.zone(timezone or "UTC"), Daylight())
    return EPOCH if found is None else to_datetime(found)
