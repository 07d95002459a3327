"""Pages of reminders: which ones a list shows is looked up where firing pays nothing for it, then their rows are read.

An ACTIVE reminder is found through the narrow `reminder_listing`, one that is not ACTIVE through indexes that no ACTIVE
row meets, and what SQL or older code has written through an index over what the listing does not have as it is. What is
found is checked against the rows themselves, so that a list is never wrong, at most slow.
"""

from collections.abc import Iterator, Sequence

from reminders.model import Page, ReminderFilter
from reminders.model.reminder import Reminder
from reminders.states import Status
from reminders.storage.listing import ListingTable, Seen, TooManyKinds
from reminders.storage.lists import ListTable

_LOOK = 1_000  # reminders that a cheap look considers, and one that has to consider more than a page
_DUE_LOOK = 5_000  # that a cheap look considers in a list of what is due: if so many of them are,
_MANY_DUE = 50  # reading all that are due costs more than looking on
_LOOKS = 8  # after which a page ends where it is


class ReminderPages:
    """One page after the other."""

    def __init__(self, reminders: ListTable, listing: ListingTable) -> None:
        self._reminders = reminders
        self._listing = listing

    def page(self, matching: ReminderFilter, *, before: str | None, limit: int) -> Page[Reminder]:
        """The newest of those that match, created before the one with the id `before`.

        `next_cursor` is the id after which the next page begins. With more to come a page may be shorter than `limit`,
        even empty: when it has as many bytes as it may have, or when for long nothing matched.
        """
        if matching.due_before is not None and matching.status not in (None, Status.ACTIVE):
            return Page(items=(), next_cursor=None)
        if matching == ReminderFilter():
            return self._read_on(matching, before, limit)
        try:
            return self._found(matching, before, limit)
        except TooManyKinds:
            return self._read_on(matching, before, limit)

    def _read_on(self, matching: ReminderFilter, before: str | None, limit: int) -> Page[Reminder]:
        """Reads row after row from `before` on."""
        found, is_cut = self._reminders.read(matching, None, before, limit + 1)
        return _page(found, limit, is_cut)

    def _found(self, matching: ReminderFilter, before: str | None, limit: int) -> Page[Reminder]:
        items: list[Reminder] = []
        count, at = limit + 1, before
        for number in range(_LOOKS):
            seen = self._look(number, matching, at, count)
            found, is_cut = (
                self._reminders.read(matching, seen.ids, at, count - len(items)) if seen.ids else ([], False)
            )
            items += found
            if is_cut or len(items) == count or seen.reached is None:
                return _page(items, limit, is_cut)
            at = seen.reached
        return Page(items=tuple(items), next_cursor=at)

    def _look(self, number: int, matching: ReminderFilter, before: str | None, count: int) -> Seen:
        """Reminders that may match: first a cheap look, then one that finds all that a page needs."""
        if number > 0 or matching.entity_id is not None:
            is_exact = number <= 1 and matching.due_before is None
            return self._indexed(matching, before, count if is_exact else _LOOK)
        if matching.due_before is None:
            return self._reminders.find_newest(matching, before, count, look=_LOOK)[0]
        newest, due = self._reminders.find_newest(matching, before, count, look=_DUE_LOOK)
        if due >= _MANY_DUE or len(newest.ids) == count:
            return newest
        return self._reminders.find_due(matching, before, count) or newest

    def _indexed(self, matching: ReminderFilter, before: str | None, count: int) -> Seen:
        """The newest that indexes find, `count` of them or nearly."""
        if matching.entity_id is not None:
            return _merged(list(self._of_entity(matching, before, count)))
        sources: list[Seen] = []
        if matching.status in (None, Status.ACTIVE):
            sources.append(self._listing.find_active(matching, before, count))
            sources.append(self._reminders.find_unlisted(matching, before, count))
        if matching.status != Status.ACTIVE and matching.due_before is None:
            sources.append(self._reminders.find_at_rest(matching, before, count))
        return _merged(sources)

    def _of_entity(self, matching: ReminderFilter, before: str | None, count: int) -> Iterator[Seen]:
        """One entity's, which need no listing: live ones have an index by their natural key."""
        if matching.status in (None, Status.ACTIVE, Status.PAUSED):
            yield self._reminders.find_live_of_entity(matching, before, count)
        if matching.status not in (Status.ACTIVE, Status.PAUSED) and matching.due_before is None:
            yield self._reminders.find_at_rest_of_entity(matching, before, count)


def _page(found: Sequence[Reminder], limit: int, is_cut: bool) -> Page[Reminder]:
    items = tuple(found[:limit])
    return Page(items=items, next_cursor=items[-1].id if is_cut or len(found) > limit else None)


def _merged(sources: Sequence[Seen]) -> Seen:
    """What all sources have seen: as far as the one that has come least far."""
    reached = max((seen.reached for seen in sources if seen.reached is not None), default="")
    ids = sorted({each for seen in sources for each in seen.ids if each >= reached}, reverse=True)
    return Seen(ids, reached or None)
