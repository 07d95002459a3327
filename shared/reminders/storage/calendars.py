"""`business_calendars`: the working days that reminders respect."""

import json
from collections.abc import Collection
from contextlib import suppress
from datetime import date
from typing import Any

from reminders.model import BusinessCalendar, NamedCalendar
from reminders.storage import parameters
from reminders.storage.statements import Statements


class CalendarTable:
    """One method a statement of `sql/business_calendars/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def get(self, name: str) -> NamedCalendar | None:
        return next((to_named_calendar(row) for row in self._sql.records("get_calendar", name=name)), None)

    def share(self, name: str) -> BusinessCalendar | None:
        """A calendar's days, as they stay until the transaction ends."""
        return next((to_calendar(row[0]) for row in self._sql.rows("share_calendar", name=name)), None)

    def put(self, name: str, days: BusinessCalendar) -> NamedCalendar:
        found = self._sql.records("put_calendar", name=name, days=calendar_text(days))
        return to_named_calendar(found[0])

    def page(self, *, after: str | None, count: int) -> list[NamedCalendar]:
        return [to_named_calendar(row) for row in self._sql.records("list_calendars", after=after, count=count)]

    def lock(self, name: str) -> bool:
        """Whether it is there; until the transaction ends, no reminder can start to use it."""
        return bool(self._sql.rows("lock_calendar", name=name))

    def delete(self, name: str) -> bool:
        """Removes a locked calendar unless a live reminder uses it, and says whether it has."""
        return bool(self._sql.rows("delete_calendar", name=name))

    def named(self, names: Collection[str]) -> dict[str, BusinessCalendar]:
        """These business calendars, as far as they exist and can be read."""
        return to_calendars(self._sql.value("calendars", names=parameters.texts(names)))

    def lock_changed(self) -> tuple[str, str] | None:
        """A calendar whose reminders are not all re-planned, and the id through which they are."""
        return next(((name, str(after)) for name, after in self._sql.rows("lock_changed_calendar")), None)

    def save_progress(self, name: str, after: str | None) -> None:
        self._sql.rows("save_calendar_progress", name=name, after=after)


def to_calendar(text: str) -> BusinessCalendar:
    """A business calendar's days."""
    return _calendar(json.loads(text))


def to_named_calendar(row: dict[str, Any]) -> NamedCalendar:
    return NamedCalendar(
        name=row["name"], days=to_calendar(row["days"]), created_at=row["created_at"], updated_at=row["updated_at"]
    )


def to_calendars(text: str | None) -> dict[str, BusinessCalendar]:
    """Business calendars by name, those that can be read."""
    found: dict[str, BusinessCalendar] = {}
    for name, days in {} if text is None else json.loads(text).items():
        with suppress(TypeError, KeyError):  # SQL has put it there: it harms those that use it, and no others
            found[name] = _calendar(days)
    return found


def calendar_text(calendar: BusinessCalendar) -> str:
    """A business calendar's days as they are stored."""
    days = {"weekdays": sorted(calendar.weekdays), "holidays": [day.isoformat() for day in sorted(calendar.holidays)]}
    return json.dumps(days)


def _calendar(days: dict[str, Any]) -> BusinessCalendar:
    """Days that do not exist, which SQL may have put there, never come, and count as absent."""
    return BusinessCalendar(
        weekdays=frozenset(int(day) for day in days["weekdays"] if day in _WEEKDAYS and isinstance(day, int | float)),
        holidays=frozenset(day for text in days["holidays"] if (day := _date(text)) is not None),
    )


_WEEKDAYS = range(7)


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
