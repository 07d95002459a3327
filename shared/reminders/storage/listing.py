"""`reminder_listing`: ACTIVE reminders as lists look for them, kept to what `reminder_jobs` says."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from reminders.errors import ReminderError
from reminders.model import ReminderFilter
from reminders.storage.statements import Statements

_MOST_KINDS = 5_000  # with more, searching through kinds costs more than reading the rows


class Seen(NamedTuple):
    """Ids of reminders that may match, newest first, as far as a search has come."""

    ids: Sequence[str]
    reached: str | None  # nothing newer than this one is missing; None: nothing at all is


class TooManyKinds(ReminderError):
    """Reminders are of so many kinds that going from kind to kind would take long."""


class ListingTable:
    """One method a statement of `sql/reminder_listing/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def find_active(self, matching: ReminderFilter, before: str | None, count: int) -> Seen:
        """ACTIVE ones of certain kinds; TooManyKinds."""
        return of_kinds(self._sql.rows("find_active", **kinds(matching), before=before, count=count))

    def enter_changed(self, count: int) -> int:
        """Brings at most `count` reminders up to date that SQL or older code has written, and says how many."""
        entered: int = self._sql.value("enter_changed", count=count)
        return entered

    def check(self, count: int) -> int:
        """Goes `count` reminders further through the listing, and says how many entries were wrong."""
        wrong: int = self._sql.value("check_listing", count=count)
        return wrong


def keys(matching: ReminderFilter) -> dict[str, Any]:
    """The filters that every search through an index asks."""
    return {
        "entity_type": matching.entity_type,
        "entity_id": matching.entity_id,
        "event_type": matching.event_type,
        "channel": matching.channel,
    }


def kinds(matching: ReminderFilter) -> dict[str, Any]:
    """Those that a search from kind to kind asks, and how many kinds it may meet."""
    filters = keys(matching) | {"kinds": _MOST_KINDS}
    del filters["entity_id"]
    return filters


def in_order(found: list[list[Any]], count: int) -> Seen:
    """What a search has found that reads in the order of ids, `count` at most."""
    ids = [row[0] for row in found]
    return Seen(ids, ids[-1] if len(ids) == count else None)


def of_kinds(found: list[list[Any]]) -> Seen:
    """What a search from kind to kind has found."""
    ids, reached, are_too_many = found[0]
    if are_too_many:
        raise TooManyKinds
    return Seen(read_ids(ids), reached)


def read_ids(ids: Any) -> Sequence[str]:
    """Ids that come as a JSON array; None is an empty one."""
    return json.loads(ids) if isinstance(ids, str) else ids or ()
