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


MUTANTS = (
    Mutant(
        "SKIP LOCKED removed",
        f"{PACKAGE}/sql/claim_due.sql",
        "FOR NO KEY UPDATE SKIP LOCKED",
        "FOR NO KEY UPDATE",
        ("tests/integration/test_claims.py",),
    ),
    Mutant(
        "the attempt not compared",
        f"{PACKAGE}/sql/record_outcomes.sql",
        " AND r.attempt = o.attempt",
        "",
        ("tests/integration/test_delivery.py",),
    ),
    Mutant(
        "the order of locks reversed",
        f"{PACKAGE}/sql/complete_stopped.sql",
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
        f"{PACKAGE}/database.py",
        "        except BaseException:\n            self.close()\n            raise\n",
        "        except BaseException:\n            raise\n",
        ("tests/integration/test_database.py",),
    ),
    Mutant(
        "the stop check skipped",
        f"{PACKAGE}/delivery.py",
        "        if stopped and run.id in stopped:",
        "        if False:",
        ("tests/integration/test_delivery.py",),
    ),
    Mutant(
        "the stop facts never renewed",
        f"{PACKAGE}/delivery.py",
        "if begun - read_at >= FRESH_SECONDS and begun - self._checked_at >= FRESH_SECONDS:",
        "if False:",
        ("tests/integration/test_delivery.py",),
    ),
    Mutant(
        "the lease cut short",
        f"{PACKAGE}/sql/advance.sql",
        "+ CAST(:lease AS float8) * interval '1 second'",
        "+ CAST(:lease AS float8) * interval '1 microsecond'",
        ("tests/integration/test_delivery.py", "tests/integration/test_claims.py"),
    ),
    Mutant(
        "a refused batch not halved",
        f"{PACKAGE}/planning.py",
        "self._size = max(1, len(suspect) // 2)",
        "raise",
        ("tests/integration/test_tick.py",),
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
