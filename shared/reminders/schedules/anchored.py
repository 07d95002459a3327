"""Offsets from an anchor: three days before the interview, one hour before, the day after."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from reminders.errors import InvalidField
from reminders.instants import DAY, SECOND, Instant, to_datetime, to_instant
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules import durations, phrases
from reminders.schedules.days import CENTURY
from reminders.schedules.intervals import Instants
from reminders.schedules.patterns import Daylight, resolve
from reminders.schedules.schedule_type import (
    CLAMPED,
    DST_FIELDS,
    GAP,
    OVERLAP,
    Notes,
    ScheduleType,
    daylight_of,
    zone_of,
)
from reminders.schedules.timeline import Rule
from reminders.schedules.zones import Zone, moment_of, wall_clock, wall_of


class Anchored(ScheduleType):
    """Fires at each of its offsets from an anchor."""

    name = "anchored"
    needed = ("anchor_at", "offsets")
    own = ("anchor_at", "offsets", "past_offset", *DST_FIELDS)
    begins_by_default = False  # it begins with its first offset, which may lie before its anchor
    blamed = "offsets"

    def check(self, spec: ScheduleSpec) -> None:
        for number, offset in enumerate(spec.offsets or (), 1):
            _check_offset(number, offset)

    def default_start(self, spec: ScheduleSpec, moment: datetime) -> datetime:
        return spec.anchor_at or moment

    def with_wall_times(self, schedule: Schedule, *, has_start: bool) -> Schedule:
        wall = wall_clock(schedule.timezone)
        return replace(
            schedule,
            start_local=wall(schedule.start_at) if has_start else None,
            anchor_local=None if schedule.anchor_at is None else wall(schedule.anchor_at),
        )

    def fires_what_has_passed(self, schedule: Schedule) -> bool:
        return schedule.past_offset == "fire"

    def begun(self, schedule: Schedule, cursor: datetime | None) -> Schedule:
        return replace(schedule, offsets_from=cursor)

    def continued(self, schedule: Schedule, before: Schedule, through: datetime | None) -> Schedule:
        """What has fired does not fire again when the anchor moves."""
        return replace(schedule, fired_offsets=_fired(before, through) or None)

    def rule(self, schedule: Schedule) -> Rule:
        fired = schedule.fired_offsets or ()
        return Instants(instant for text, instant in _offsets_of(schedule) if text not in fired)

    def describe(self, schedule: Schedule) -> str:
        places = list(map(_place, schedule.offsets or ()))
        return f"{phrases.listed(places)} {phrases.instant(schedule.anchor_at)}"

    def notes(self, schedule: Schedule) -> Callable[[Instant], Notes]:
        found = _notes(schedule)
        return lambda instant: found.get(instant, ())


def instants(
    anchor: Instant, meant: datetime, offsets: Iterable[str], zone: Zone, daylight: Daylight
) -> Iterator[tuple[str, Instant]]:
    """Each offset with its instant; `meant` is the anchor's wall time. One whose wall time is skipped is left out."""
    for text in offsets:
        months, days, microseconds = duration = durations.parse(text)
        if not months and not days:
            yield text, anchor + microseconds
            continue
        found = resolve(wall_of(duration.on_the_calendar(meant)), zone, daylight)
        if found is not None:
            yield text, found + microseconds


def _offsets_of(schedule: Schedule) -> list[tuple[str, Instant]]:
    """Its offsets with their instants."""
    if schedule.anchor_at is None:
        raise ValueError("an anchored schedule has no anchor")
    zone, anchor = zone_of(schedule), to_instant(schedule.anchor_at)
    meant = schedule.anchor_local or moment_of(zone.wall(anchor))
    return list(instants(anchor, meant, schedule.offsets or (), zone, daylight_of(schedule)))


def _fired(schedule: Schedule, through: datetime | None) -> tuple[str, ...]:
    """The offsets that have been planned, wherever the anchor was."""
    if through is None:
        return schedule.fired_offsets or ()
    since = schedule.offsets_from
    planned = (
        text
        for text, instant in _offsets_of(schedule)
        if to_datetime(instant) <= through and (since is None or to_datetime(instant) > since)
    )
    return tuple(dict.fromkeys((*(schedule.fired_offsets or ()), *planned)))


def _check_offset(number: int, text: str) -> None:
    try:
        duration = durations.parse(text)
    except ValueError as refused:
        raise InvalidField("offsets", f"no. {number} {refused}") from None
    far = abs(duration.months) > 1_200 or abs(duration.days) > CENTURY
    if far or abs(duration.microseconds) > CENTURY * DAY:
        raise InvalidField("offsets", f"no. {number} lies more than a hundred years away")


def _notes(schedule: Schedule) -> dict[Instant, Notes]:
    """What the calendar and the clock have done to offsets that are counted in days or months."""
    meant, zone = schedule.anchor_local, zone_of(schedule)
    found: dict[Instant, Notes] = {}
    for text, instant in _offsets_of(schedule) if meant else ():
        duration = durations.parse(text)
        if meant and (duration.months or duration.days):
            times = len(zone.instants(wall_of(duration.on_the_calendar(meant))))
            is_clamped = duration._replace(days=0).on_the_calendar(meant).day != meant.day
            by_clock = {0: (GAP,), 1: ()}.get(times, (OVERLAP,))
            found[instant] = (*((CLAMPED,) if is_clamped else ()), *by_clock)
    return found


def _place(text: str) -> str:
    """`-P3D` as `3 days before`."""
    duration = durations.parse(text)
    seconds = abs(duration.microseconds) // SECOND
    amounts = {
        "month": abs(duration.months),
        "day": abs(duration.days),
        "hour": seconds // 3_600,
        "minute": seconds // 60 % 60,
        "second": seconds % 60,
    }
    said = [phrases.number(amount, unit) for unit, amount in amounts.items() if amount]
    return f"{phrases.listed(said)} {'before' if text.startswith('-') else 'after'}" if said else "at"
