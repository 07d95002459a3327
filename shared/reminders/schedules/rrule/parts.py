"""The parts of an RFC 5545 recurrence rule, read strictly."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from reminders.errors import InvalidField

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = re.compile(r"(?P<nth>[+-]?[0-9]{1,2})?(?P<name>MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?", re.ASCII)

# Each list's least and greatest value; whether it may count from the end.
_LISTS = {
    "BYMONTH": (1, 12, False),
    "BYWEEKNO": (1, 53, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 59, False),
    "BYSETPOS": (1, 366, True),
}
_FREQUENCIES = ("MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# RFC 5545, 3.3.10: what does not go with a frequency.
_OUT_OF_PLACE = {
    "BYWEEKNO": {"MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY"},
    "BYYEARDAY": {"DAILY", "WEEKLY", "MONTHLY"},
    "BYMONTHDAY": {"WEEKLY"},
}


class Parts:
    """A rule's parts, read strictly: whatever RFC 5545 does not permit is refused by name."""

    def __init__(self, text: str) -> None:
        self._given = _split(text)
        self.frequency = self._word("FREQ", _FREQUENCIES)
        self.interval = self._count("INTERVAL") or 1
        self.count = self._count("COUNT")
        self.until = self._given.pop("UNTIL", None)
        self.week_start = _WEEKDAYS.index(self._word("WKST", _WEEKDAYS, "MO"))
        self.lists = {name: self._numbers(name, *bounds) for name, bounds in _LISTS.items() if name in self._given}
        self.days = [_day(word) for word in self._given.pop("BYDAY").split(",")] if "BYDAY" in self._given else []
        if self._given:
            raise _refused("has a part that RFC 5545 does not know")
        self._check()

    def last_wall_time(self, to_wall: Callable[[datetime], datetime]) -> datetime | None:
        """The last wall time that UNTIL permits; `to_wall` gives the wall time of an aware instant.

        A date means the whole of that day; a time with Z is an instant, without it a wall time.
        """
        text = self.until
        if text is None:
            return None
        try:
            if len(text) == 8:
                return datetime.strptime(f"{text}T235959.999999", "%Y%m%dT%H%M%S.%f")  # noqa: DTZ007
            if text.endswith("Z"):
                return to_wall(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
            return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007
        except (ValueError, OverflowError):
            raise _refused("UNTIL is not a date or time that exists") from None

    def _check(self) -> None:
        if self.count is not None and self.until is not None:
            raise _refused("has COUNT and UNTIL: only one of them is allowed")
        if self.until is not None and not _UNTIL.fullmatch(self.until):
            raise _refused("UNTIL must be a date such as 20261224 or a time such as 20261224T090000Z")
        for name, frequencies in _OUT_OF_PLACE.items():
            if name in self.lists and self.frequency in frequencies:
                raise _refused(f"{name} does not go with FREQ={self.frequency}")
        if any(nth for nth, _ in self.days) and (
            self.frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in self.lists
        ):
            raise _refused("BYDAY with a number goes with FREQ=MONTHLY or YEARLY, without BYWEEKNO")
        if len(self.lists.get("BYSECOND", ())) > 1:
            raise _refused("BYSECOND must name one second: nothing fires more often than once a minute")
        if "BYSETPOS" in self.lists and not self.days and len(self.lists) == 1:
            raise _refused("BYSETPOS needs another BY part")

    def _word(self, name: str, known: Sequence[str], default: str | None = None) -> str:
        word = self._given.pop(name, default)
        if word is None or word not in known:
            raise _refused(f"{name} must be one of {', '.join(known)}")
        return word

    def _count(self, name: str) -> int | None:
        text = self._given.pop(name, None)
        if text is None:
            return None
        if not (text.isdecimal() and len(text) <= 9 and int(text) > 0):
            raise _refused(f"{name} must be a whole number of at least 1")
        return int(text)

    def _numbers(self, name: str, least: int, most: int, from_the_end: bool) -> list[int]:
        words = self._given.pop(name).split(",")
        if not all(_NUMBER.fullmatch(word) for word in words):
            raise _refused(f"{name} must be a list of whole numbers")
        found = sorted({int(word) for word in words})
        if not all(least <= (abs(number) if from_the_end else number) <= most for number in found):
            raise _refused(f"{name} must lie between {least} and {most}")
        return found


def _split(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    if not text.isascii():  # upper() would turn some other letters into ASCII ones
        raise _refused("must be written in ASCII")
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not (equals and name and value):
            raise _refused("must consist of parts such as FREQ=DAILY, separated by semicolons")
        if name in given:
            raise _refused("has a part more than once")
        given[name] = value
    return given


def _day(word: str) -> tuple[int, int]:
    """A weekday and which of them, as (number or 0, weekday)."""
    found = _DAY.fullmatch(word)
    if found is None or (found["nth"] and not 1 <= abs(int(found["nth"])) <= 53):
        raise _refused("BYDAY must be a list of weekdays such as MO or -1FR")
    return int(found["nth"] or 0), _WEEKDAYS.index(found["name"])


def _refused(message: str) -> InvalidField:
    return InvalidField("rrule", message)
