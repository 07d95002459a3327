"""A reminder's occurrences in their order, each with the instant at which it is due."""

from typing import NamedTuple, Protocol

from reminders.instants import DAY, MINUTE, SECOND, Instant
from reminders.schedules.send_windows import Gate

_LEAPS = 60  # closed stretches that are searched at once; what lies beyond them is looked at later
_CLOSED_FOR_GOOD = 1_100 * DAY  # a gate without any opening is looked at again then, or once its calendar has changed
LATEST: Instant = 29_000_000_000 * SECOND  # in 2888: what is due later, no row may hold


class Rule(Protocol):
    """What a type of schedule means, without windows and the like."""

    def following(self, after: Instant) -> Instant | None:
        """The first instant strictly after one; None when there is none."""

    def count(self, after: Instant, through: Instant) -> int:
        """How many instants lie in (after, through]."""


class Bounded:
    """A rule from one instant to another, both included."""

    def __init__(self, rule: Rule, start: Instant, end: Instant | None) -> None:
        self.rule = rule
        self._start = start
        self._end = end

    def following(self, after: Instant) -> Instant | None:
        found = self.rule.following(max(after, self._start - 1))
        return None if found is None or (self._end is not None and found > self._end) else found

    def count(self, after: Instant, through: Instant) -> int:
        end = through if self._end is None else min(through, self._end)
        begin = max(after, self._start - 1)
        return self.rule.count(begin, end) if begin < end else 0


class Occurrence(NamedTuple):
    """An occurrence to be planned: several that a window defers to the same instant are one.

    If it stands for nothing, only what a window skips is recorded: no allowed one follows, or not for a long time.
    """

    due: Instant  # when it fires
    first: Instant  # of the rule's own instants that it stands for
    last: Instant  # the cursor moves here
    stands_for: int
    passed_over: int = 0  # instants before it that a window skips
    passed_last: Instant | None = None  # the last of these


class Timeline:
    """The occurrences of one reminder."""

    def __init__(self, rule: Rule, gate: Gate | None = None, *, defers: bool = True, jitter: Instant = 0) -> None:
        self.rule = rule
        self.gate = gate
        self._defers = defers
        self._jitter = jitter
        self._asked: tuple[Instant, Occurrence | None] | None = None

    @property
    def skips(self) -> bool:
        """Whether what falls outside of the gate is passed over."""
        return self.gate is not None and not self._defers

    @property
    def jitter(self) -> Instant:
        """How much later than meant an occurrence may be due."""
        return self._jitter

    def following(self, cursor: Instant) -> Occurrence | None:
        """The next occurrence whose own instants lie strictly after the cursor; None when there is none."""
        if self._asked is None or self._asked[0] != cursor:
            self._asked = cursor, self._following(cursor)
        return self._asked[1]

    def _following(self, cursor: Instant) -> Occurrence | None:
        first = self.rule.following(cursor)
        if first is None or first > LATEST:
            return None
        if self.gate is None:
            return Occurrence(due=first + self._jitter, first=first, last=first, stands_for=1)
        if not self._defers:
            return self._let_through(self.gate, cursor, first)
        due = self.gate.next_open(first)
        if due is None:
            return Occurrence(due=first + _CLOSED_FOR_GOOD, first=first, last=first, stands_for=1)
        last = first if due == first else self.last(first - 1, due)
        stands_for = 1 if last == first else self.rule.count(first - 1, last)
        return Occurrence(due=self._spread(due), first=first, last=last, stands_for=stands_for)

    def opening(self, instant: Instant) -> Instant:
        """When something may be sent that was not due by itself: at once where the gate is open."""
        opening = instant if self.gate is None else self.gate.next_open(instant)
        return instant + _CLOSED_FOR_GOOD if opening is None else opening

    def never_opens_for(self, occurrence: Occurrence) -> bool:
        """Whether the gate stays closed from an occurrence on, for years at least."""
        return self.gate is not None and self.gate.next_open(occurrence.first) is None

    def is_open_between(self, one: Occurrence, other: Occurrence) -> bool:
        """Whether the gate skips nothing between two occurrences."""
        return self.gate is None or self._defers or self.gate.open_until(one.first, other.first) >= other.first

    def last(self, after: Instant, through: Instant) -> Instant:
        """The last of the rule's instants in (after, through], of which there must be one."""
        low, high = after, through
        while high - low > 4 * MINUTE:
            middle = (low + high) // 2
            found = self.rule.following(middle)
            low, high = (middle, high) if found is not None and found <= through else (low, middle)
        last, found = low, self.rule.following(low)
        while found is not None and found <= through:
            last, found = found, self.rule.following(found)
        return last

    def _let_through(self, gate: Gate, cursor: Instant, first: Instant) -> Occurrence:
        reached, through = first, first
        for _ in range(_LEAPS):
            opening = gate.next_open(reached)
            if opening == reached:
                passed = self.rule.count(cursor, reached - 1) if reached != first else 0
                passed_last = self.last(cursor, reached - 1) if passed else None
                return Occurrence(
                    due=self._spread(reached),
                    first=reached,
                    last=reached,
                    stands_for=1,
                    passed_over=passed,
                    passed_last=passed_last,
                )
            through = (reached + _CLOSED_FOR_GOOD if opening is None else opening) - 1
            found = self.rule.following(through)
            if found is None:
                break
            reached = found
        last = self.last(first - 1, through)
        passed = self.rule.count(first - 1, last)
        return Occurrence(due=last, first=first, last=last, stands_for=0, passed_over=passed, passed_last=last)

    def _spread(self, due: Instant) -> Instant:
        """A little later, so that not all begin when a window opens; yet never after it has closed."""
        later = due + self._jitter
        if self.gate is None or not self._jitter:
            return later
        return max(due, min(later, self.gate.open_until(due, later + SECOND) - SECOND))
