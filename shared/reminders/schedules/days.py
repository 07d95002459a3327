"""Calendar days as numbers, counted from 1970-01-01: what patterns and windows calculate with."""

from datetime import date

_EPOCH = date(1970, 1, 1).toordinal()

CENTURY = 36_525
"""A hundred years: what does not fire within them never does."""


def date_of(day: int) -> date:
    return date.fromordinal(_EPOCH + day)


def day_of(moment: date) -> int:
    return moment.toordinal() - _EPOCH


def weekday_of(day: int) -> int:
    """0 is Monday."""
    return (day + 3) % 7
