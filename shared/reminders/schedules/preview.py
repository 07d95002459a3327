"""A schedule shown to people: the next instants at which it would fire, with a note where a rule has moved one."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import NamedTuple

from reminders.errors import InvalidField
from reminders.instants import DAY, SECOND, Instant, to_datetime
from reminders.model.reminder import Schedule
from reminders.schedules.registry import type_of
from reminders.schedules.schedule_type import Notes
from reminders.schedules.send_windows import Gate
from reminders.schedules.timeline import Occurrence, Timeline
from reminders.schedules.zones import Zone, zone

DEFERRED = "deferred"  # it waits for the send window, or for a working day
HOLIDAY = "holiday"  # with `deferred`: nobody works on its day

_IN_VAIN = 5  # searches across closed stretches, sixty at a time
_COUNTED = 1_000  # occurrences that are counted one by one
_LONGEST_CLOSED = 1_101 * DAY  # a gate that is closed for longer never opens


class Item(NamedTuple):
    """One instant at which a reminder would fire."""

    at: datetime  # in UTC
    local: datetime  # the same, with the offset of the schedule's zone
    notes: Notes


def upcoming(
    schedule: Schedule, timeline: Timeline, *, since: Instant, after: Instant, count: int, runs_left: int | None
) -> tuple[Item, ...]:
    """The next instants strictly after `after` at which it fires, when all occurrences through `since` are planned.

    Several occurrences that end up at the same instant are one. InvalidField names `after` when `runs_left` would
    have to be counted over too many occurrences that may wait for a window.
    """
    if runs_left is not None:
        count = min(count, runs_left - _spent(timeline, since, after, runs_left))
    notes, clock = _notes_of(schedule, timeline.gate), _clock_of(schedule)
    found = islice(_due_after(timeline, since, after), max(0, count))
    return tuple(Item(to_datetime(each.due), _local(clock, each.due), notes(each)) for each in found)


def _due_after(timeline: Timeline, since: Instant, after: Instant) -> Iterator[Occurrence]:
    cursor, last, in_vain = max(since, _reach(timeline, since, after)), after, 0
    while (found := timeline.following(cursor)) is not None and in_vain < _IN_VAIN:
        in_vain = 0 if found.stands_for and not timeline.never_opens_for(found) else in_vain + 1
        if not in_vain and found.due > last:  # what is spread may end up together, just before a window closes
            last = found.due
            yield found
        cursor = found.last


def _reach(timeline: Timeline, since: Instant, after: Instant) -> Instant:
    """An instant before all occurrences due after `after`: they may have waited since the gate was last open."""
    gate, high = timeline.gate, after - timeline.jitter
    opening = None if gate is None or timeline.skips else gate.next_open(high)
    if gate is None or opening is None or opening == high:
        return high
    low = max(since, high - _LONGEST_CLOSED)
    while high - low > SECOND:
        middle = (low + high) // 2
        low, high = (low, middle) if gate.next_open(middle) == opening else (middle, high)
    return low


def _spent(timeline: Timeline, since: Instant, after: Instant, runs_left: int) -> int:
    """How many runs are used up by occurrences that are due after `since` and by `after`."""
    if after <= since:
        return 0
    if timeline.gate is None:
        return timeline.rule.count(since, after - timeline.jitter)
    cursor = since
    for number in range(min(runs_left, _COUNTED)):
        found = timeline.following(cursor)
        if found is None or found.due > after:
            return number
        cursor = found.last
    if runs_left > _COUNTED:
        raise InvalidField(
            "after", "lies too far ahead: with max_runs and a window each occurrence until then is counted"
        )
    return runs_left


def _notes_of(schedule: Schedule, gate: Gate | None) -> Callable[[Occurrence], Notes]:
    by_rule = type_of(schedule.schedule_type).notes(schedule)

    def notes(occurrence: Occurrence) -> Notes:
        first = occurrence.first
        waits = gate is not None and not gate.is_open(first)
        is_day_off = gate is not None and waits and gate.is_day_off(first)
        return (*by_rule(first), *((DEFERRED,) if waits else ()), *((HOLIDAY,) if is_day_off else ()))

    return notes


def _clock_of(schedule: Schedule) -> Zone:
    """The zone in which it is shown: its own, or its window's."""
    window = schedule.send_window
    return zone(schedule.timezone or (window and window.timezone) or "UTC")


def _local(clock: Zone, instant: Instant) -> datetime:
    offset = timedelta(microseconds=clock.stretch(instant).offset)
    return to_datetime(instant).astimezone(timezone(offset))
