"""`reminder_jobs`, as the ticks ask: what is due, and what becomes of it."""

import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

from reminders.conditions import Facts
from reminders.instants import Instant
from reminders.lifecycle.plans import Plan
from reminders.model import Due
from reminders.states import Status
from reminders.storage import jsonb, parameters
from reminders.storage.calendars import to_calendars
from reminders.storage.statements import Statements


class Claim(NamedTuple):
    """A batch of locked reminders, and what was read with them in the same statement."""

    now: Instant
    due: list[Due]
    facts: Facts
    waiting: frozenset[str]  # ids of those that have waiting runs
    locked: int  # how many are due and locked; more than `due` where messages are long
    incarnation: str | None  # which life of the database it is; None: the first


class DueTable:
    """One method a statement of `sql/reminder_jobs/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def claim(self, count: int, floor: Instant | None) -> Claim:
        found = self._sql.rows("claim_due", count=count, floor=floor, bytes=parameters.READ_AT_ONCE)[0]
        instant, flags, waiting, calendars, locked, incarnation, *columns = found
        true_flags = frozenset(json.loads(flags)) if flags else frozenset()
        return Claim(
            now=instant,
            due=_to_due(columns),
            facts=Facts(true_flags=true_flags, calendars=to_calendars(calendars)),
            waiting=frozenset(json.loads(waiting)) if waiting else frozenset(),
            locked=locked,
            incarnation=incarnation,
        )

    def advance(self, plans: Sequence[Plan], lease_seconds: float, incarnation: str | None) -> int:
        """Writes decisions and their runs, and says how many reminders advanced: if not all, the transaction must
        not commit."""
        decisions = [plan.decision for plan in plans]
        advanced: int = self._sql.value(
            "advance",
            tids=parameters.words([f'"{plan.due.tid}"' for plan in plans]),
            statuses=parameters.words([None if d.status is Status.ACTIVE else d.status for d in decisions]),
            next_run_at=parameters.numbers([d.next_run_at for d in decisions]),
            planned_through=parameters.numbers([d.planned_through for d in decisions]),
            reasons=parameters.words([d.reason for d in decisions]),
            errors=parameters.texts([d.error for d in decisions]),
            run_ids=parameters.numbers([plan.due.run_id for plan in plans]),
            run_states=parameters.words([plan.run_state for plan in plans]),
            run_reasons=parameters.words([plan.run_reason for plan in plans]),
            run_errors=parameters.texts([plan.run_error for plan in plans]),
            scheduled_for=parameters.numbers(
                [None if d.scheduled_at == d.planned_through else d.scheduled_at for d in decisions]
            ),
            stands_for=parameters.numbers([None if d.stands_for == 1 else d.stands_for for d in decisions]),
            messages=parameters.texts([parameters.json_text(plan.message) for plan in plans]),
            lease=lease_seconds,
            incarnation=incarnation,
        )
        return advanced

    def park(self, reminder_id: str, error: str) -> None:
        self._sql.rows("park", id=reminder_id, error=error)

    def fail_unknown(self, reminder_ids: Collection[str], grace_hours: float) -> list[str]:
        """Ends those of them in which something has not been known for so long, and says which."""
        found = self._sql.rows("fail_unknown", reminder_ids=parameters.words(reminder_ids), grace=grace_hours)
        return [str(row[0]) for row in found]

    def put_off(self, reminder_id: str, seconds: float) -> None:
        """Looks at it again after so many seconds; nothing else changes."""
        self._sql.rows("put_off", id=reminder_id, seconds=seconds)

    def renumber(self, reminder_ids: Collection[str]) -> None:
        """Moves the numbers of their occurrences beyond those that the history holds."""
        self._sql.rows("renumber", reminder_ids=parameters.words(reminder_ids))

    def lock_free(self, reminder_ids: Collection[str]) -> set[str]:
        """Locks those that nobody else has locked, and says which; one that is not there counts as locked."""
        return {str(row[0]) for row in self._sql.rows("lock_reminders", reminder_ids=parameters.words(reminder_ids))}

    def delete_ended(self, days: int, count: int, *, runs: int) -> int:
        """Removes at most `count` that ended so many days ago, and at most `runs` of their runs; says how many rows."""
        removed: int = self._sql.value("delete_ended", days=days, count=count, runs=runs)
        return removed

    def fail_undelivered(self, reminder_ids: Collection[str]) -> None:
        self._sql.rows("fail_undelivered", reminder_ids=parameters.words(reminder_ids))

    def next_due(self, floor: Instant | None) -> float | None:
        """Seconds until a reminder is due that was not due before `floor`."""
        seconds: float | None = self._sql.value("next_due", floor=floor)
        return seconds

    def oldest_due(self, floor: Instant | None) -> float:
        """Seconds since the oldest that is due was due; those at or before `floor` are not looked at."""
        seconds: float = self._sql.value("oldest_due", floor=floor)
        return seconds


def _to_due(columns: list[str | None]) -> list[Due]:
    """Claimed reminders: one JSON array a column, in the order of the fields; NULLs when nothing was due."""
    if columns[0] is None:
        return []
    return list(map(Due._make, zip(*map(jsonb.parse_each, columns), strict=True)))  # type: ignore[arg-type]
