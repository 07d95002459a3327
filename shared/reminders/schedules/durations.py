"""ISO 8601 durations with a sign: the part in days is wall time, the part in hours is elapsed time."""

import re
from calendar import monthrange
from datetime import datetime, timedelta
from typing import NamedTuple

from reminders.instants import SECOND

_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?=[0-9T])(?:(?P<years>[0-9]{1,3})Y)?(?:(?P<months>[0-9]{1,4})M)?(?:(?P<weeks>[0-9]{1,4})W)?"
    r"(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,8})M)?(?:(?P<seconds>[0-9]{1,9})S)?)?",
    re.ASCII,
)


class Duration(NamedTuple):
    """How far away something is: months and days by the calendar, then microseconds."""

    months: int
    days: int
    microseconds: int

    def on_the_calendar(self, wall: datetime) -> datetime:
        """A naive wall time moved by the months and days; a month that lacks the day gives its last.

        ValueError when there is no such year.
        """
        year, month = divmod(wall.year * 12 + wall.month - 1 + self.months, 12)
        day = min(wall.day, monthrange(year, month + 1)[1])
        try:
            return wall.replace(year=year, month=month + 1, day=day) + timedelta(days=self.days)
        except OverflowError as beyond:
            raise ValueError("there is no such year") from beyond


def parse(text: str) -> Duration:
    """Reads `-P3D`, `PT1H`, `P1Y2M3DT4H`; ValueError for anything else."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("is not an ISO 8601 duration such as -P3D or PT1H")
    sign = -1 if found["sign"] == "-" else 1
    part = {
        name: sign * int(found[name] or 0)
        for name in ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
    }
    seconds = (part["hours"] * 60 + part["minutes"]) * 60 + part["seconds"]
    return Duration(part["years"] * 12 + part["months"], part["weeks"] * 7 + part["days"], seconds * SECOND)
