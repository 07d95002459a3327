"""A schedule in words, as one line of English."""

from reminders.model import SendWindow
from reminders.model.reminder import Schedule
from reminders.schedules import phrases
from reminders.schedules.registry import type_of


def describe(schedule: Schedule) -> str:
    """What the schedule means: its rule, its end, and when sending is allowed."""
    rule = type_of(schedule.schedule_type).describe(schedule)
    return ", ".join(filter(None, (rule, *_bounds(schedule), *_gates(schedule))))


def _bounds(schedule: Schedule) -> list[str]:
    end, most, jitter = schedule.end_at, schedule.max_runs, schedule.jitter_seconds
    return [
        f"until {phrases.instant(end)}" if end else "",
        f"at most {phrases.number(most, 'time')}" if most else "",
        f"up to {phrases.number(jitter, 'second')} later" if jitter else "",
    ]


def _gates(schedule: Schedule) -> list[str]:
    window, calendar = schedule.send_window, schedule.business_calendar
    allowed = [_window(window, schedule) if window else "", f"on working days of {calendar}" if calendar else ""]
    if not any(allowed):
        return []
    otherwise = "otherwise not at all" if schedule.window_policy == "skip" else "otherwise at the next allowed minute"
    return ["only " + " ".join(filter(None, allowed)), otherwise]


def _window(window: SendWindow, schedule: Schedule) -> str:
    days = "" if len(window.weekdays) == 7 else f"on {phrases.weekdays(window.weekdays)} "
    opens, closes = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (window.opens, window.closes))
    hours = "" if (window.opens, window.closes) == (0, 1440) else f"from {opens} to {closes} "
    return f"{days}{hours}({window.timezone or schedule.timezone or 'UTC'})"
