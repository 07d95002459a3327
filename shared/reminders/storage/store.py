"""The only module with queries: one method is one file in `sql/`.

`now` is None in production, where a statement then takes the database's own clock; tests give an instant.
"""

import functools
import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from reminders.conditions.registry import Facts
from reminders.instants import Instant
from reminders.lifecycle.decide import Decision
from reminders.lifecycle.stops import RunFacts
from reminders.model import BusinessCalendar, Due, Flag, Json, NamedCalendar, NaturalKey, Reminder, Run, RunRecord
from reminders.schedules import stored
from reminders.states import Reason, State, Status
from reminders.storage import jsonb, rows
from reminders.storage.database import Database

_SQL = Path(__file__).parent / "sql"

type Now = datetime | None


class Claim(NamedTuple):
    """A batch of locked reminders, and what was read with them in the same statement."""

    now: Instant
    due: list[Due]
    facts: Facts
    waiting: frozenset[str]  # ids of those that have waiting runs


class Plan(NamedTuple):
    """A decision about one claimed reminder, and its run if it fires: None as run_state means no run."""

    due: Due
    decision: Decision
    run_state: State | None
    run_reason: str | None
    run_error: str | None
    message: dict[str, Json] | None  # None: the run copies the reminder's own


class Outcome(NamedTuple):
    """What came of one attempt. A delay in seconds means that the run is looked at again."""

    run: Run
    state: State
    delay: float | None
    reason: str | None
    error: str | None
    provider_id: str | None
    begun: float  # monotonic: when the attempt began


class Bookmark(NamedTuple):
    """Where the last tick left off."""

    claim_floor: Instant | None
    may_sweep: bool  # it is time for a claim without that bound
    must_replan: bool  # schedules follow older zones, or a calendar that has changed


class Health(NamedTuple):
    last_tick_at: datetime | None
    oldest_due_seconds: float
    schema_version: str


