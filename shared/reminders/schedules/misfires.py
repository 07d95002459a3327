"""What a due reminder does next: fire, record what it passes over, or wait for its window to open.

Each advance writes one row at most. What is still due after it is claimed again at once, so that a day of downtime
under `fire_all` is ten short transactions instead of one long one.
"""

from typing import NamedTuple

from reminders.instants import MINUTE, SECOND, Instant
from reminders.model.reminder import Schedule
from reminders.schedules.advance import Advance
from reminders.schedules.timeline import Occurrence, Timeline
from reminders.states import Reason

MAX_CATCHUP = 10
SKIP_GRACE_SECONDS = 300  # misfire_policy skip: what is not later than this was not missed
_ONE_BY_ONE = 8  # occurrences that are looked at before the search continues by halving


class Policy(NamedTuple):
    """What a reminder does about missed occurrences."""

    grace: Instant | None  # what is later than this is skipped; None: nothing is
    catches_up: int | None  # how many of the latest fire, one by one; None: one fires for all


def policy_of(schedule: Schedule) -> Policy:
    minutes = schedule.misfire_grace_minutes
    grace = None if minutes is None else minutes * MINUTE
    if schedule.misfire_policy == "skip" and grace is None:
        grace = SKIP_GRACE_SECONDS * SECOND
    most = schedule.max_catchup or MAX_CATCHUP
    return Policy(grace, most if schedule.misfire_policy == "fire_all" else None)


def advance(timeline: Timeline, policy: Policy, cursor: Instant, now: Instant) -> Advance:
    """What a reminder whose occurrences are planned through `cursor` does at `now`."""
    first = timeline.following(cursor)
    if first is None or first.due > now:
        return _woken(timeline, first, now)
    if first.passed_over:
        return _passed_over(timeline, first)
    if policy.grace is not None and first.due < now - policy.grace:
        return _skip(timeline, first, _last(timeline, first, now - policy.grace - 1), Reason.MISFIRE)
    opening = timeline.opening(now)
    if opening != now:
        if timeline.skips:
            return _skip(timeline, first, _last(timeline, first, now), Reason.WINDOW)
        return Advance.wait(until=opening)
    if policy.catches_up is None:
        last = _last(timeline, first, now)
        before = _before_opening(timeline, first, last)
        if before is not None:
            return _skip(timeline, first, before, Reason.MISFIRE)
        return _fire(timeline, first, last)
    excess = _excess(timeline, first, now, policy.catches_up)
    if excess is not None:
        return _skip(timeline, first, excess, Reason.MAX_CATCHUP)
    return _fire(timeline, first, first, supersedes=False)


def _passed_over(timeline: Timeline, first: Occurrence) -> Advance:
    """What a window skips before an occurrence, or after the last one that it lets through."""
    last = first.last if first.passed_last is None else first.passed_last
    coming = first if first.stands_for else timeline.following(last)
    next_due = None if coming is None else coming.due
    return Advance.skip(reason=Reason.WINDOW, at=last, stands_for=first.passed_over, cursor=last, next_due=next_due)


def _woken(timeline: Timeline, coming: Occurrence | None, now: Instant) -> Advance:
    """Nothing is due by itself, so a person has set next_run_at: one extra occurrence, as soon as the gate is open."""
    due = None if coming is None else coming.due
    opening = timeline.opening(now)
    if opening == now:
        return Advance.fire(at=now, next_due=due)
    if timeline.skips:
        return Advance.wait(until=due)
    return Advance.wait(until=opening if due is None else min(opening, due))


def _fire(timeline: Timeline, first: Occurrence, last: Occurrence, *, supersedes: bool = True) -> Advance:
    """One run for all from `first` to `last`."""
    return Advance.fire(
        at=last.due,
        stands_for=_count(timeline, first, last),
        cursor=last.last,
        next_due=_due_after(timeline, last),
        supersedes=supersedes,
    )


def _skip(timeline: Timeline, first: Occurrence, last: Occurrence, reason: Reason) -> Advance:
    """One recorded skip for all from `first` to `last`."""
    return Advance.skip(
        reason=reason,
        at=last.due,
        stands_for=_count(timeline, first, last),
        cursor=last.last,
        next_due=_due_after(timeline, last),
    )


def _count(timeline: Timeline, first: Occurrence, last: Occurrence) -> int:
    return first.stands_for if last is first else timeline.rule.count(first.first - 1, last.last)


def _due_after(timeline: Timeline, last: Occurrence) -> Instant | None:
    coming = timeline.following(last.last)
    return None if coming is None else coming.due


def _last(timeline: Timeline, first: Occurrence, through: Instant) -> Occurrence:
    """The last occurrence that is due by `through`, as `first` is."""
    found = first
    for _ in range(_ONE_BY_ONE):
        coming = timeline.following(found.last)
        if coming is None or not _is_due(coming, through):
            return found
        found = coming
    low, high = found.last, through
    while high - low > 4 * MINUTE:
        middle = (low + high) // 2
        low, high = (middle, high) if _is_due(timeline.following(middle), through) else (low, middle)
    for coming in _due_occurrences(timeline, low, through):
        found = coming
    return found


def _before_opening(timeline: Timeline, first: Occurrence, last: Occurrence) -> Occurrence | None:
    """The last occurrence before the window opened in which `last` lies; None when `first` lies in it, too.

    A run stands for nothing that a window has skipped: what was missed before that is recorded by itself.
    """
    if timeline.is_open_between(first, last):
        return None
    low, high = first.last, last.first
    while high - low > 4 * MINUTE:
        middle = (low + high) // 2
        coming = timeline.following(middle)
        is_before = coming is not None and coming.first < last.first and not timeline.is_open_between(coming, last)
        low, high = (middle, high) if is_before else (low, middle)
    found = first
    for coming in _due_occurrences(timeline, low, last.due):
        if not timeline.is_open_between(coming, last):
            found = coming
    return found


def _excess(timeline: Timeline, first: Occurrence, now: Instant, most: int) -> Occurrence | None:
    """The last of those that are too many to be made up for; None when there are at most `most`."""

    def are_more(after: Instant) -> bool:
        return len(_due_occurrences(timeline, after, now, most + 1)) > most

    if not are_more(first.first - 1):
        return None
    low, high = first.first - 1, now
    while high - low > 4 * MINUTE:
        middle = (low + high) // 2
        low, high = (middle, high) if are_more(middle) else (low, middle)
    return _due_occurrences(timeline, low, now)[-most - 1]


def _due_occurrences(timeline: Timeline, after: Instant, now: Instant, most: int | None = None) -> list[Occurrence]:
    found: list[Occurrence] = []
    coming = timeline.following(after)
    while coming is not None and _is_due(coming, now) and (most is None or len(found) < most):
        found.append(coming)
        coming = timeline.following(coming.last)
    return found


def _is_due(occurrence: Occurrence | None, now: Instant) -> bool:
    """Whether one that fires is due; one that only stands for what a window skips at the end does not count."""
    return occurrence is not None and occurrence.due <= now and occurrence.stands_for > 0
