"""A schedule in, its rule and its timeline out."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b

from reminders.errors import PlanRefused
from reminders.instants import EPOCH, SECOND, Instant, to_datetime, to_instant
from reminders.model import BusinessCalendar, Due, SendWindow
from reminders.model.reminder import Schedule
from reminders.schedules import bounds
from reminders.schedules.advance import NEVER
from reminders.schedules.registry import type_of
from reminders.schedules.send_windows import Gate
from reminders.schedules.stored import to_schedule
from reminders.schedules.timeline import Bounded, Rule, Timeline
from reminders.schedules.zones import zone

_LONGEST_KEPT = 8_000  # characters of a schedule that is remembered: hundreds of long lists would fill the memory


def rule_of(schedule: Schedule) -> Bounded:
    """The instants that a schedule means; ValueError or InvalidField when it is incomplete, or beyond its bounds."""
    bounds.check(schedule)
    return _bounded(schedule, type_of(schedule.schedule_type).rule(schedule), to_instant(schedule.start_at))


def timeline_of(
    schedule: Schedule, calendars: Mapping[str, BusinessCalendar], reminder_id: str | None = None
) -> Timeline:
    """A reminder's occurrences; without its id there is no jitter. PlanRefused when its calendar is not there."""
    return _timeline(schedule, rule_of(schedule), calendars, reminder_id)


def timeline_of_row(due: Due, calendars: Mapping[str, BusinessCalendar]) -> tuple[Timeline, Schedule]:
    """A claimed reminder's occurrences, and the part of its schedule that all with the same JSON share.

    A thousand reminders of a batch may have the same cron expression and differ in their anchor, which is a column.
    """
    is_long = due.schedule is not None and len(due.schedule) > _LONGEST_KEPT
    common = _common.__wrapped__ if is_long else _common
    schedule, rule = common(due.schedule_type, due.interval_minutes, due.schedule)
    if rule is None:
        schedule = replace(schedule, start_at=to_datetime(due.start_at))
        rule = type_of(schedule.schedule_type).rule(schedule)
    return _timeline(schedule, _bounded(schedule, rule, due.start_at), calendars, due.id), schedule


@lru_cache(maxsize=512)  # each may hold a cron expression's 1,440 times
def _common(schedule_type: str, interval_minutes: int | None, text: str | None) -> tuple[Schedule, Rule | None]:
    """A schedule without its anchor, and its rule if that does not depend on one."""
    kind = type_of(schedule_type)
    schedule = to_schedule(schedule_type, EPOCH, interval_minutes, text)
    bounds.check(schedule)
    return schedule, None if kind.rule_needs_start else kind.rule(schedule)


def _bounded(schedule: Schedule, rule: Rule, start: Instant) -> Bounded:
    end = None if schedule.end_at is None else to_instant(schedule.end_at)
    if not type_of(schedule.schedule_type).has_start(schedule):
        start = NEVER
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


def jitter_of(reminder_id: str, seconds: int) -> Instant:
    """How much later than meant a reminder fires: always the same for one reminder, at most so many seconds."""
    number = int.from_bytes(blake2b(reminder_id.encode(), digest_size=8).digest())
    return number % (seconds + 1) * SECOND
