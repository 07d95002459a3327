"""What every type of schedule can be asked: which fields it has, what it means, and how it is shown.

A new type is one module with one class, and its place in `registry.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from reminders.instants import Instant, to_instant
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules.patterns import Daylight, Pattern, Zoned
from reminders.schedules.timeline import Rule
from reminders.schedules.zones import Zone, moment_of, wall_clock, zone

GAP = "dst_gap"  # the clock passes over the wall time that was meant
OVERLAP = "dst_overlap"  # the clock shows that wall time twice
CLAMPED = "clamped"  # the month is too short: its last day instead

DST_FIELDS = ("dst_gap", "dst_overlap")

type Notes = tuple[str, ...]
"""Why an instant is not where it was meant to be."""


class ScheduleType(ABC):
    """One type of schedule. It has no state: one object serves all schedules of the type."""

    name: ClassVar[str]
    needed: ClassVar[tuple[str, ...]] = ()
    one_of: ClassVar[tuple[str, ...]] = ()  # fields of which it needs exactly one
    own: ClassVar[tuple[str, ...]] = ()  # all its fields besides those of every type
    goes_with: ClassVar[Mapping[str, tuple[str, tuple[str, ...]]]] = {}  # a field: the one it needs, and its values
    has_wall_clock: ClassVar[bool] = True  # so that a time zone means something
    begins_by_default: ClassVar[bool] = True  # without a start_at it begins with its default start
    keeps_start_of_others: ClassVar[bool] = True  # when an edit turns a schedule of another type into this one
    rule_needs_start: ClassVar[bool] = True  # otherwise its rule is the same for all that differ only in start_at
    blamed: ClassVar[str | None] = None  # the field that is named when nothing ever fires

    def check(self, spec: ScheduleSpec) -> None:  # noqa: B027 - most types have nothing to check
        """InvalidField when one of its own fields has an impossible value."""

    def default_start(self, spec: ScheduleSpec, moment: datetime) -> datetime:
        """Where it begins when the caller does not say."""
        return moment

    def has_start(self, schedule: Schedule) -> bool:
        """Whether start_at bounds it."""
        return self.begins_by_default or schedule.start_local is not None

    def with_wall_times(self, schedule: Schedule, *, has_start: bool) -> Schedule:
        """Adds to each instant that means a wall time what that clock shows."""
        return schedule

    def fires_what_has_passed(self, schedule: Schedule) -> bool:
        """Whether occurrences before its creation fire all the same."""
        return False

    def begun(self, schedule: Schedule, cursor: datetime | None) -> Schedule:
        """The schedule as it is kept when it begins after the cursor; None: with its first occurrence."""
        return schedule

    def continued(self, schedule: Schedule, before: Schedule, through: datetime | None) -> Schedule:
        """The schedule with what it must remember of the one before it, which is planned through an instant."""
        return schedule

    @abstractmethod
    def rule(self, schedule: Schedule) -> Rule:
        """The instants that it means, whatever its start and end; ValueError or InvalidField when it is incomplete."""

    @abstractmethod
    def describe(self, schedule: Schedule) -> str:
        """Its rule in words."""

    def notes(self, schedule: Schedule) -> Callable[[Instant], Notes]:
        """What the rule has done to one of its instants."""
        return lambda instant: ()


class WallClockType(ScheduleType):
    """A type whose instants are those at which a clock shows the wall times of a pattern."""

    @abstractmethod
    def pattern(self, schedule: Schedule) -> Pattern:
        """The wall times that it means."""

    def daylight(self, schedule: Schedule) -> Daylight:
        return daylight_of(schedule)

    def with_wall_times(self, schedule: Schedule, *, has_start: bool) -> Schedule:
        return replace(schedule, start_local=wall_clock(schedule.timezone)(schedule.start_at))

    def rule(self, schedule: Schedule) -> Zoned:
        return Zoned(self.pattern(schedule), zone_of(schedule), self.daylight(schedule))

    def notes(self, schedule: Schedule) -> Callable[[Instant], Notes]:
        rule = self.rule(schedule)

        def notes(instant: Instant) -> Notes:
            if rule.is_moved(instant):
                return (GAP,)
            clamped = (CLAMPED,) if self.is_clamped(rule, instant) else ()
            return (*clamped, *((OVERLAP,) if rule.is_repeated(instant) else ()))

        return notes

    def is_clamped(self, rule: Zoned, instant: Instant) -> bool:
        """Whether its month is too short for the day that was meant."""
        return False


def zone_of(schedule: Schedule) -> Zone:
    """The zone of its wall clock."""
    return zone(schedule.timezone or "UTC")


def daylight_of(schedule: Schedule) -> Daylight:
    """What the schedule does with missing and repeated hours."""
    return Daylight(schedule.dst_gap or "first_valid", schedule.dst_overlap or "first")


def local_start(schedule: Schedule) -> datetime:
    """The wall time at which it begins."""
    return schedule.start_local or moment_of(zone_of(schedule).wall(to_instant(schedule.start_at)))
