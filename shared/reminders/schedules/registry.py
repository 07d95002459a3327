"""The schedule types by name, in the order in which they are shown."""

from collections.abc import Mapping

from reminders.errors import NotKnownHere
from reminders.schedules.anchored import Anchored
from reminders.schedules.calendar_units import CalendarUnits
from reminders.schedules.cron import CronExpression
from reminders.schedules.one_time import OneTime
from reminders.schedules.recurring import Recurring
from reminders.schedules.rrule.schedule import RecurrenceRule
from reminders.schedules.schedule_type import ScheduleType

TYPES: Mapping[str, ScheduleType] = {
    each.name: each
    for each in (OneTime(), Recurring(), CalendarUnits(), CronExpression(), RecurrenceRule(), Anchored())
}


def type_of(name: str) -> ScheduleType:
    """The type with this name; NotKnownHere when this engine has none."""
    try:
        return TYPES[name]
    except KeyError:
        raise NotKnownHere("schedule type", name) from None
