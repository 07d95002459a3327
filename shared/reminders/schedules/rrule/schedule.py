"""Recurrence rules of RFC 5545 as a type of schedule."""

from dataclasses import replace

from reminders.errors import InvalidField
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules.patterns import Pattern
from reminders.schedules.rrule import words
from reminders.schedules.rrule.parts import Parts
from reminders.schedules.rrule.recurrence import ever_fires, last_permitted, recurrence
from reminders.schedules.schedule_type import DST_FIELDS, WallClockType, local_start
from reminders.schedules.zones import wall_clock

_MOST_KEPT = 100  # dates of a pattern that is remembered: a thousand long lists would fill the memory


class RecurrenceRule(WallClockType):
    """Fires at the wall times of a recurrence rule, at further ones, and not at excepted ones."""

    name = "rrule"
    needed = ("rrule", "start_at")
    own = ("rrule", "rdates", "exdates", *DST_FIELDS)
    blamed = "rrule"

    def check(self, spec: ScheduleSpec) -> None:
        Parts(spec.rrule or "")

    def with_wall_times(self, schedule: Schedule, *, has_start: bool) -> Schedule:
        """Also adds when COUNT or UNTIL ends it; InvalidField when that leaves nothing, whatever dates are added."""
        wall, rule = wall_clock(schedule.timezone), schedule.rrule or ""
        start = wall(schedule.start_at)
        until = last_permitted(rule, start, wall)
        if not ever_fires(rule, start, until):
            raise InvalidField("rrule", "never fires")
        return replace(
            schedule,
            start_local=start,
            rdates_local=None if schedule.rdates is None else tuple(map(wall, schedule.rdates)),
            exdates_local=None if schedule.exdates is None else tuple(map(wall, schedule.exdates)),
            rrule_until=until,
        )

    def pattern(self, schedule: Schedule) -> Pattern:
        more, less = schedule.rdates_local or (), schedule.exdates_local or ()
        made = recurrence if len(more) + len(less) <= _MOST_KEPT else recurrence.__wrapped__
        return made(schedule.rrule or "", local_start(schedule), schedule.rrule_until, more, less)

    def describe(self, schedule: Schedule) -> str:
        return words.describe(schedule)
