"""What schedules must answer near a clock change, found minute by minute: slow, plain, and nothing of the engine's code
in it.

A minute is a number: minutes since 1970-01-01T00:00, of UTC or of a wall clock.
"""

# ruff: noqa: DTZ001 - a wall time has no zone

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1)
_SOME_BEFORE, _SOME_AFTER = timedelta(hours=36), timedelta(hours=56)  # the day before and after, in any zone

type Meant = Callable[[datetime], bool]
"""Whether a schedule means a naive wall time."""


@cache
def zone_info(name: str) -> ZoneInfo:
    """The zone of the pinned tzdata, whatever the machine has."""
    with resources.files("tzdata.zoneinfo").joinpath(name).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def clock_changes(name: str, first_year: int, last_year: int) -> list[date]:
    """The local days on which a zone's clock is changed."""
    zone, day, found = zone_info(name), date(first_year, 1, 1), []
    while day <= date(last_year, 12, 31):
        following = day + timedelta(days=1)
        noons = [datetime(d.year, d.month, d.day, 12, tzinfo=zone).utcoffset() for d in (day, following)]
        if noons[0] != noons[1]:
            found.append(following)
        day = following
    return found


class Days:
    """A day with its neighbours, and the wall clock at each of their minutes."""

    def __init__(self, name: str, day: date) -> None:
        zone = zone_info(name)
        midnight = datetime(day.year, day.month, day.day)
        begin = _number(midnight.replace(tzinfo=UTC)) - _minutes(_SOME_BEFORE)
        self.minutes = range(begin, begin + _minutes(_SOME_BEFORE + _SOME_AFTER))
        self.walls = [_number(datetime.fromtimestamp(m * 60, UTC).astimezone(zone)) for m in self.minutes]
        self._of_wall: dict[int, list[int]] = {}
        for minute, wall in zip(self.minutes, self.walls, strict=True):
            self._of_wall.setdefault(wall, []).append(minute)
        self.day = self._between(midnight, midnight + timedelta(days=1))
        self.neighbours = self._between(midnight - timedelta(days=1), midnight + timedelta(days=2))

    def meant(self, means: Meant) -> list[int]:
        """The wall minutes that a schedule means, whether the clock shows them or not."""
        shown = range(min(self.walls), max(self.walls) + 1)
        return [wall for wall in shown if means(_EPOCH + wall * MINUTE)]

    def expected(self, walls: list[int], gap: str, overlap: str) -> list[int]:
        """When wall times come, by the two words of a schedule."""
        found: set[int] = set()
        for wall in walls:
            minutes = self._of_wall.get(wall, [])
            if not minutes:
                found.update(self._passed_over(wall, gap))
            elif overlap == "both":
                found.update(minutes)
            else:
                found.add(minutes[0] if overlap == "first" else minutes[-1])
        return sorted(found)

    def elapsed(self, walls: list[int]) -> list[int]:
        """Every minute at which the clock shows one of these wall times."""
        return sorted(minute for wall in walls for minute in self._of_wall.get(wall, []))

    def _passed_over(self, wall: int, gap: str) -> list[int]:
        place = next(i for i, (before, after) in enumerate(pairwise(self.walls)) if before < wall < after)
        if gap == "first_valid":
            return [self.minutes[place + 1]]
        return [wall - (self.walls[place] - self.minutes[place])] if gap == "shift" else []

    def _between(self, begin: datetime, end: datetime) -> range:
        """The minutes at which the clock shows something in [begin, end)."""
        first, last = _number(begin), _number(end)
        shown = [m for m, wall in zip(self.minutes, self.walls, strict=True) if first <= wall < last]
        return range(shown[0], shown[-1] + 1) if shown else range(0)


def following(minutes: range, expected: list[int]) -> Iterator[int]:
    """For each minute the first expected one strictly after it."""
    for minute in minutes:
        yield expected[bisect_right(expected, minute)]


def _number(moment: datetime) -> int:
    return _minutes(moment.replace(tzinfo=None) - _EPOCH)


def _minutes(length: timedelta) -> int:
    return length // MINUTE
