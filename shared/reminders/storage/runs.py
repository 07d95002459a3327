"""`reminder_runs`: the outbox that workers lease from, and the history that callers read."""

import json
from collections.abc import Collection, Sequence

from reminders.conditions import Facts
from reminders.instants import Instant
from reminders.lifecycle.outcomes import Outcome
from reminders.lifecycle.stops import RunFacts
from reminders.model import Json
from reminders.runs import Run, RunRecord
from reminders.states import Reason, State
from reminders.storage import parameters, rows
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
        page = [rows.to_record(row) for row in found[:count]]
        return page, bool(found) and len(page) < found[0]["found"]

    def insert_triggered(self, reminder_id: str, message: dict[str, Json] | None) -> RunRecord:
        inserted = self._sql.records(
            "insert_triggered_run", reminder_id=reminder_id, message=parameters.json_text(message)
        )
        return rows.to_record(inserted[0])

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
            lease=lease_seconds,
            bytes=parameters.READ_AT_ONCE,
            passed=parameters.numbers(passed),
        )
        return rows.to_runs(found)

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
            lease=lease_seconds,
            bytes=parameters.READ_AT_ONCE,
            passed=parameters.numbers(passed),
        )
        return rows.to_runs(found)

    def first_unfinished(
        self, channel: str, state: State, attempts: range, passed: Collection[int]
    ) -> tuple[int, str] | None:
        """The run that would be leased first, as (id, reminder id)."""
        found = self._sql.rows(
            "first_unfinished",
            channel=channel,
            state=state,
            least=attempts.start,
            most=attempts.stop - 1,
            passed=parameters.numbers(passed),
        )
        return next(((run_id, str(reminder_id)) for run_id, reminder_id in found), None)

    def undeliverable(self, channels: Collection[str], max_attempts: int) -> list[tuple[int, str, bool]]:
        """Runs that nobody will send, as (id, reminder id, whether dead workers used up its attempts)."""
        names = parameters.texts(channels)
        found = self._sql.rows("undeliverable", channels=names, max_attempts=max_attempts)
        return [(row[0], str(row[1]), row[2]) for row in found]

    def end_dead(self, ids: Collection[int], reason: Reason, error: str) -> None:
        self._sql.rows("end_dead", ids=parameters.numbers(ids), reason=reason, error=error)

    def facts(self, runs: Sequence[Run]) -> tuple[Instant, list[RunFacts], Facts]:
        """What may stop these runs, as of the instant that is returned with it."""
        ids, attempts = parameters.numbers([run.id for run in runs]), parameters.numbers([run.attempt for run in runs])
        instant, facts, flags = self._sql.rows("run_facts", ids=ids, attempts=attempts)[0]
        true_flags = frozenset(json.loads(flags)) if flags else frozenset()
        return instant, rows.to_run_facts(facts), Facts(true_flags=true_flags)

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

    def hand_back(self, runs: Sequence[Run]) -> None:
        ids, attempts = parameters.numbers([run.id for run in runs]), parameters.numbers([run.attempt for run in runs])
        self._sql.rows("hand_back", ids=ids, attempts=attempts)

    def mend_ids(self) -> None:
        """Moves the sequence of ids beyond those that are there."""
        self._sql.rows("mend_ids")

    def delete_old(self, days: int, count: int) -> int:
        removed: int = self._sql.value("delete_old_runs", days=days, count=count)
        return removed
