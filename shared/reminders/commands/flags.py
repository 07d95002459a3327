"""Flags, as callers set them: facts that stop reminders."""

from dataclasses import dataclass

from reminders.errors import NotFound
from reminders.model import Flag, Page
from reminders.storage.store import Store

COMPLETED_AT_ONCE = 1_000  # reminders that one PUT of a flag completes; the ticks do the rest


@dataclass(frozen=True, kw_only=True)
class FlagChange:
    """What setting a flag has done: how many reminders it completed, and whether the ticks complete more."""

    flag: Flag
    completed: int
    more: bool


class Flags:
    """The verbs for flags."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: str) -> Flag:
        found = self._store.flags.get(key)
        if found is None:
            raise NotFound("flag", key)
        return found

    def set(self, key: str, value: bool) -> FlagChange:
        """Creates or sets a flag. True completes what it stops, at most COMPLETED_AT_ONCE here and the rest by the ticks."""

        counted = 0  # by the first try, when the answer to its COMMIT was lost

        def once() -> FlagChange:
            nonlocal counted
            flag, draining = self._store.flags.put(key, value)
            completed = self._store.reminders.complete_stopped(key, COMPLETED_AT_ONCE) if value else 0
            more = completed == COMPLETED_AT_ONCE and self._store.reminders.stops_any(key)
            if more != draining:
                self._store.flags.set_draining(key, more)
            counted = max(counted, completed)
            return FlagChange(flag=flag, completed=counted, more=more)

        return self._store.atomically(once)

    def delete(self, key: str) -> None:
        if not self._store.atomically(lambda: self._store.flags.delete(key), repeatable=False):
            raise NotFound("flag", key)

    def page(self, *, after: str | None, limit: int) -> Page[Flag]:
        """Flags in the order of their keys; `after` is the key after which the page begins."""
        found = self._store.flags.page(after=after, count=limit + 1)
        return Page(items=tuple(found[:limit]), next_cursor=found[limit - 1].key if len(found) > limit else None)
