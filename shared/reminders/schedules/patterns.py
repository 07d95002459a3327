"""Wall-clock patterns, and how a zone's missing and repeated hours turn them into instants."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from reminders.instants import DAY, Instant
from reminders.schedules.zones import Stretch, Wall, Zone


class Pattern(Protocol):
    """A set of wall times, day by day. Days are counted from 1970-01-01."""

    def times(self, day: int) -> Sequence[int]:
        """The times of a day in microseconds since its midnight, ascending; empty when there are none."""

    def next_day(self, day: int) -> int | None:
        """The first day from this one on that has times; None when there is none within a hundred years."""


@runtime_checkable
class Counting(Pattern, Protocol):
    """A pattern that can tell how many times many days have without going through each of them."""

    def count(self, first: int, last: int) -> int:
        """How many times the days in [first, last) have together."""


def next_wall(pattern: Pattern, after: Wall) -> Wall | None:
    """The first wall time of the pattern strictly after one."""
    day, time = divmod(after, DAY)
    times = pattern.times(day)
    place = bisect_right(times, time)
    if place < len(times):
        return day * DAY + times[place]
    following = pattern.next_day(day + 1)
    return None if following is None else following * DAY + pattern.times(following)[0]


def count_walls(pattern: Pattern, begin: Wall, end: Wall) -> int:
    """How many wall times lie in [begin, end)."""
    if begin >= end:
        return 0
    (first, from_time), (last, to_time) = divmod(begin, DAY), divmod(end, DAY)
    if first == last:
        times = pattern.times(first)
        return bisect_left(times, to_time) - bisect_left(times, from_time)
    found = len(pattern.times(first)) - bisect_left(pattern.times(first), from_time)
    found += bisect_left(pattern.times(last), to_time)
    if isinstance(pattern, Counting):
        return found + pattern.count(first + 1, last)
    day = pattern.next_day(first + 1)
    while day is not None and day < last:
        found += len(pattern.times(day))
        day = pattern.next_day(day + 1)
    return found


def walls(pattern: Pattern, begin: Wall, end: Wall) -> Iterator[Wall]:
    """The wall times in [begin, end)."""
    wall = next_wall(pattern, begin - 1)
    while wall is not None and wall < end:
        yield wall
        wall = next_wall(pattern, wall)


class Daylight(NamedTuple):
    """What becomes of wall times that a zone's clock passes over, or shows twice."""

    gap: str = "first_valid"  # the first instant after the gap · shift: as much later as the gap is wide · skip
    overlap: str = "first"  # first · last · both


ELAPSED = Daylight("skip", "both")
"""For patterns that mean elapsed time: they run through the repeated hour and pass over the missing one."""


class Zoned:
    """The instants at which a zone's clock shows the wall times of a pattern."""

    def __init__(self, pattern: Pattern, zone: Zone, daylight: Daylight) -> None:
        self.pattern = pattern
        self.zone = zone
        self._gap, self._overlap = daylight

    def following(self, after: Instant) -> Instant | None:
        """The first instant strictly after one; None when there is none within a hundred years."""
        stretch = self.zone.stretch(after + 1)
        while True:
            found = self._first_in(stretch, after)
            if found is not None:
                return found
            # The next wall time tells which stretches are empty, so that a leap day is not searched for month by month.
            wall = next_wall(self.pattern, stretch.end + min(stretch.offset, stretch.after) - 1)
            if wall is None:
                return None
            stretch = self.zone.stretch(max(stretch.end, wall - 2 * DAY))

    def count(self, after: Instant, through: Instant) -> int:
        """How many instants lie in (after, through]."""
        found = 0
        at = after + 1
        while at <= through:
            stretch = self.zone.stretch(at)
            found += self._count_in(stretch, after, through)
            at = stretch.end
        return found

    def is_moved(self, instant: Instant) -> bool:
        """Whether an instant of this pattern stands for a wall time that the clock passed over."""
        stretch = self.zone.stretch(instant)
        wall = instant + stretch.offset
        in_reach = instant - stretch.start < stretch.gap and self._gap != "skip"
        return in_reach and next_wall(self.pattern, wall - 1) != wall

    def is_repeated(self, instant: Instant) -> bool:
        """Whether the clock shows an instant's wall time twice."""
        stretch = self.zone.stretch(instant)
        return instant < stretch.start + stretch.repeated or instant >= stretch.end - stretch.to_be_repeated

    def _bounds(self, stretch: Stretch) -> tuple[Instant, Instant]:
        """The part of a stretch in which the pattern's wall times count, without those that count elsewhere."""
        begin, end = stretch.start, stretch.end
        if self._overlap == "first":
            begin += stretch.repeated
        elif self._overlap == "last":
            end -= stretch.to_be_repeated
        return begin, end

    def _first_in(self, stretch: Stretch, after: Instant) -> Instant | None:
        begin, end = self._bounds(stretch)
        wall = next_wall(self.pattern, max(after, begin - 1) + stretch.offset)
        found = wall - stretch.offset if wall is not None and wall < end + stretch.offset else None
        if stretch.gap and after < stretch.start + stretch.gap and self._gap != "skip":
            moved = next((instant for instant in self._moved(stretch) if instant > after), None)
            if moved is not None and (found is None or moved < found):
                return moved
        return found

    def _moved(self, stretch: Stretch) -> list[Instant]:
        """Where the wall times of the gap at a stretch's start end up, ascending and each once."""
        missing = walls(self.pattern, stretch.start + stretch.before, stretch.start + stretch.offset)
        if self._gap == "shift":
            return [wall - stretch.before for wall in missing]
        return [stretch.start] if next(missing, None) is not None else []

    def _count_in(self, stretch: Stretch, after: Instant, through: Instant) -> int:
        begin, end = self._bounds(stretch)
        begin, end = max(begin, after + 1), min(end, through + 1)
        found = count_walls(self.pattern, begin + stretch.offset, end + stretch.offset)
        if stretch.gap and after < stretch.start + stretch.gap and self._gap != "skip":
            for instant in self._moved(stretch):
                wall = instant + stretch.offset
                if after < instant <= through and next_wall(self.pattern, wall - 1) != wall:
                    found += 1
        return found


def resolve(wall: int, zone: Zone, daylight: Daylight) -> Instant | None:
    """The instant of a wall time; the first of two under `both`; None in a gap under `skip`."""
    found = zone.instants(wall)
    if found:
        return found[-1] if daylight.overlap == "last" else found[0]
    if daylight.gap == "skip":
        return None
    stretch = next(s for s in zone.around(wall) if s.start + s.before <= wall < s.start + s.offset)
    return stretch.start if daylight.gap == "first_valid" else wall - stretch.before
