"""Business calendars, as callers keep them."""

from datetime import date

from reminders.errors import CalendarInUse, InvalidField, NotFound
from reminders.model import BusinessCalendar, NamedCalendar, Page
from reminders.storage.store import Store


class Calendars:
    """The verbs for business calendars."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str) -> NamedCalendar:
        found = self._store.calendars.get(name)
        if found is None:
            raise NotFound("calendar", name)
        return found

    def put(self, name: str, weekdays: frozenset[int] | None, holidays: frozenset[date]) -> NamedCalendar:
        """Creates or replaces one; without weekdays it keeps those that it has, and a new one gets Monday to Friday.

        The next tick re-plans the reminders that use it.
        """

        def once() -> NamedCalendar:
            kept = weekdays
            if kept is None:
                before = self._store.calendars.get(name)
                kept = (before.days if before else BusinessCalendar()).weekdays
            return self._store.calendars.put(name, BusinessCalendar(weekdays=kept, holidays=holidays))

        return self._store.atomically(once)

    def delete(self, name: str) -> None:
        """Removes one that no live reminder uses."""

        def once() -> None:
            if not self._store.calendars.lock(name):
                raise NotFound("calendar", name)
            if not self._store.calendars.delete(name):
                raise CalendarInUse(name)

        self._store.atomically(once, repeatable=False)

    def page(self, *, after: str | None, limit: int) -> Page[NamedCalendar]:
        """Calendars in the order of their names; `after` is the name after which the page begins."""
        found = self._store.calendars.page(after=after, count=limit + 1)
        return Page(items=tuple(found[:limit]), next_cursor=found[limit - 1].name if len(found) > limit else None)

    def shared(self, *names: str | None) -> dict[str, BusinessCalendar]:
        """Within a transaction: those with these names, locked against changes until it ends; InvalidField when one is
        missing."""
        found: dict[str, BusinessCalendar] = {}
        for name in filter(None, names):
            days = self._store.calendars.share(name)
            if days is None:
                raise InvalidField("business_calendar", "there is no business calendar with this name")
            found[name] = days
        return found
