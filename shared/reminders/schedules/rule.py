"""A schedule in, its rule and its timeline out."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b

from reminders.errors import PlanRefused
from reminders.instants import EPOCH, MINUTE, SECOND, Instant, to_datetime, to_instant
from reminders.model import BusinessCalendar, Due, Schedule, SendWindow
from reminders.schedules import anchored, fields
from reminders.schedules.calendar_units import every
from reminders.schedules.cron import cron
from reminders.schedules.intervals import Backoff, Grid, Instants
from reminders.schedules.patterns import ELAPSED, Daylight, Pattern, Zoned
from reminders.schedules.rrule.recurrence import recurrence
from reminders.schedules.send_windows import Gate
from reminders.schedules.stored import to_schedule
from reminders.schedules.timeline import Bounded, Rule, Timeline
from reminders.schedules.zones import Zone, moment_of, zone


def rule_of(schedule: Schedule) -> Bounded:
    """The instants that a schedule means; ValueError or InvalidField when it is not whole."""
    return _bounded(schedule, unbounded(schedule), to_instant(schedule.start_at))


def timeline_of(
    schedule: Schedule, calendars: Mapping[str, BusinessCalendar], reminder_id: str | None = None
) -> Timeline:
    """A reminder's occurrences; without its id there is no jitter. PlanRefused when its calendar is not there."""
    return _timeline(schedule, rule_of(schedule), calendars, reminder_id)


def timeline_of_row(due: Due, calendars: Mapping[str, BusinessCalendar]) -> tuple[Timeline, Schedule]:
    """A claimed reminder's occurrences, and its schedule as far as it is the same for all that have its JSON.

    A thousand reminders of a batch may have the same cron expression and differ in their anchor, which is a column.
    """
    schedule, rule = _common(due.schedule_type, due.interval_minutes, due.schedule)
    if rule is None:
        schedule = replace(schedule, start_at=to_datetime(due.start_at))
        rule = unbounded(schedule)
    return _timeline(schedule, _bounded(schedule, rule, due.start_at), calendars, due.id), schedule


@lru_cache(maxsize=4_096)
def _common(schedule_type: str, interval_minutes: int | None, text: str | None) -> tuple[Schedule, Rule | None]:
    """A schedule without its anchor, and its rule if that does not depend on one."""
    schedule = to_schedule(schedule_type, EPOCH, interval_minutes, text)
    return schedule, unbounded(schedule) if schedule_type == fields.CRON else None


def _bounded(schedule: Schedule, rule: Rule, start: Instant) -> Bounded:
    end = None if schedule.end_at is None else to_instant(schedule.end_at)
    if schedule.schedule_type == fields.ANCHORED and schedule.start_local is None:
        start = -(2**62)  # its anchor bounds it
    return Bounded(rule, start, end)


def _timeline(
    schedule: Schedule, rule: Bounded, calendars: Mapping[str, BusinessCalendar], reminder_id: str | None
) -> Timeline:
    jitter = jitter_of(reminder_id, schedule.jitter_seconds) if reminder_id and schedule.jitter_seconds else 0
    return Timeline(rule, gate_of(schedule, calendars), defers=schedule.window_policy != "skip", jitter=jitter)


def gate_of(schedule: Schedule, calendars: Mapping[str, BusinessCalendar]) -> Gate | None:
    """When its messages may be sent; None: always."""
    window, name = schedule.send_window, schedule.business_calendar
    if window is None and name is None:
        return None
    calendar = None
    if name is not None:
        try:
            calendar = calendars[name]
        except KeyError:
            raise PlanRefused(f"there is no business calendar {name!r}") from None
    window = window or SendWindow()
    return Gate(window, calendar, zone(window.timezone or schedule.timezone or "UTC"))


def zone_of(schedule: Schedule) -> Zone:
    """The zone of its wall clock."""
    return zone(schedule.timezone or "UTC")


def jitter_of(reminder_id: str, seconds: int) -> Instant:
    """How much later than meant a reminder fires: always the same for one reminder, at most so many seconds."""
    number = int.from_bytes(blake2b(reminder_id.encode(), digest_size=8).digest())
    return number % (seconds + 1) * SECOND


def pattern_of(schedule: Schedule) -> Pattern | None:
    """The wall times that it means; None when it is no matter of a wall clock."""
    if schedule.schedule_type == fields.CRON:
        return cron(schedule.cron or "")
    start = schedule.start_local or moment_of(zone_of(schedule).wall(to_instant(schedule.start_at)))
    match schedule.schedule_type:
        case fields.CALENDAR:
            return every(schedule.unit or "", schedule.every or 1, start, schedule.month_overflow or "clamp")
        case fields.RRULE:
            more, less = schedule.rdates_local or (), schedule.exdates_local or ()
            return recurrence(schedule.rrule or "", start, schedule.rrule_until, more, less)
    return None


def unbounded(schedule: Schedule) -> Rule:
    """The instants that a schedule's rule means, whatever its start and end."""
    pattern = pattern_of(schedule)
    if pattern is not None:
        return Zoned(pattern, zone_of(schedule), _daylight(schedule))
    start = to_instant(schedule.start_at)
    match schedule.schedule_type:
        case fields.ONE_TIME:
            return Instants([start])
        case fields.RECURRING if schedule.backoff_minutes:
            return Backoff(start, [gap * MINUTE for gap in schedule.backoff_minutes])
        case fields.RECURRING if schedule.interval_minutes:
            return Grid(start, schedule.interval_minutes * MINUTE)
        case fields.ANCHORED:
            fired = schedule.fired_offsets or ()
            return Instants(instant for text, instant in offsets_of(schedule) if text not in fired)
    raise ValueError(f"a {schedule.schedule_type} schedule lacks what it needs")


def offsets_of(schedule: Schedule) -> list[tuple[str, Instant]]:
    """The offsets of an anchored schedule with their instants."""
    if schedule.anchor_at is None:
        raise ValueError("an anchored schedule has no anchor")
    zone = zone_of(schedule)
    anchor = to_instant(schedule.anchor_at)
    meant = schedule.anchor_local or moment_of(zone.wall(anchor))
    return list(anchored.instants(anchor, meant, schedule.offsets or (), zone, _daylight(schedule)))


def _daylight(schedule: Schedule) -> Daylight:
    if schedule.schedule_type == fields.CRON and cron(schedule.cron or "").counts_elapsed_time:
        return ELAPSED
    return Daylight(schedule.dst_gap or "first_valid", schedule.dst_overlap or "first")