class Store:
    """PostgreSQL, in the words of the domain. Belongs to one thread, as its connection does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def another(self) -> "Store":
        """A store on the same database, with a connection of its own, for another thread."""
        return Store(self._database.another())

    def close(self) -> None:
        self._database.close()

    def atomically[T](self, work: Callable[[], T], *, repeatable: bool = True) -> T:
        """Runs `work` in one transaction; see `Database.atomically`."""
        return self._database.atomically(work, repeatable=repeatable)

    # What callers ask about reminders

    def now(self, now: Now) -> datetime:
        moment: datetime = self._value("now", now=rows.time(now))
        return moment

    def insert_reminder(self, reminder: Reminder) -> Reminder | None:
        """None when a live reminder has the same natural key."""
        return self._reminder(
            "insert_reminder",
            now=rows.time(reminder.created_at),
            **rows.natural_key(reminder.key),
            **rows.columns(reminder),
        )

    def lock_twin(self, key: NaturalKey) -> Reminder | None:
        return self._reminder("lock_twin", **rows.natural_key(key))

    def get_reminder(self, reminder_id: str) -> Reminder | None:
        return self._reminder("get_reminder", id=reminder_id)

    def lock_reminder(self, reminder_id: str) -> Reminder | None:
        return self._reminder("lock_reminder", id=reminder_id)

    def save_reminder(self, reminder: Reminder) -> None:
        state = {
            "status": reminder.status,
            "paused_at": rows.time(reminder.paused_at),
            "resumed_at": rows.time(reminder.resumed_at),
            "completed_at": rows.time(reminder.completed_at),
            "completion_reason": reminder.completion_reason,
            "version": reminder.version,
            "updated_at": rows.time(reminder.updated_at),
        }
        columns = rows.columns(reminder)
        del columns["channel"]
        self._rows("save_reminder", **columns, **state)

    def list_reminders(self, *, before: str | None, count: int, **filters: str | None) -> list[Reminder]:
        return [rows.to_reminder(row) for row in self._records("list_reminders", before=before, count=count, **filters)]

    def list_runs(self, reminder_id: str, *, before: tuple[int, int] | None, count: int) -> list[RunRecord]:
        number, step = before or (None, None)
        found = self._records("list_runs", reminder_id=reminder_id, before_no=number, before_step=step, count=count)
        return [rows.to_record(row) for row in found]

    def insert_triggered_run(self, reminder_id: str, message: dict[str, Json] | None, now: datetime) -> RunRecord:
        inserted = self._records(
            "insert_triggered_run", reminder_id=reminder_id, message=rows.json_text(message), now=rows.time(now)
        )
        return rows.to_record(inserted[0])

    def cancel_waiting(self, reasons: Collection[tuple[str, Reason]], now: Now, *, retries_only: bool = False) -> None:
        """Cancels the waiting runs of locked reminders, given as (reminder id, reason)."""
        ids, why = zip(*reasons, strict=True)
        flags = rows.words(["true" if retries_only else "false"] * len(ids))
        self._rows(
            "cancel_waiting",
            reminder_ids=rows.words(ids),
            reasons=rows.words(why),
            retries_only=flags,
            now=rows.time(now),
        )

    # Flags

    def get_flag(self, key: str) -> Flag | None:
        return next((rows.to_flag(row) for row in self._records("get_flag", key=key)), None)

    def put_flag(self, key: str, value: bool, now: Now) -> Flag:
        return rows.to_flag(self._records("put_flag", key=key, value=value, now=rows.time(now))[0])

    def set_draining(self, key: str, draining: bool) -> None:
        self._rows("set_draining", key=key, draining=draining)

    def delete_flag(self, key: str) -> bool:
        return bool(self._rows("delete_flag", key=key))

    def list_flags(self, *, after: str | None, count: int) -> list[Flag]:
        return [rows.to_flag(row) for row in self._records("list_flags", after=after, count=count)]

    def facts(self, keys: Collection[str]) -> Facts:
        """What is true of these flags."""
        return Facts(true_flags=frozenset(row[0] for row in self._rows("true_flags", keys=rows.texts(keys))))

    def complete_stopped(self, key: str, count: int, now: Now) -> int:
        """Completes at most `count` live reminders that this true flag stops."""
        completed: int = self._value("complete_stopped", key=key, count=count, now=rows.time(now))
        return completed

    def stops_any(self, key: str) -> bool:
        """Whether a live reminder waits for this flag."""
        return bool(self._value("stops_any", key=key))

    def lock_draining(self, passed: Collection[str]) -> str | None:
        """A flag that still has reminders to complete, other than those of the keys that were passed."""
        return next((row[0] for row in self._rows("lock_draining", passed=rows.texts(passed))), None)

    def drain_stopped(self, key: str, count: int, now: Now) -> int:
        """The same as `complete_stopped`, but for reminders that somebody has locked."""
        completed: int = self._value("drain_stopped", key=key, count=count, now=rows.time(now))
        return completed

    # Business calendars

    def get_calendar(self, name: str) -> NamedCalendar | None:
        return next((rows.to_named_calendar(row) for row in self._records("get_calendar", name=name)), None)

    def share_calendar(self, name: str) -> BusinessCalendar | None:
        """A calendar's days, as they stay until the transaction ends."""
        return next((rows.to_calendar(row[0]) for row in self._rows("share_calendar", name=name)), None)

    def put_calendar(self, name: str, days: BusinessCalendar, now: Now) -> NamedCalendar:
        found = self._records("put_calendar", name=name, days=rows.calendar_text(days), now=rows.time(now))
        return rows.to_named_calendar(found[0])

    def list_calendars(self, *, after: str | None, count: int) -> list[NamedCalendar]:
        return [rows.to_named_calendar(row) for row in self._records("list_calendars", after=after, count=count)]

    def lock_calendar(self, name: str) -> bool:
        """Whether it is there; until the transaction ends nobody begins to keep to it."""
        return bool(self._rows("lock_calendar", name=name))

    def delete_calendar(self, name: str) -> bool:
        """Whether a locked calendar is gone: not while a live reminder keeps to it."""
        return bool(self._rows("delete_calendar", name=name))

    # Re-planning

    def lock_zones(self, version: str) -> str | None:
        """The id through which a newer edition of the time zones is applied; None: to all, or another tick is at it."""
        return next((str(row[0]) for row in self._rows("lock_zones", version=version)), None)

    def save_zones(self, version: str, after: str | None) -> None:
        self._rows("save_zones", version=version, after=after)

    def find_zoned(self, after: str, count: int) -> tuple[str | None, list[str]]:
        """The last of the next so many ids, None when there are no more, and those whose schedule reads a clock."""
        last, ids = self._rows("find_zoned", after=after, count=count)[0]
        return None if last is None else str(last), [str(each) for each in ids or ()]

    def lock_changed_calendar(self) -> tuple[str, str] | None:
        """A calendar whose reminders are not all re-planned, and the id through which they are."""
        return next(((name, str(after)) for name, after in self._rows("lock_changed_calendar")), None)

    def calendars(self, names: Collection[str]) -> dict[str, BusinessCalendar]:
        """Those of these business calendars that there are and that can be read."""
        return rows.to_calendars(self._value("calendars", names=rows.texts(names)))

    def save_calendar_progress(self, name: str, after: str | None) -> None:
        self._rows("save_calendar_progress", name=name, after=after)

    def find_by_calendar(self, name: str, after: str, count: int) -> list[str]:
        return [str(row[0]) for row in self._rows("find_by_calendar", name=name, after=after, count=count)]

    def lock_for_replanning(self, ids: Collection[str]) -> list[Reminder]:
        """Those of them that are live and that nobody else has locked."""
        return [rows.to_reminder(row) for row in self._records("lock_for_replanning", ids=rows.words(ids))]

    def replan(self, reminders: Sequence[Reminder]) -> None:
        """Writes the instants of locked reminders."""
        self._rows(
            "replan",
            ids=rows.words([each.id for each in reminders]),
            start_at=rows.texts([rows.time(each.schedule.start_at) for each in reminders]),
            schedules=rows.texts([stored.to_text(each.schedule) for each in reminders]),
            next_run_at=rows.texts([rows.time(each.next_run_at) for each in reminders]),
        )

    # The tick

    def claim_due(self, count: int, floor: Instant | None, now: Now) -> Claim:
        found = self._rows("claim_due", count=count, floor=floor, now=rows.time(now))[0]
        instant, flags, waiting, calendars, *columns = found
        due = map(Due._make, zip(*map(jsonb.parse, columns), strict=True)) if columns[0] else ()
        return Claim(
            instant,
            list(due),
            Facts(
                true_flags=frozenset(json.loads(flags)) if flags else frozenset(),
                calendars=rows.to_calendars(calendars),
            ),
            frozenset(json.loads(waiting)) if waiting else frozenset(),
        )

    def advance(self, plans: Sequence[Plan], lease_seconds: float, now: Now) -> int:
        """Writes decisions and their runs. How many reminders were advanced: all, or the transaction must not commit."""
        decisions = [plan.decision for plan in plans]
        advanced: int = self._value(
            "advance",
            tids=rows.words([f'"{plan.due.tid}"' for plan in plans]),
            statuses=rows.words([None if d.status is Status.ACTIVE else d.status for d in decisions]),
            next_run_at=rows.numbers([d.next_run_at for d in decisions]),
            planned_through=rows.numbers([d.planned_through for d in decisions]),
            reasons=rows.words([d.reason for d in decisions]),
            errors=rows.texts([d.error for d in decisions]),
            run_ids=rows.numbers([plan.due.run_id for plan in plans]),
            run_states=rows.words([plan.run_state for plan in plans]),
            run_reasons=rows.words([plan.run_reason for plan in plans]),
            run_errors=rows.texts([plan.run_error for plan in plans]),
            scheduled_for=rows.numbers(
                [None if d.scheduled_at == d.planned_through else d.scheduled_at for d in decisions]
            ),
            stands_for=rows.numbers([None if d.stands_for == 1 else d.stands_for for d in decisions]),
            messages=rows.texts([rows.json_text(plan.message) for plan in plans]),
            lease=lease_seconds,
            now=rows.time(now),
        )
        return advanced

    def park(self, reminder_id: str, error: str, now: Now) -> None:
        self._rows("park", id=reminder_id, error=error, now=rows.time(now))

    def lock_reminders(self, reminder_ids: Collection[str]) -> set[str]:
        """Locks those that nobody else has locked, and says which; one that is not there counts as locked."""
        return {str(row[0]) for row in self._rows("lock_reminders", reminder_ids=rows.words(reminder_ids))}

    def fail_undelivered(self, reminder_ids: Collection[str], now: Now) -> None:
        self._rows("fail_undelivered", reminder_ids=rows.words(reminder_ids), now=rows.time(now))

    def lease_waiting(self, rooms: dict[str, int], lease_seconds: float, now: Now) -> list[Run]:
        """Leases waiting runs: for each channel at most as many as it has room for."""
        channels, sizes = rows.texts(rooms), rows.numbers(rooms.values())
        return rows.to_runs(
            self._value("lease_waiting", channels=channels, rooms=sizes, lease=lease_seconds, now=rows.time(now))
        )

    def take_over(
        self, channels: Collection[str], attempts: range, batches: Sequence[int], lease_seconds: float, now: Now
    ) -> list[Run]:
        """Leases runs of dead workers that are at one of these attempts; `batches[attempt - 1]` says how many at a time."""
        found = self._value(
            "take_over",
            channels=rows.texts(channels),
            least=attempts.start,
            most=attempts.stop - 1,
            batches=rows.numbers(batches),
            lease=lease_seconds,
            now=rows.time(now),
        )
        return rows.to_runs(found)

    def undeliverable(self, channels: Collection[str], max_attempts: int, now: Now) -> list[tuple[int, str, bool]]:
        """Runs that nobody will send, as (id, reminder id, whether dead workers used up its attempts)."""
        names = rows.texts(channels)
        found = self._rows("undeliverable", channels=names, max_attempts=max_attempts, now=rows.time(now))
        return [(row[0], str(row[1]), row[2]) for row in found]

    def bury(self, ids: Collection[int], reason: Reason, error: str, now: Now) -> None:
        self._rows("bury", ids=rows.numbers(ids), reason=reason, error=error, now=rows.time(now))

    def run_facts(self, runs: Sequence[Run], now: Now) -> tuple[Instant, list[RunFacts], Facts]:
        """What may stop these runs, as of the instant that is returned with it."""
        ids, attempts = rows.numbers([run.id for run in runs]), rows.numbers([run.attempt for run in runs])
        instant, facts, flags = self._rows("run_facts", ids=ids, attempts=attempts, now=rows.time(now))[0]
        true_flags = frozenset(json.loads(flags)) if flags else frozenset()
        return instant, [RunFacts._make(row) for row in json.loads(facts)], Facts(true_flags=true_flags)

    def record_outcomes(self, outcomes: Sequence[Outcome], now: Now) -> int:
        """Writes what came of attempts; how many were still this worker's to write."""
        recorded: int = self._value(
            "record_outcomes",
            ids=rows.numbers([o.run.id for o in outcomes]),
            attempts=rows.numbers([o.run.attempt for o in outcomes]),
            states=rows.words([o.state for o in outcomes]),
            delays=rows.numbers([o.delay for o in outcomes]),
            reasons=rows.words([o.reason for o in outcomes]),
            errors=rows.texts([o.error for o in outcomes]),
            provider_ids=rows.texts([o.provider_id for o in outcomes]),
            now=rows.time(now),
        )
        return recorded

    def hand_back(self, runs: Sequence[Run], now: Now) -> None:
        ids, attempts = rows.numbers([run.id for run in runs]), rows.numbers([run.attempt for run in runs])
        self._rows("hand_back", ids=ids, attempts=attempts, now=rows.time(now))

    def bookmark(self, zones_version: str, now: Now) -> Bookmark:
        """What the last tick left; `zones_version` is the edition of the time zones that this one has."""
        return Bookmark._make(self._rows("scheduler_state", zones_version=zones_version, now=rows.time(now))[0])

    def save_bookmark(self, floor: Instant | None, sweep_pause: float | None, now: Now) -> None:
        """`sweep_pause` in seconds: for how long claims should keep to the bound; None when this tick has not swept."""
        self._rows("save_scheduler_state", floor=floor, pause=sweep_pause, now=rows.time(now))

    def next_due(self, floor: Instant | None) -> float | None:
        """Seconds until a reminder is due that was not due before `floor`."""
        seconds: float | None = self._value("next_due", floor=floor)
        return seconds

    def oldest_due(self, floor: Instant | None, now: Now) -> float:
        """Seconds since the oldest that is due was due; those at or before `floor` are not looked at."""
        seconds: float = self._value("oldest_due", floor=floor, now=rows.time(now))
        return seconds

    def delete_old_runs(self, days: int, count: int, now: Now) -> int:
        removed: int = self._value("delete_old_runs", days=days, count=count, now=rows.time(now))
        return removed

    def health(self) -> Health:
        return Health._make(self._rows("health")[0])

    # How a statement is run

    def _rows(self, name: str, /, **parameters: Any) -> list[list[Any]]:
        return self._database.run(_statement(name), **parameters)

    def _value(self, name: str, /, **parameters: Any) -> Any:
        return self._rows(name, **parameters)[0][0]

    def _records(self, name: str, /, **parameters: Any) -> list[dict[str, Any]]:
        return self._database.run_named(_statement(name), **parameters)

    def _reminder(self, name: str, /, **parameters: Any) -> Reminder | None:
        return next((rows.to_reminder(row) for row in self._records(name, **parameters)), None)


@functools.cache
def _statement(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")
