"""Instants without a wall clock: a grid, growing gaps, a list."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from reminders.instants import Instant


class Grid:
    """The start and every so many microseconds after it."""

    def __init__(self, start: Instant, width: Instant) -> None:
        self._start = start
        self._width = width

    def following(self, after: Instant) -> Instant | None:
        return self._start + max(0, (after - self._start) // self._width + 1) * self._width

    def count(self, after: Instant, through: Instant) -> int:
        first, last = ((at - self._start) // self._width for at in (max(after, self._start - 1), through))
        return max(0, last - first)


class Backoff:
    """The start plus the gaps added up, the first gap after it; the last gap repeats."""

    def __init__(self, start: Instant, gaps: Iterable[Instant]) -> None:
        *firsts, last = gaps
        self._head = Instants(start + total for total in accumulate(firsts))
        self._tail = Grid(start + sum(firsts) + last, last)

    def following(self, after: Instant) -> Instant | None:
        found = self._head.following(after)
        return self._tail.following(after) if found is None else found

    def count(self, after: Instant, through: Instant) -> int:
        return self._head.count(after, through) + self._tail.count(after, through)


class Instants:
    """A list; instants that coincide are one."""

    def __init__(self, instants: Iterable[Instant]) -> None:
        self._instants = sorted(set(instants))

    def following(self, after: Instant) -> Instant | None:
        place = bisect_right(self._instants, after)
        return self._instants[place] if place < len(self._instants) else None

    def count(self, after: Instant, through: Instant) -> int:
        return max(0, bisect_right(self._instants, through) - bisect_right(self._instants, after))
