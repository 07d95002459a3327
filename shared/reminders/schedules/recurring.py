"""Elapsed time: every so many minutes, or with gaps that grow."""

from datetime import datetime, timedelta

from reminders.instants import MINUTE, to_instant
from reminders.model.reminder import Schedule, ScheduleSpec
from reminders.schedules import phrases
from reminders.schedules.intervals import Backoff, Grid
from reminders.schedules.schedule_type import ScheduleType
from reminders.schedules.timeline import Rule


class Recurring(ScheduleType):
    """Fires at its start and every interval after it, or after each of its gaps, the last of which repeats."""

    name = "recurring"
    one_of = ("interval_minutes", "backoff_minutes")
    own = one_of
    has_wall_clock = False

    def default_start(self, spec: ScheduleSpec, moment: datetime) -> datetime:
        """A grid begins one interval from now; growing gaps are counted from now."""
        return moment if spec.interval_minutes is None else moment + timedelta(minutes=spec.interval_minutes)

    def rule(self, schedule: Schedule) -> Rule:
        start = to_instant(schedule.start_at)
        if schedule.backoff_minutes:
            return Backoff(start, [gap * MINUTE for gap in schedule.backoff_minutes])
        if schedule.interval_minutes:
            return Grid(start, schedule.interval_minutes * MINUTE)
        raise ValueError(f"a {self.name} schedule lacks what it needs")

    def describe(self, schedule: Schedule) -> str:
        start = phrases.instant(schedule.start_at)
        if not schedule.backoff_minutes:
            return f"{phrases.every(*phrases.whole(schedule.interval_minutes or 1))} from {start}"
        *_, last = gaps = [phrases.number(*phrases.whole(gap)) for gap in schedule.backoff_minutes]
        if len(gaps) == 1:
            return f"every {last} after {start}"
        return f"after {start} with gaps of {phrases.listed(gaps)}, and then every {last}"
