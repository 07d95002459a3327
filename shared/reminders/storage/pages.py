"""Pages of reminders: which ones a list shows is looked up where firing is not paid for it, then their rows are read.

An ACTIVE reminder is found through the narrow `reminder_listing`, one that is not ACTIVE through indexes that no ACTIVE
row meets, and what SQL or older code has written through an index over what the listing has not as it is. What is found
is checked against the rows themselves, so that a list is never wrong, at most slow.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from reminders.model import Page, ReminderFilter
from reminders.model.reminder import Reminder
from reminders.states import Status
from reminders.storage import parameters, rows
from reminders.storage.statements import Statements

PAGE_BYTES = 4_000_000  # of a page's rows; Lambda answers with six megabytes at most
_MOST_KINDS = 2_000  # with more, searching through kinds costs more than reading the rows
_MOST_DUE = 30_000  # as many due reminders are read to find the newest of them
_LOOK = 1_000  # at so many reminders once more, when the first look was not enough for a page
_LOOKS = 8  # after which a page ends where it is


class _Seen(NamedTuple):
    """Reminders that may match, newest first."""

    ids: Sequence[str]
    reached: str | None  # nothing newer than this one is missing; None: nothing at all is


class _TooManyKinds(Exception):
    """A search through kinds would take long."""


class ReminderPages:
    """One page after the other."""

    def __init__(self, reminders: Statements, listing: Statements) -> None:
        """The statements of `sql/reminder_jobs/` and of `sql/reminder_listing/`."""
        self._reminders = reminders
        self._listing = listing

    def page(self, matching: ReminderFilter, *, before: str | None, limit: int) -> Page[Reminder]:
        """The newest of those that match, created before the one with the id `before`.

        `next_cursor` is the id where the next page begins. A page may be shorter than `limit`, even empty, with more to
        come: when it has as many bytes as it may have, or when long nothing matched.
        """
        if matching.due_before is not None and matching.status not in (None, Status.ACTIVE):
            return Page(items=(), next_cursor=None)
        if matching == ReminderFilter():
            return self._read_on(matching, before, limit)
        try:
            return self._found(matching, before, limit)
        except _TooManyKinds:
            return self._read_on(matching, before, limit)

    def _found(self, matching: ReminderFilter, before: str | None, limit: int) -> Page[Reminder]:
        items: list[Reminder] = []
        count, at = limit + 1, before
        for number in range(_LOOKS):
            seen = self._look(number, matching, at, count)
            found, is_cut = self._read(matching, seen.ids, at, count - len(items))
            items += found
            if is_cut or len(items) == count or seen.reached is None:
                return _page(items, limit, is_cut)
            at = seen.reached
        return Page(items=tuple(items), next_cursor=at)

    def _look(self, number: int, matching: ReminderFilter, before: str | None, count: int) -> _Seen:
        """Reminders that may match: first a cheap look, then one that finds all that a page needs."""
        if number == 0 and matching.entity_id is None:
            return self._newest(matching, before)
        if number == 1 and matching.due_before is not None and (due := self._due(matching, before, count)) is not None:
            return due
        return self._indexed(matching, before, count if number <= 1 and matching.due_before is None else _LOOK)

    def _read_on(self, matching: ReminderFilter, before: str | None, limit: int) -> Page[Reminder]:
        """Reads row after row from `before` on."""
        found, is_cut = self._read(matching, None, before, limit + 1)
        return _page(found, limit, is_cut)

    def _read(
        self, matching: ReminderFilter, ids: Sequence[str] | None, before: str | None, count: int
    ) -> tuple[list[Reminder], bool]:
        """At most `count`, and whether they are fewer since they have as many bytes as a page may have."""
        listed, is_cut = self._reminders.rows(
            "list_reminders",
            ids=None if ids is None else parameters.words(ids),
            before=before,
            count=count,
            bytes=PAGE_BYTES,
            **_filters(matching),
        )[0]
        return rows.to_reminders(listed), is_cut

    def _newest(self, matching: ReminderFilter, before: str | None) -> _Seen:
        filters = _filters(matching)
        del filters["entity_id"]
        return _of_kinds([[*self._reminders.rows("find_newest", **filters, before=before, look=_LOOK)[0], False]])

    def _indexed(self, matching: ReminderFilter, before: str | None, count: int) -> _Seen:
        """The newest that indexes find, `count` or nearly as many."""
        sources: list[_Seen] = []
        wants_active = matching.status in (None, Status.ACTIVE) or matching.due_before is not None
        if wants_active:
            sources += [self._active(matching, before, count), self._unlisted(matching, before, count)]
        if matching.status != Status.ACTIVE and matching.due_before is None:
            sources.append(self._at_rest(matching, before, count))
        return _merged(sources)

    def _active(self, matching: ReminderFilter, before: str | None, count: int) -> _Seen:
        if matching.entity_id is not None:
            return _of_entity(self._listing.rows("find_active_of_entity", **_key(matching), before=before, count=count), count)
        return _of_kinds(self._listing.rows("find_active", **_kind(matching), before=before, count=count, kinds=_MOST_KINDS))

    def _at_rest(self, matching: ReminderFilter, before: str | None, count: int) -> _Seen:
        status = matching.status
        if matching.entity_id is not None:
            found = self._reminders.rows(
                "find_at_rest_of_entity", **_key(matching), status=status, before=before, count=count
            )
            return _of_entity(found, count)
        return _of_kinds(
            self._reminders.rows(
                "find_at_rest", **_kind(matching), status=status, before=before, count=count, kinds=_MOST_KINDS
            )
        )

    def _unlisted(self, matching: ReminderFilter, before: str | None, count: int) -> _Seen:
        return _of_entity(self._reminders.rows("find_unlisted", **_key(matching), before=before, count=count), count)

    def _due(self, matching: ReminderFilter, before: str | None, count: int) -> _Seen | None:
        """The newest `count` that are due; None when too many are due for that."""
        ids, are_too_many = self._reminders.rows(
            "find_due",
            **_key(matching),
            due_before=parameters.time(matching.due_before),
            before=before,
            count=count,
            most=_MOST_DUE,
        )[0]
        return None if are_too_many else _Seen(ids or (), None)


def _page(found: Sequence[Reminder], limit: int, is_cut: bool) -> Page[Reminder]:
    items = tuple(found[:limit])
    return Page(items=items, next_cursor=items[-1].id if is_cut or len(found) > limit else None)


def _filters(matching: ReminderFilter) -> dict[str, Any]:
    return {**matching._asdict(), "due_before": parameters.time(matching.due_before)}


def _kind(matching: ReminderFilter) -> dict[str, Any]:
    return {"entity_type": matching.entity_type, "event_type": matching.event_type, "channel": matching.channel}


def _key(matching: ReminderFilter) -> dict[str, Any]:
    return {**_kind(matching), "entity_id": matching.entity_id}


def _of_entity(found: list[list[Any]], count: int) -> _Seen:
    ids = [row[0] for row in found]
    return _Seen(ids, ids[-1] if len(ids) == count else None)


def _of_kinds(found: list[list[Any]]) -> _Seen:
    ids, reached, are_too_many = found[0]
    if are_too_many:
        raise _TooManyKinds
    return _Seen(json.loads(ids) if isinstance(ids, str) else ids or (), reached)


def _merged(sources: Iterable[_Seen]) -> _Seen:
    """What all sources have seen: as far as the one that has come least far."""
    reached = max((seen.reached for seen in sources if seen.reached is not None), default="")
    ids = sorted({each for seen in sources for each in seen.ids if each >= reached}, reverse=True)
    return _Seen(ids, reached or None)
