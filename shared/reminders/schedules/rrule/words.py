"""A recurrence rule in words."""

from datetime import datetime

from reminders.model.reminder import Schedule
from reminders.schedules import phrases
from reminders.schedules.rrule.parts import Parts

_UNITS = {
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}


def describe(schedule: Schedule) -> str:
    start, parts = schedule.start_local or schedule.start_at, Parts(schedule.rrule or "")
    unit = _UNITS[parts.frequency]
    words = [phrases.every(parts.interval, unit), *_days(parts, start), *_times(parts, start)]
    more, less = schedule.rdates or (), schedule.exdates or ()
    limits = [
        f"{phrases.number(parts.count, 'time')}" if parts.count else "",
        f"until {schedule.rrule_until:%Y-%m-%d %H:%M}" if parts.until and schedule.rrule_until else "",
        f"and at {phrases.number(len(more), 'further time')}" if more else "",
        f"but for {phrases.number(len(less), 'time')}" if less else "",
    ]
    begun = f"{' '.join(words)}{phrases.zone(schedule)} from {start.date()}"
    return ", ".join(filter(None, (begun, *limits)))


def _days(parts: Parts, start: datetime) -> list[str]:
    """On which days; what the rule leaves open follows from its start."""
    lists = dict(parts.lists)
    days = [
        f"the {phrases.ordinal(nth)} {phrases.WEEKDAYS[day]}" if nth else phrases.WEEKDAYS[day]
        for nth, day in parts.days
    ]
    if not days and (parts.frequency == "WEEKLY" or "BYWEEKNO" in lists):
        days = [phrases.WEEKDAYS[start.weekday()]]
    if not days and parts.frequency in ("MONTHLY", "YEARLY") and not lists.keys() & {"BYMONTHDAY", "BYYEARDAY"}:
        lists["BYMONTHDAY"] = [start.day]
        if parts.frequency == "YEARLY":
            lists.setdefault("BYMONTH", [start.month])
    found = (
        (
            "on {}",
            [phrases.weekdays({day for _, day in parts.days})] if len(days) > 2 and not any(dict(parts.days)) else days,
        ),
        ("on {} of the month", [_place(number) for number in lists.get("BYMONTHDAY", ())]),
        ("on {} of the year", [_place(number) for number in lists.get("BYYEARDAY", ())]),
        ("in {}", [f"week {number}" for number in lists.get("BYWEEKNO", ())]),
        ("in {}", [phrases.MONTHS[month - 1] for month in lists.get("BYMONTH", ())]),
    )
    return [phrase.format(phrases.listed(words)) for phrase, words in found if words]


def _times(parts: Parts, start: datetime) -> list[str]:
    lists = parts.lists
    hours, minutes = lists.get("BYHOUR"), lists.get("BYMINUTE")
    if parts.frequency in ("HOURLY", "MINUTELY"):
        within = [f"in {phrases.listed([f'hour {hour}' for hour in hours])}"] if hours else []
        if minutes or parts.frequency == "HOURLY":
            within.append(f"at {phrases.listed([f'minute {minute}' for minute in minutes or [start.minute]])}")
    else:
        times = [f"{hour:02}:{minute:02}" for hour in hours or [start.hour] for minute in minutes or [start.minute]]
        within = [f"at {phrases.listed(times)}"]
    if positions := lists.get("BYSETPOS"):
        within.append(f"(of these only the {phrases.listed(map(phrases.ordinal, positions))})")
    return within


def _place(number: int) -> str:
    return f"day {number}" if number > 0 else f"the {phrases.ordinal(number)} day"
