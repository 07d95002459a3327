"""`reminder_jobs`, as lists read it: rows, and ids that searches find."""

from collections.abc import Sequence
from typing import Any

from reminders.model import PAGE_BYTES, ReminderFilter
from reminders.model.reminder import Reminder
from reminders.storage import parameters, rows
from reminders.storage.listing import Seen, in_order, keys, kinds, of_kinds, read_ids
from reminders.storage.statements import Statements

_MOST_DUE = 10_000  # with more that are due, finding the newest of them takes long


class ListTable:
    """One method a statement of `sql/reminder_jobs/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def read(
        self, matching: ReminderFilter, ids: Sequence[str] | None, before: str | None, count: int
    ) -> tuple[list[Reminder], bool]:
        """The newest `count`, of these ids or of all; and whether they are fewer since a page has no more bytes."""
        listed, is_cut = self._sql.rows(
            "list_reminders",
            **_filters(matching),
            ids=None if ids is None else parameters.words(ids),
            before=before,
            count=count,
            bytes=PAGE_BYTES,
        )[0]
        return rows.to_reminders(listed), is_cut

    def find_newest(self, matching: ReminderFilter, before: str | None, count: int, *, look: int) -> tuple[Seen, int]:
        """At most `count` of those that match of the newest `look`, whatever their entity, and how many are due."""
        filters = _filters(matching)
        del filters["entity_id"]
        found, reached, due = self._sql.rows("find_newest", **filters, before=before, count=count, look=look)[0]
        ids = read_ids(found)
        return Seen(ids, ids[-1] if len(ids) == count else reached), due

    def find_at_rest(self, matching: ReminderFilter, before: str | None, count: int) -> Seen:
        """Those of certain kinds that are not ACTIVE; TooManyKinds."""
        return of_kinds(
            self._sql.rows("find_at_rest", **kinds(matching), status=matching.status, before=before, count=count)
        )

    def find_at_rest_of_entity(self, matching: ReminderFilter, before: str | None, count: int) -> Seen:
        filters = keys(matching) | {"status": matching.status}
        return in_order(self._sql.rows("find_at_rest_of_entity", **filters, before=before, count=count), count)

    def find_live_of_entity(self, matching: ReminderFilter, before: str | None, count: int) -> Seen:
        """Those of an entity that are ACTIVE or PAUSED; TooManyKinds when its type is not given and there are many."""
        filters = kinds(matching) | {"entity_id": matching.entity_id, "status": matching.status}
        return of_kinds(self._sql.rows("find_live_of_entity", **filters, before=before, count=count))

    def find_unlisted(self, matching: ReminderFilter, before: str | None, count: int) -> Seen:
        """Those of certain kinds of which the listing does not say what it should; TooManyKinds."""
        return of_kinds(self._sql.rows("find_unlisted", **kinds(matching), before=before, count=count))

    def find_due(self, matching: ReminderFilter, before: str | None, count: int) -> Seen | None:
        """The newest `count` that are due before the filter's instant; None when too many are."""
        due_before = parameters.time(matching.due_before)
        ids, are_too_many = self._sql.rows(
            "find_due", **keys(matching), due_before=due_before, before=before, most=_MOST_DUE
        )[0]
        return None if are_too_many else Seen(read_ids(ids)[:count], None)


def _filters(matching: ReminderFilter) -> dict[str, Any]:
    return {**matching._asdict(), "due_before": parameters.time(matching.due_before)}
