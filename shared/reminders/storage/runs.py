"""`reminder_runs`: the outbox that workers lease from, and the history that callers read."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from reminders import conditions
from reminders.conditions import Facts
from reminders.instants import Instant
from reminders.lifecycle.outcomes import Outcome, Unsent
from reminders.lifecycle.stops import RunFacts
from reminders.model import Json
from reminders.runs import LostRun, Run, RunRecord, run_key
from reminders.states import Reason, State
from reminders.storage import jsonb, parameters
from reminders.storage.statements import Statements

_PAGE_BYTES = 3_500_000  # of an answer; Lambda refuses one of six million


class RunTable:
    """One method a statement of `sql/reminder_runs/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def page(self, reminder_id: str, *, before: tuple[int, int] | None, count: int) -> tuple[list[RunRecord], bool]:
        """At most `count` runs, and whether there are more: a page with long messages has fewer."""
        number, step = before or (None, None)
        found = self._sql.records(
            "list_runs",
            reminder_id=reminder_id,
            before_no=number,
            before_step=step,
            count=count + 1,
            bytes=_PAGE_BYTES,
        )
        page = [_to_record(row) for row in found[:count]]
        return page, bool(found) and len(page) < found[0]["found"]

    def insert_triggered(self, reminder_id: str, message: dict[str, Json] | None) -> RunRecord:
        inserted = self._sql.records(
            "insert_triggered_run", reminder_id=reminder_id, message=parameters.json_text(message)
        )
        return _to_record(inserted[0])

    def cancel_waiting(self, reasons: Collection[tuple[str, Reason]], *, retries_only: bool = False) -> None:
        """Cancels the waiting runs of locked reminders, given as (reminder id, reason)."""
        ids, why = zip(*reasons, strict=True)
        flags = parameters.words(["true" if retries_only else "false"] * len(ids))
        self._sql.rows(
            "cancel_waiting", reminder_ids=parameters.words(ids), reasons=parameters.words(why), retries_only=flags
        )

    def lease_waiting(self, rooms: dict[str, int], lease_seconds: float, passed: Collection[int] = ()) -> list[Run]:
        """Leases waiting runs but those that are passed over: for each channel at most as many as it has room for."""
        channels, sizes = parameters.texts(rooms), parameters.numbers(rooms.values())
        found = self._sql.value(
            "lease_waiting",
            channels=channels,
            rooms=sizes,
            conditions=parameters.texts(conditions.known_types()),
            lease=lease_seconds,
            bytes=parameters.READ_AT_ONCE,
            passed=parameters.numbers(passed),
        )
        return to_runs(found)

    def take_over(
        self,
        channels: Collection[str],
        attempts: range,
        batches: Sequence[int],
        lease_seconds: float,
        passed: Collection[int] = (),
    ) -> list[Run]:
        """Leases runs of dead workers that are at one of these attempts, but those that are passed over;
        `batches[attempt - 1]` says how many at a time."""
        found = self._sql.value(
            "take_over",
            channels=parameters.texts(channels),
            least=attempts.start,
            most=attempts.stop - 1,
            batches=parameters.numbers(batches),
            conditions=parameters.texts(conditions.known_types()),
            lease=lease_seconds,
            bytes=parameters.READ_AT_ONCE,
            passed=parameters.numbers(passed),
        )
        return to_runs(found)

    def first_unfinished(self, channel: str, state: State, attempts: range, passed: Collection[int]) -> LostRun | None:
        """The run that would be leased first."""
        found = self._sql.records(
            "first_unfinished",
            channel=channel,
            state=state,
            least=attempts.start,
            most=attempts.stop - 1,
            passed=parameters.numbers(passed),
        )
        return next(map(_to_lost_run, found), None)

    def undeliverable(self, channels: Collection[str], max_attempts: int, grace_hours: float) -> list[LostRun]:
        """Runs that nobody will send."""
        found = self._sql.records(
            "undeliverable",
            channels=parameters.texts(channels),
            conditions=parameters.texts(conditions.known_types()),
            max_attempts=max_attempts,
            grace=grace_hours,
        )
        return [_to_lost_run(row) for row in found]

    def end_dead(self, ids: Collection[int], reason: Reason, error: str) -> None:
        self._sql.rows("end_dead", ids=parameters.numbers(ids), reason=reason, error=error)

    def facts(self, runs: Sequence[Run]) -> tuple[Instant, list[RunFacts], Facts]:
        """What may stop these runs, as of the instant that is returned with it."""
        ids, attempts = parameters.numbers([run.id for run in runs]), parameters.numbers([run.attempt for run in runs])
        instant, facts, flags = self._sql.rows("run_facts", ids=ids, attempts=attempts)[0]
        true_flags = frozenset(json.loads(flags)) if flags else frozenset()
        return instant, _to_run_facts(facts), Facts(true_flags=true_flags)

    def record(self, outcomes: Sequence[Outcome]) -> int:
        """Writes what came of attempts, and says how many were still this worker's to write."""
        recorded: int = self._sql.value(
            "record_outcomes",
            ids=parameters.numbers([o.run.id for o in outcomes]),
            attempts=parameters.numbers([o.run.attempt for o in outcomes]),
            states=parameters.words([o.state for o in outcomes]),
            delays=parameters.numbers([o.delay for o in outcomes]),
            reasons=parameters.words([o.reason for o in outcomes]),
            errors=parameters.texts([o.error for o in outcomes]),
            provider_ids=parameters.texts([o.provider_id for o in outcomes]),
        )
        return recorded

    def bring_back(
        self,
        channels: Collection[str],
        *,
        lease_seconds: float,
        wait_seconds: float,
        slack_seconds: float,
        count: int,
    ) -> int:
        """Brings back at most so many runs that wait longer than a lease or a retry can, and says how many; a clock
        may have been put back by `slack_seconds`."""
        brought_back: int = self._sql.value(
            "bring_back",
            channels=parameters.texts(channels),
            lease=lease_seconds,
            wait=wait_seconds,
            slack=slack_seconds,
            count=count,
        )
        return brought_back

    def hand_back(self, unsent: Sequence[Unsent]) -> None:
        """Gives back leased runs; each gets its attempt back."""
        self._sql.rows(
            "hand_back",
            ids=parameters.numbers([each.run.id for each in unsent]),
            attempts=parameters.numbers([each.run.attempt for each in unsent]),
            delays=parameters.numbers([each.delay for each in unsent]),
            reasons=parameters.words([each.reason for each in unsent]),
            errors=parameters.texts([each.error for each in unsent]),
        )

    def mend_ids(self) -> None:
        """Moves the sequence of ids beyond those that are there."""
        self._sql.rows("mend_ids")

    def delete_old(self, days: int, count: int) -> int:
        removed: int = self._sql.value("delete_old_runs", days=days, count=count)
        return removed


def _to_record(row: dict[str, Any]) -> RunRecord:
    message = row["message"] if isinstance(row["message"], dict) else {}
    subject, body = message.get("subject"), message.get("body")
    return RunRecord(
        key=run_key(row["reminder_id"], row["occurrence_no"], row["step"], row["incarnation"]),
        subject=subject if isinstance(subject, str) else None,
        body=body if isinstance(body, str) else None,
        state=State(row["state"]),
        **{name: row[name] for name in _SAME_NAME_IN_RUN},
    )


_SAME_NAME_IN_RUN = (
    "occurrence_no",
    "step",
    "cause",
    "scheduled_for",
    "stands_for",
    "channel",
    "recipient",
    "attempt",
    "attempt_at",
    "reason",
    "error",
    "provider_id",
    "created_at",
    "finished_at",
)


def _to_lost_run(row: dict[str, Any]) -> LostRun:
    reminder_id = str(row["reminder_id"])
    return LostRun(
        id=row["id"],
        key=run_key(reminder_id, row["occurrence_no"], row["step"], row["incarnation"]),
        reminder_id=reminder_id,
        channel=row["channel"],
        reason=Reason(row["reason"]),
        condition_type=row["stop_condition_type"],
    )


def _to_run_facts(found: str) -> list[RunFacts]:
    return [RunFacts._make(row) for row in json.loads(found)]


def to_runs(found: str | None) -> list[Run]:
    """Leased runs, one JSON array each."""
    if not found:
        return []
    return [Run._make(jsonb.parse_each(row) if isinstance(row, str) else row) for row in jsonb.parse_each(found)]
