"""A reminder's occurrences in their order, each with the instant at which it is due."""

from typing import NamedTuple, Protocol

from reminders.model import Instant
from reminders.rules.gates import Gate
from reminders.rules.zones import SECOND

_MINUTE = 60 * SECOND
_LEAPS = 600  # closed stretches that may lie before an occurrence that a gate lets through


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
    """One to be planned: several that a window defers to the same instant are one."""

    due: Instant  # when it fires
    first: Instant  # of the rule's own instants that it stands for
    last: Instant  # the cursor moves here
    stands_for: int
    passed_over: int  # instants before it that a window skips
    passed_last: Instant | None  # the last of these


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
        if first is None:
            return None
        if self.gate is None:
            return Occurrence(first + self._jitter, first, first, 1, 0, None)
        if not self._defers:
            return self._let_through(self.gate, cursor, first)
        due = self.gate.next_open(first)
        if due is None:
            return None
        last = first if due == first else self.last(first - 1, due)
        stands_for = 1 if last == first else self.rule.count(first - 1, last)
        return Occurrence(self._spread(due), first, last, stands_for, 0, None)

    def opening(self, instant: Instant) -> Instant | None:
        """When something may be sent that was not due by itself: at once where the gate is open."""
        return instant if self.gate is None else self.gate.next_open(instant)

    def last(self, after: Instant, through: Instant) -> Instant:
        """The last of the rule's instants in (after, through], of which there must be one."""
        low, high = after, through
        while high - low > 4 * _MINUTE:
            middle = (low + high) // 2
            found = self.rule.following(middle)
            low, high = (middle, high) if found is not None and found <= through else (low, middle)
        last, found = low, self.rule.following(low)
        while found is not None and found <= through:
            last, found = found, self.rule.following(found)
        return last

    def _let_through(self, gate: Gate, cursor: Instant, first: Instant) -> Occurrence | None:
        found: Instant | None = first
        for _ in range(_LEAPS):
            if found is None:
                return None
            opening = gate.next_open(found)
            if opening is None:
                return None
            if opening == found:
                passed = self.rule.count(cursor, found - 1) if found != first else 0
                passed_last = self.last(cursor, found - 1) if passed else None
                return Occurrence(self._spread(found), found, found, 1, passed, passed_last)
            found = self.rule.following(opening - 1)
        return None

    def _spread(self, due: Instant) -> Instant:
        """A little later, so that not all begin when a window opens; yet never after it has closed."""
        later = due + self._jitter
        if self.gate is None or not self._jitter:
            return later
        return max(due, min(later, self.gate.open_until(due, later + SECOND) - SECOND))
