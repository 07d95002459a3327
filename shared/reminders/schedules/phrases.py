"""Numbers, lists and times as the description of a schedule words them."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from reminders.model.reminder import Schedule

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_LISTED = 8  # items that are named of a list without a bound; the rest is counted


def weekdays(days: Collection[int]) -> str:
    """`Monday to Friday`, or each by its name."""
    first, last = min(days), max(days)
    if len(days) > 2 and last - first == len(days) - 1:
        return f"{WEEKDAYS[first]} to {WEEKDAYS[last]}"
    return listed([WEEKDAYS[day] for day in sorted(days)])


def whole(minutes: int) -> tuple[int, str]:
    """Minutes as hours, if they are whole ones. Never as days: a day on the wall clock may have 23 hours."""
    return (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")


def every(count: int, unit: str) -> str:
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def number(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def listed(words: Iterable[str]) -> str:
    *firsts, last = words
    if len(firsts) >= _LISTED:
        firsts, last = firsts[: _LISTED - 1], f"{len(firsts) - _LISTED + 2} more"
    return f"{', '.join(firsts)} and {last}" if firsts else last


def clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S").removesuffix(":00")


def zone(schedule: Schedule) -> str:
    return f" ({schedule.timezone or 'UTC'})"


def ordinal(number: int) -> str:
    count = abs(number)
    ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    if number > 0:
        return f"{count}{ending}"
    return "last" if count == 1 else f"{count}{ending} to last"


def instant(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
