"""A schedule in words, as one line of English."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from reminders.instants import SECOND
from reminders.model import Schedule, SendWindow
from reminders.schedules import durations, fields
from reminders.schedules.cron import spelled_out
from reminders.schedules.rrule.parts import Parts

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_UNITS = {
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}
_LISTED = 8  # of a list that has no bound; the rest is counted


def describe(schedule: Schedule) -> str:
    """What the schedule means: its rule, its end, and when sending is allowed."""
    return ", ".join(filter(None, (_RULES[schedule.schedule_type](schedule), *_bounds(schedule), *_gates(schedule))))


# The rules


def _one_time(schedule: Schedule) -> str:
    return f"once, at {_instant(schedule.start_at)}"


def _recurring(schedule: Schedule) -> str:
    start = _instant(schedule.start_at)
    if not schedule.backoff_minutes:
        return f"{_every(*_whole(schedule.interval_minutes or 1))} from {start}"
    *_, last = gaps = [_number(*_whole(gap)) for gap in schedule.backoff_minutes]
    if len(gaps) == 1:
        return f"every {last} after {start}"
    return f"after {start} with gaps of {_listed(gaps)}, and then every {last}"


def _calendar(schedule: Schedule) -> str:
    start, unit = schedule.start_local or schedule.start_at, schedule.unit or ""
    places = {
        "week": f" on {_WEEKDAYS[start.weekday()]}",
        "month": f" on day {start.day}",
        "year": f" on {start.day} {_MONTHS[start.month - 1]}",
    }
    place = places.get(unit, "")
    may_lack_it = (unit == "month" and start.day > 28) or (unit == "year" and (start.month, start.day) == (2, 29))
    if may_lack_it:
        place += ", or not at all" if schedule.month_overflow == "skip" else ", or the month's last"
    return f"{_every(schedule.every or 1, unit)}{place} at {_clock(start)}{_in(schedule)} from {start.date()}"


def _cron(schedule: Schedule) -> str:
    from cron_descriptor import ExpressionDescriptor, FormatError, Options

    expression = spelled_out(schedule.cron or "")
    options = Options()
    options.locale_code = "en_US"  # not the machine's own
    try:
        described = ExpressionDescriptor(expression, options).get_description()
    except (FormatError, ValueError, IndexError, TypeError):  # it knows less than cron does
        described = f"by the cron expression {expression}"
    return f"{described[0].lower()}{described[1:]}{_in(schedule)}"


def _rrule(schedule: Schedule) -> str:
    start, parts = schedule.start_local or schedule.start_at, Parts(schedule.rrule or "")
    unit = _UNITS[parts.frequency]
    words = [_every(parts.interval, unit), *_days(parts, start), *_times(parts, start)]
    more, less = schedule.rdates or (), schedule.exdates or ()
    limits = [
        f"{_number(parts.count, 'time')}" if parts.count else "",
        f"until {schedule.rrule_until:%Y-%m-%d %H:%M}" if parts.until and schedule.rrule_until else "",
        f"and at {_number(len(more), 'further time')}" if more else "",
        f"but for {_number(len(less), 'time')}" if less else "",
    ]
    begun = f"{' '.join(words)}{_in(schedule)} from {start.date()}"
    return ", ".join(filter(None, (begun, *limits)))


def _anchored(schedule: Schedule) -> str:
    places = list(map(_offset, schedule.offsets or ()))
    return f"{_listed(places)} {_instant(schedule.anchor_at)}"


_RULES = {
    fields.ONE_TIME: _one_time,
    fields.RECURRING: _recurring,
    fields.CALENDAR: _calendar,
    fields.CRON: _cron,
    fields.RRULE: _rrule,
    fields.ANCHORED: _anchored,
}


# The parts of a recurrence rule


def _days(parts: Parts, start: datetime) -> list[str]:
    """On which days; what the rule leaves open follows from its start."""
    lists = dict(parts.lists)
    days = [f"the {_ordinal(nth)} {_WEEKDAYS[day]}" if nth else _WEEKDAYS[day] for nth, day in parts.days]
    if not days and (parts.frequency == "WEEKLY" or "BYWEEKNO" in lists):
        days = [_WEEKDAYS[start.weekday()]]
    if not days and parts.frequency in ("MONTHLY", "YEARLY") and not lists.keys() & {"BYMONTHDAY", "BYYEARDAY"}:
        lists["BYMONTHDAY"] = [start.day]
        if parts.frequency == "YEARLY":
            lists.setdefault("BYMONTH", [start.month])
    found = (
        ("on {}", [_weekdays({day for _, day in parts.days})] if len(days) > 2 and not any(dict(parts.days)) else days),
        ("on {} of the month", [_place(number) for number in lists.get("BYMONTHDAY", ())]),
        ("on {} of the year", [_place(number) for number in lists.get("BYYEARDAY", ())]),
        ("in {}", [f"week {number}" for number in lists.get("BYWEEKNO", ())]),
        ("in {}", [_MONTHS[month - 1] for month in lists.get("BYMONTH", ())]),
    )
    return [phrase.format(_listed(words)) for phrase, words in found if words]


def _times(parts: Parts, start: datetime) -> list[str]:
    lists = parts.lists
    hours, minutes = lists.get("BYHOUR"), lists.get("BYMINUTE")
    if parts.frequency in ("HOURLY", "MINUTELY"):
        within = [f"in {_listed([f'hour {hour}' for hour in hours])}"] if hours else []
        if minutes or parts.frequency == "HOURLY":
            within.append(f"at {_listed([f'minute {minute}' for minute in minutes or [start.minute]])}")
    else:
        times = [f"{hour:02}:{minute:02}" for hour in hours or [start.hour] for minute in minutes or [start.minute]]
        within = [f"at {_listed(times)}"]
    if positions := lists.get("BYSETPOS"):
        within.append(f"(of these only the {_listed(map(_ordinal, positions))})")
    return within


def _place(number: int) -> str:
    return f"day {number}" if number > 0 else f"the {_ordinal(number)} day"


def _ordinal(number: int) -> str:
    count = abs(number)
    ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    if number > 0:
        return f"{count}{ending}"
    return "last" if count == 1 else f"{count}{ending} to last"


# Bounds and gates


def _bounds(schedule: Schedule) -> list[str]:
    end, most, jitter = schedule.end_at, schedule.max_runs, schedule.jitter_seconds
    return [
        f"until {_instant(end)}" if end else "",
        f"at most {_number(most, 'time')}" if most else "",
        f"up to {_number(jitter, 'second')} later" if jitter else "",
    ]


def _gates(schedule: Schedule) -> list[str]:
    window, calendar = schedule.send_window, schedule.business_calendar
    allowed = [_window(window, schedule) if window else "", f"on working days of {calendar}" if calendar else ""]
    if not any(allowed):
        return []
    otherwise = "otherwise not at all" if schedule.window_policy == "skip" else "otherwise at the next allowed minute"
    return ["only " + " ".join(filter(None, allowed)), otherwise]


def _window(window: SendWindow, schedule: Schedule) -> str:
    days = "" if len(window.weekdays) == 7 else f"on {_weekdays(window.weekdays)} "
    opens, closes = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (window.opens, window.closes))
    hours = "" if (window.opens, window.closes) == (0, 1440) else f"from {opens} to {closes} "
    return f"{days}{hours}({window.timezone or schedule.timezone or 'UTC'})"


# Numbers, lists and times


def _offset(text: str) -> str:
    """`-P3D` as `3 days before`."""
    duration = durations.parse(text)
    seconds = abs(duration.microseconds) // SECOND
    amounts = {
        "month": abs(duration.months),
        "day": abs(duration.days),
        "hour": seconds // 3_600,
        "minute": seconds // 60 % 60,
        "second": seconds % 60,
    }
    said = [_number(amount, unit) for unit, amount in amounts.items() if amount]
    return f"{_listed(said)} {'before' if text.startswith('-') else 'after'}" if said else "at"


def _weekdays(days: Collection[int]) -> str:
    """`Monday to Friday`, or each by its name."""
    first, last = min(days), max(days)
    if len(days) > 2 and last - first == len(days) - 1:
        return f"{_WEEKDAYS[first]} to {_WEEKDAYS[last]}"
    return _listed([_WEEKDAYS[day] for day in sorted(days)])


def _whole(minutes: int) -> tuple[int, str]:
    """Minutes as hours, if they are whole ones. Never as days: those of a wall clock may have 23 hours."""
    return (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")


def _every(count: int, unit: str) -> str:
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _number(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _listed(words: Iterable[str]) -> str:
    *firsts, last = words
    if len(firsts) >= _LISTED:
        firsts, last = firsts[: _LISTED - 1], f"{len(firsts) - _LISTED + 2} more"
    return f"{', '.join(firsts)} and {last}" if firsts else last


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S").removesuffix(":00")


def _in(schedule: Schedule) -> str:
    return f" ({schedule.timezone or 'UTC'})"


def _instant(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
