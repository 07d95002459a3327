"""One instant."""

from reminders.instants import to_instant
from reminders.model.reminder import Schedule
from reminders.schedules import phrases
from reminders.schedules.intervals import Instants
from reminders.schedules.schedule_type import ScheduleType
from reminders.schedules.timeline import Rule


class OneTime(ScheduleType):
    """Fires once, at its start, even when that has passed."""

    name = "one_time"
    needed = ("start_at",)
    has_wall_clock = False
    keeps_start_of_others = False  # another type's start is hardly the instant that is meant

    def fires_what_has_passed(self, schedule: Schedule) -> bool:
        return True

    def rule(self, schedule: Schedule) -> Rule:
        return Instants([to_instant(schedule.start_at)])

    def describe(self, schedule: Schedule) -> str:
        return f"once, at {phrases.instant(schedule.start_at)}"
