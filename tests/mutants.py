"""`make mutants`: takes one safeguard away at a time and expects a test to notice.

Each mutant is made in a copy of the project, so that an interrupted run leaves nothing behind. One that survives means
that a promise is not tested.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "shared/reminders"


@dataclass(frozen=True)
class Mutant:
    """`text` in `file` becomes `instead`; at least one of `tests` must then fail."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]


def _lab(*cases: str) -> tuple[str, ...]:
    """These cases of the laboratory alone."""
    return tuple(f"tests/lab/test_egress.py::test_the_guard_does_what_the_laboratory_expects[{case}]" for case in cases)


MUTANTS = (
    Mutant(
        "SKIP LOCKED removed",
        f"{PACKAGE}/storage/sql/reminder_jobs/claim_due.sql",
        "FOR NO KEY UPDATE SKIP LOCKED",
        "FOR NO KEY UPDATE",
        ("tests/integration/test_claims.py",),
    ),
    Mutant(
        "the attempt not compared",
        f"{PACKAGE}/storage/sql/reminder_runs/record_outcomes.sql",
        " AND r.attempt = o.attempt",
        "",
        ("tests/integration/test_delivery.py",),
    ),
    Mutant(
        "the order of locks reversed",
        f"{PACKAGE}/storage/sql/reminder_jobs/complete_stopped.sql",
        "ORDER BY id",
        "ORDER BY id DESC",
        ("tests/integration/test_locks.py",),
    ),
    Mutant(
        "the unique key of occurrences dropped",
        "functions/migrate/migrations/versions/0001_core.sql",
        "CREATE UNIQUE INDEX reminder_runs_occurrence",
        "CREATE INDEX reminder_runs_occurrence",
        ("tests/integration/test_schema.py", "tests/integration/test_tick.py"),
    ),
    Mutant(
        "the connection kept after a client-side error",
        f"{PACKAGE}/storage/database.py",
        "        except BaseException:\n            self.close()\n            raise\n        finally:",
        "        except BaseException:\n            raise\n        finally:",
        ("tests/integration/test_database.py",),
    ),
    Mutant(
        "what no answer came to asked again",
        f"{PACKAGE}/storage/database.py",
        "if lost.may_still_run or reopened",
        "if reopened",
        ("tests/integration/test_database.py",),
    ),
    Mutant(
        "a connection trusted however long it was idle",
        f"{PACKAGE}/storage/database.py",
        "not 0 <= self._wall_clock() - self._used_at <= IDLE_SECONDS",
        "False",
        ("tests/integration/test_database.py",),
    ),
    Mutant(
        "a stand-by's connection kept",
        f"{PACKAGE}/storage/database.py",
        "if self._connection is not None and self._connection.is_at_a_stand_by:",
        "if False:",
        ("tests/integration/test_fail_over.py",),
    ),
    Mutant(
        "a transaction at the session's isolation",
        f"{PACKAGE}/storage/wire.py",
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        "BEGIN",
        ("tests/integration/test_database.py",),
    ),
    Mutant(
        "the server given more time than the caller has",
        f"{PACKAGE}/storage/wire.py",
        "if not 0 < int(",
        "if False and not 0 < int(",
        ("tests/integration/test_database.py",),
    ),
    Mutant(
        "sending on while nothing is recorded",
        f"{PACKAGE}/engine/pool.py",
        "        self._unrecorded.wait()\n        run, read_at = message",
        "        run, read_at = message",
        ("tests/integration/test_locked_tables.py",),
    ),
    Mutant(
        "outcomes dropped that the database does not take",
        f"{PACKAGE}/engine/recording.py",
        "            self._report(Recorded(outcomes=[], ours=0, kept=outcomes))\n            raise",
        "            raise",
        ("tests/integration/test_locked_tables.py",),
    ),
    Mutant(
        "the stop check skipped",
        f"{PACKAGE}/engine/pool.py",
        "        if run.id in reading.unsendable or self._is_too_late(begun):\n            return",
        "        if self._is_too_late(begun):\n            return",
        ("tests/integration/test_delivery.py",),
    ),
    Mutant(
        "the stop facts never renewed",
        f"{PACKAGE}/engine/pool.py",
        "if begun - read_at >= FRESH_SECONDS and begun - reading.read_at >= FRESH_SECONDS:\n            begun, reading = self._facts.fresh()\n        if run.id",
        "if run.id",
        ("tests/integration/test_delivery.py",),
    ),
    Mutant(
        "the lease cut short",
        f"{PACKAGE}/storage/sql/reminder_jobs/advance.sql",
        "+ CAST(:lease AS float8) * interval '1 second'",
        "+ CAST(:lease AS float8) * interval '1 microsecond'",
        ("tests/integration/test_delivery.py", "tests/integration/test_claims.py"),
    ),
    Mutant(
        "an end left in the listing",
        f"{PACKAGE}/storage/sql/reminder_jobs/advance.sql",
        "      listed_as = CASE WHEN j.status IS NULL THEN r.listed_as END,\n",
        "",
        ("tests/integration/test_lists.py",),
    ),
    Mutant(
        "a search that is not checked against the rows",
        f"{PACKAGE}/storage/sql/reminder_jobs/list_reminders.sql",
        "      AND (CAST(:channel AS text) IS NULL OR channel = CAST(:channel AS text))\n",
        "",
        ("tests/integration/test_lists.py::test_what_a_search_finds_is_checked_against_the_rows",),
    ),
    Mutant(
        "a refused batch not halved",
        f"{PACKAGE}/engine/planning.py",
        "            self._set_aside(suspect[0], refused)\n        self._size = max(1, len(suspect) // 2)",
        "            raise refused\n        raise refused",
        ("tests/integration/test_tick.py",),
    ),
    Mutant(
        "gaps of any width",
        f"{PACKAGE}/schedules/bounds.py",
        "_MINUTES = _number(1, ",
        "_MINUTES = _number(0, ",
        ("tests/integration/test_hardship.py::test_a_gap_that_goes_back_is_not_followed",),
    ),
    Mutant(
        "messages of any length read at once",
        f"{PACKAGE}/storage/parameters.py",
        "READ_AT_ONCE = 2_500_000",
        "READ_AT_ONCE = 2_500_000_000",
        ("tests/integration/test_memory.py::test_a_claim_that_is_cut_finds_the_rest_next",),
    ),
    Mutant(
        "numbers that lag behind the history not moved on",
        f"{PACKAGE}/storage/sql/reminder_jobs/renumber.sql",
        "AND j.occurrence_no < h.last",
        "AND false",
        ("tests/integration/test_restores.py",),
    ),
    Mutant(
        "one address of a name enough",
        f"{PACKAGE}/egress/__init__.py",
        "if not all(self._permissions.may_reach(",
        "if not any(self._permissions.may_reach(",
        _lab("name that leads to a public and a private address"),
    ),
    Mutant(
        "a name resolved again to connect",
        f"{PACKAGE}/egress/__init__.py",
        "self._dial(address, ",
        "self._dial(self._resolve(target.host, target.port)[0], ",
        _lab("name that moves to loopback", "six addresses, all dead"),
    ),
    Mutant(
        "the certificate's name not checked",
        f"{PACKAGE}/egress/connection.py",
        "    context.set_alpn",
        "    context.check_hostname = False\n    context.set_alpn",
        _lab("certificate for another name", "certificate for the address only"),
    ),
    Mutant(
        "the deadline kept for one read only",
        f"{PACKAGE}/egress/sockets.py",
        "            raise TooMuch\n        self.settimeout(self._deadline.left())",
        "            raise TooMuch\n        self.settimeout(1.0)",
        _lab("handshake that drips", "a byte at a time, body"),
    ),
    Mutant(
        "an answer read without a bound",
        f"{PACKAGE}/egress/sockets.py",
        "if self._may_receive <= 0:",
        "if False:",
        _lab("a huge header with an end"),
    ),
    Mutant(
        "a time-out of its own for what is written",
        f"{PACKAGE}/egress/sockets.py",
        "        self.settimeout(self._deadline.left())  # for",
        "        self.settimeout(1.0)  # for",
        _lab("reads a large message slowly"),
    ),
    Mutant(
        "a connection that may outlast the deadline",
        f"{PACKAGE}/egress/__init__.py",
        "min(_CONNECT_SECONDS, deadline.left())",
        "_CONNECT_SECONDS",
        _lab("connection that hangs"),
    ),
    Mutant(
        "an early answer not read",
        f"{PACKAGE}/egress/connection.py",
        "with suppress(BrokenPipeError, ConnectionResetError):",
        "with suppress(KeyError):",
        _lab("answers early and hangs up"),
    ),
    Mutant(
        "all addresses of a name dialled",
        f"{PACKAGE}/egress/__init__.py",
        "addresses[:_MAX_DIALLED]",
        "addresses",
        _lab("six addresses, all dead"),
    ),
    Mutant(
        "a deadline that is late",
        f"{PACKAGE}/egress/sockets.py",
        "monotonic() + seconds",
        "monotonic() + seconds + 2.5",
        _lab("never answers", "name server that never answers"),
    ),
    Mutant(
        "a permission that covers wrapped addresses",
        f"{PACKAGE}/egress/addresses.py",
        "is_in(address, _WRAPPED) and",
        "False and",
        ("tests/lab/test_egress.py::test_a_permission_opens_nothing_else",),
    ),
    Mutant(
        "is_global alone asked of IPv6",
        f"{PACKAGE}/egress/addresses.py",
        "address not in _UNICAST:",
        "False:",
        _lab("address multicast: 'https://[ff02::1]/'", "address site-local: 'https://[fec0::1]/'"),
    ),
    Mutant(
        "a repeat of a webhook in another order",
        f"{PACKAGE}/channels/webhook/message.py",
        ", sort_keys=True",
        "",
        ("tests/functions/test_webhook.py",),
    ),
    Mutant(
        "a webhook's silence taken for a failure",
        f"{PACKAGE}/channels/webhook/sender.py",
        "except EgressUnknown as silence:\n            raise UnknownOutcome(str(silence)) from silence",
        "except EgressUnknown:\n            raise",
        ("tests/functions/test_webhook.py",),
    ),
    Mutant(
        "a webhook sent unsigned",
        f"{PACKAGE}/channels/webhook/endpoints.py",
        "if not self._default:",
        "if False:",
        ("tests/functions/test_webhook.py",),
    ),
    Mutant(
        "a secret forgotten when it cannot be read again",
        f"{PACKAGE}/channels/webhook/secrets.py",
        "            kept.next_reading = monotonic() + _AGAIN_SECONDS",
        "            kept.secrets = []",
        ("tests/functions/test_webhook_secrets.py",),
    ),
    Mutant(
        "a reading of secrets without an end",
        f"{PACKAGE}/channels/webhook/secrets.py",
        "partial(self._read, arn), deadline.left())",
        "partial(self._read, arn), 60.0)",
        ("tests/functions/test_webhook_secrets.py",),
    ),
    Mutant(
        "Retry-After not heard",
        f"{PACKAGE}/engine/sending.py",
        "result, begun, _seconds(result.after_seconds))",
        "result, begun)",
        ("tests/functions/test_webhook.py",),
    ),
    Mutant(
        "a restore not noticed",
        f"{PACKAGE}/storage/sql/scheduler_state/recognize.sql",
        "CASE WHEN s.identity <> excluded.identity THEN excluded.incarnation ELSE s.incarnation END",
        "s.incarnation",
        ("tests/integration/test_copies.py",),
    ),
    Mutant(
        "another stage's database taken for one's own",
        f"{PACKAGE}/storage/scheduler.py",
        "if stage is not None and life.stage != stage:",
        "if False:",
        ("tests/integration/test_copies.py",),
    ),
    Mutant(
        "a bound of a time that never came believed",
        f"{PACKAGE}/storage/sql/scheduler_state/scheduler_state.sql",
        "claim_floor BETWEEN '1900-01-01Z' AND COALESCE(CAST(:now AS timestamptz), now())",
        "claim_floor IS NOT NULL",
        ("tests/integration/test_scheduler_state.py",),
    ),
    Mutant(
        "a lease of a time that never came ended at once",
        f"{PACKAGE}/storage/sql/reminder_runs/bring_back.sql",
        "CASE r.state WHEN 'SENDING' THEN b.lease ELSE interval '0' END",
        "interval '0'",
        ("tests/integration/test_clocks.py",),
    ),
    Mutant(
        "a signature by the worker's clock",
        f"{PACKAGE}/engine/delivery.py",
        "channel.clock = self.now",
        "pass",
        ("tests/integration/test_clocks.py",),
    ),
)


def survives(mutant: Mutant) -> bool:
    """Whether all of its tests pass although the safeguard is gone."""
    with tempfile.TemporaryDirectory(prefix="reminders-mutant-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", ".local", ".aws-sam", "*cache*"))
        file = copy / mutant.file
        before = file.read_text(encoding="utf-8")
        if mutant.text not in before:
            raise ValueError(f"{mutant.name}: {mutant.file} has no {mutant.text!r}")
        file.write_text(before.replace(mutant.text, mutant.instead), encoding="utf-8")
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutant.tests],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": f"{copy / 'shared'}{os.pathsep}{copy}"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if ran.returncode not in (0, 1):
            raise RuntimeError(f"{mutant.name}: the tests did not run\n{ran.stdout}{ran.stderr}")
        return ran.returncode == 0


def main() -> int:
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(survives, MUTANTS))
    for mutant, survived in zip(MUTANTS, results, strict=True):
        print(f"{'SURVIVED' if survived else 'caught  '}  {mutant.name}")
    print(f"{results.count(False)} passed, {results.count(True)} failed")
    return 1 if any(results) else 0


if __name__ == "__main__":
    sys.exit(main())
