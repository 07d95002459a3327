"""What a caller says about a schedule: whether its fields belong to its type and go together, and what they mean."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from reminders.errors import InvalidField
from reminders.instants import EPOCH, to_datetime
from reminders.model import SendWindow
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules import bounds, zones
from reminders.schedules.patterns import Daylight, resolve
from reminders.schedules.registry import TYPES
from reminders.schedules.schedule_type import ScheduleType

# Fields of every type that say nothing about its rule: how many occurrences there are, and when they are due.
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
SPEC_NAMES = tuple(field.name for field in fields(ScheduleSpec))


def accepted(spec: ScheduleSpec, moment: datetime) -> Schedule:
    """The schedule that a specification means when it is made; InvalidField names what is wrong."""
    kind = TYPES.get(spec.schedule_type)
    if kind is None:
        raise InvalidField("schedule_type", f"must be one of {', '.join(TYPES)}")
    bounds.check(spec)  # what an edit leaves as it is may have been put there by SQL
    _check_fields(spec, kind)
    _check_values(spec, kind)
    kind.check(spec)
    start_at = spec.start_at or kind.default_start(spec, moment)
    begins_there = spec.start_at is not None or kind.begins_by_default
    if spec.end_at is not None and spec.end_at < start_at and begins_there:
        raise InvalidField("end_at", "lies before start_at")
    schedule = Schedule(**{**_given(spec), "start_at": start_at})
    return kind.with_wall_times(schedule, has_start=spec.start_at is not None)


def spec_of(schedule: Schedule) -> ScheduleSpec:
    """The specification that a schedule was made from, so that it can be made again with changes."""
    given = {name: getattr(schedule, name) for name in SPEC_NAMES}
    kind = TYPES.get(schedule.schedule_type)
    if kind is not None and not kind.has_start(schedule):
        given["start_at"] = None
    return ScheduleSpec(**given)


def changed(spec: ScheduleSpec, schedule_type: str) -> ScheduleSpec:
    """A specification changed to another type: what does not belong to that type is dropped."""
    kind = TYPES[schedule_type]
    kept = {"schedule_type", *kind.own, *COMMON} - (set() if kind.keeps_start_of_others else {"start_at"})
    others: dict[str, Any] = {name: None for name in SPEC_NAMES if name not in kept}
    return replace(spec, schedule_type=schedule_type, **others)


def replanned(schedule: Schedule) -> Schedule:
    """The same schedule, its instants worked out again where its zone's clock no longer shows what was meant."""
    wall = zones.wall_clock(schedule.timezone)

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


def _given(spec: ScheduleSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in SPEC_NAMES}


def _check_fields(spec: ScheduleSpec, kind: ScheduleType) -> None:
    """Checks that what is needed is there, and nothing that belongs to another type."""
    article = "an" if kind.name[0] in "aeiou" else "a"
    for name in kind.needed:
        if getattr(spec, name) is None:
            raise InvalidField(name, f"is required for {article} {kind.name} schedule")
    if kind.one_of and all(getattr(spec, name) is None for name in kind.one_of):
        raise InvalidField(kind.one_of[0], f"is required for {article} {kind.name} schedule")
    known = {"schedule_type", *kind.own, *COMMON}
    for name in SPEC_NAMES:
        if name not in known and getattr(spec, name) is not None:
            raise InvalidField(name, f"does not belong to {article} {kind.name} schedule")


def _check_values(spec: ScheduleSpec, kind: ScheduleType) -> None:
    """Checks what depends on another field, or needs more than a bound."""
    first, *others = [name for name in kind.one_of if getattr(spec, name) is not None] or [""]
    if others:
        raise InvalidField(others[0], f"replaces {first}: give one of them")
    for name, (other, values) in kind.goes_with.items():
        if getattr(spec, name) is not None and getattr(spec, other) not in values:
            raise InvalidField(name, f"goes with {other} {' or '.join(values)}")
    if spec.max_catchup is not None and spec.misfire_policy != "fire_all":
        raise InvalidField("max_catchup", "goes with misfire_policy fire_all")
    has_gate = spec.send_window is not None or spec.business_calendar is not None
    if spec.window_policy is not None and not has_gate:
        raise InvalidField("window_policy", "goes with send_window or business_calendar")
    if spec.timezone is not None and not has_gate and not kind.has_wall_clock:
        raise InvalidField("timezone", f"means nothing to a {kind.name} schedule: it reads no wall clock")
    _check_zone("timezone", spec.timezone)
    if spec.send_window is not None:
        _check_window(spec.send_window)


def _check_zone(field: str, name: str | None) -> None:
    if name is not None and name not in zones.names():
        raise InvalidField(field, "must be the name of an IANA time zone, such as Europe/Berlin")


def _check_window(window: SendWindow) -> None:
    _check_zone("send_window.timezone", window.timezone)
    if window.opens == window.closes:
        raise InvalidField("send_window", "has no width: it closes when it opens")
    if not window.weekdays:
        raise InvalidField("send_window", "has no weekday")


def _instant(wall: datetime, timezone: str | None) -> datetime:
    found = resolve(zones.wall_of(wall), zones.zone(timezone or "UTC"), Daylight())
    return EPOCH if found is None else to_datetime(found)
