"""Bounds on what a row may hold, so that no row that SQL has made stops the engine.

Rows that break them are ended first, some thousands at a time: reminders FAILED, runs DEAD. The bounds are then made
NOT VALID, which takes a moment, and validated while ticks and callers go on.
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op
from sqlalchemy import Connection

revision = "0003"
down_revision = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_SANE = "BETWEEN '1900-01-01Z' AND '2900-01-01Z'"
_WHY = "it held what no row may hold"


def _longer(column: str, most: int) -> str:
    """Whether a jsonb takes more than so many bytes, also when it is compressed."""
    compressed = f"pg_column_compression({column}) IS NOT NULL AND octet_length({column}::text) > {most}"
    return f"COALESCE(pg_column_size({column}) > {most} OR ({compressed}), false)"


_FIXES = (
    f"""UPDATE reminder_jobs SET resumed_at = NULL
    WHERE id IN (SELECT id FROM reminder_jobs WHERE status <> 'PAUSED' AND resumed_at NOT {_SANE} LIMIT 5000)""",
    f"""UPDATE reminder_jobs SET status = 'FAILED', last_error = '{_WHY}', completed_at = now(), next_run_at = NULL,
      paused_at = NULL, resumed_at = CASE WHEN resumed_at {_SANE} THEN resumed_at END, updated_at = now()
    WHERE id IN (SELECT id FROM reminder_jobs WHERE completed_at IS NULL AND (
      COALESCE(paused_at NOT {_SANE}, false) OR COALESCE(resumed_at NOT {_SANE}, false)
      OR {_longer("message", 1_048_576)} OR {_longer("schedule", 262_144)}) LIMIT 5000)""",
    f"""UPDATE reminder_runs SET state = 'DEAD', reason = 'unreadable', error = '{_WHY}', attempt_at = NULL,
      finished_at = now()
    WHERE id IN (SELECT id FROM reminder_runs WHERE attempt_at IS NOT NULL AND (
      scheduled_for NOT {_SANE} OR created_at NOT {_SANE} OR attempt > 1000
      OR {_longer("message", 4_194_304)}) LIMIT 5000)""",
)
_CONSTRAINTS = (
    ("reminder_jobs", "pauses_are_sane"),
    ("reminder_jobs", "live_is_bounded"),
    ("reminder_runs", "unfinished_is_bounded"),
)


def upgrade() -> None:
    bind = op.get_bind()
    with op.get_context().autocommit_block():
        bind.connection.rollback()  # Alembic has asked for the isolation level, and with that begun a transaction
        bind.exec_driver_sql("SET statement_timeout = 0")
        bound(bind)
        bind.exec_driver_sql("RESET statement_timeout")


def bound(bind: Connection) -> None:
    """Ends what breaks the bounds, sets them, and has them validated; each statement is committed by itself."""
    _end_what_breaks_them(bind)
    bind.exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    _end_what_breaks_them(bind)  # what came in between
    for table, name in _CONSTRAINTS:
        bind.exec_driver_sql(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _end_what_breaks_them(bind: Connection) -> None:
    for fix in _FIXES:
        while bind.exec_driver_sql(fix).rowcount:
            pass
