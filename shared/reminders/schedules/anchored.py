"""Offsets from an anchor: three days before the interview, one hour before, the day after."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from reminders.instants import Instant
from reminders.schedules import durations
from reminders.schedules.patterns import Daylight
from reminders.schedules.zones import Zone, wall_of


def instants(
    anchor: Instant, meant: datetime, offsets: Iterable[str], zone: Zone, daylight: Daylight
) -> Iterator[tuple[str, Instant]]:
    """Each offset with its instant; `meant` is the anchor's wall time. A wall time that is skipped has none."""
    for text in offsets:
        months, days, microseconds = duration = durations.parse(text)
        if not months and not days:
            yield text, anchor + microseconds
            continue
        found = resolve(wall_of(duration.on_the_calendar(meant)), zone, daylight)
        if found is not None:
            yield text, found + microseconds


def resolve(wall: int, zone: Zone, daylight: Daylight) -> Instant | None:
    """When a wall time is; the first of two by `both`; None where the clock passes over it and `skip` says so."""
    found = zone.instants(wall)
    if found:
        return found[-1] if daylight.overlap == "last" else found[0]
    if daylight.gap == "skip":
        return None
    stretch = next(s for s in zone.around(wall) if s.start + s.before <= wall < s.start + s.offset)
    return stretch.start if daylight.gap == "first_valid" else wall - stretch.before
