"""Time zones as stretches of constant offset, from the pinned `tzdata`, never from the machine's own copy."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reminders.instants import DAY, EPOCH, MICROSECOND, SECOND, Instant, to_instant

type Wall = int
"""Microseconds of a wall clock since 1970-01-01T00:00, whatever the zone."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock has no zone
_KNOWN_YEARS = 60  # of a zone, remembered


class Stretch(NamedTuple):
    """Where a zone's offset from UTC is constant. Years are cut apart as well, by transitions that change nothing."""

    start: Instant
    end: Instant  # exclusive
    offset: int  # microseconds that the wall clock is ahead of UTC
    before: int  # the offset just before the start
    after: int  # the offset from the end on

    @property
    def gap(self) -> int:
        """How much wall time is missing at the start."""
        return max(0, self.offset - self.before)

    @property
    def repeated(self) -> int:
        """How much wall time at the start was shown before."""
        return max(0, self.before - self.offset)

    @property
    def to_be_repeated(self) -> int:
        """How much wall time at the end comes again."""
        return max(0, self.offset - self.after)


class Zone:
    """One IANA time zone."""

    def __init__(self, info: ZoneInfo) -> None:
        self._info = info
        self._years: dict[int, tuple[list[Instant], list[Stretch]]] = {}
        self._last: Stretch | None = None

    def stretch(self, instant: Instant) -> Stretch:
        """The stretch in which an instant lies."""
        last = self._last
        if last is not None and last.start <= instant < last.end:
            return last
        year = _utc(instant).year
        known = self._years.get(year)
        if known is None:
            if len(self._years) >= _KNOWN_YEARS:
                self._years.clear()  # by any thread at any moment
            found = list(_stretches(self._info, year))
            self._years[year] = known = [stretch.start for stretch in found], found
        starts, stretches = known
        self._last = found_one = stretches[bisect_right(starts, instant) - 1]
        return found_one

    def wall(self, instant: Instant) -> Wall:
        """What the wall clock shows."""
        return instant + self.stretch(instant).offset

    def instants(self, wall: Wall) -> list[Instant]:
        """When the wall clock shows this: never in a gap, twice in a repeated hour."""
        found = (wall - s.offset for s in self.around(wall) if s.start <= wall - s.offset < s.end)
        return sorted(found)

    def around(self, wall: Wall) -> Iterator[Stretch]:
        """The stretches that a wall time may lie in or before."""
        stretch = self.stretch(wall - 2 * DAY)
        while stretch.start <= wall + 2 * DAY:
            yield stretch
            stretch = self.stretch(stretch.end)


@cache
def names() -> frozenset[str]:
    """The names of all zones."""
    return frozenset((resources.files("tzdata") / "zones").read_text(encoding="ascii").split())


@cache
def zone(name: str) -> Zone:
    """A zone by its IANA name; LookupError when there is none."""
    if name not in names():
        raise LookupError(f"there is no time zone {name[:60]!r}")
    *folders, file = name.split("/")
    with resources.files(".".join(["tzdata", "zoneinfo", *folders])).joinpath(file).open("rb") as data:
        return Zone(ZoneInfo.from_file(data, key=name))


def wall_of(moment: datetime) -> Wall:
    """A naive wall time as a number."""
    return (moment - _EPOCH) // MICROSECOND


def moment_of(wall: Wall) -> datetime:
    """A number as a naive wall time."""
    return _EPOCH + timedelta(microseconds=wall)


def wall_clock(timezone: str | None) -> Callable[[datetime], datetime]:
    """What turns an aware instant into the naive wall time of a zone; None: UTC."""
    there = zone(timezone or "UTC")
    return lambda moment: moment_of(there.wall(to_instant(moment)))


def _utc(instant: Instant) -> datetime:
    return EPOCH + timedelta(microseconds=instant)


def _stretches(info: ZoneInfo, year: int) -> Iterator[Stretch]:
    """A year of UTC, cut where the offset changes. Looked at every third day: no zone changes twice within six."""

    @cache
    def offset(instant: Instant) -> int:
        return (info.fromutc(_utc(instant).replace(tzinfo=info)).utcoffset() or timedelta()) // MICROSECOND

    def change(low: Instant, high: Instant) -> Instant:
        """Where, to the second, the offset of `low` ends."""
        before = offset(low)
        while high - low > SECOND:
            middle = (low + high) // 2 // SECOND * SECOND
            low, high = (middle, high) if offset(middle) == before else (low, middle)
        return high

    begin, end = (to_instant(datetime(y, 1, 1, tzinfo=UTC)) for y in (year, year + 1))
    days = pairwise([*range(begin, end, 3 * DAY), end])
    changes = {change(day, following) for day, following in days if offset(day) != offset(following)}
    for start, stop in pairwise(sorted({begin, end} | changes)):
        yield Stretch(start, stop, offset(start), offset(start - 1), offset(stop))
