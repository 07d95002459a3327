"""Lists and retention at any size: a narrow table of ACTIVE reminders, and indexes that no ACTIVE row meets.

The indexes are built CONCURRENTLY, so neither ticks nor callers wait; one that an interrupted build has left invalid is
built again. `reminder_jobs_ended` is replaced by one that serves the same searches.
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op
from sqlalchemy import Connection

revision = "0005"
down_revision = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_INDEXES = {
    "reminder_jobs_at_rest": "(status, event_type, entity_type, channel, id) WHERE status <> 'ACTIVE'",
    "reminder_jobs_at_rest_entity": "(entity_id, id) WHERE status <> 'ACTIVE'",
    "reminder_jobs_ended_at": "(completed_at) WHERE status IN ('COMPLETED', 'CANCELLED', 'FAILED')",
    "reminder_jobs_unlisted": (
        "(event_type, entity_type, channel, id) WHERE listed_as IS DISTINCT FROM CASE WHEN status = 'ACTIVE'"
        " THEN hashtextextended(channel, hashtextextended(event_type, hashtextextended(entity_type, 0))) END"
    ),
}


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    with op.get_context().autocommit_block():
        bind.connection.rollback()  # Alembic has asked for the isolation level, and with that begun a transaction
        bind.exec_driver_sql("SET statement_timeout = 0")
        for name, definition in _INDEXES.items():
            _build(bind, name, definition)
        bind.exec_driver_sql("DROP INDEX CONCURRENTLY IF EXISTS reminder_jobs_ended")
        bind.exec_driver_sql("RESET statement_timeout")


def _build(bind: Connection, name: str, definition: str) -> None:
    is_valid = bind.exec_driver_sql(
        f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{name}')"
    ).scalar()
    if is_valid:
        return
    bind.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    bind.exec_driver_sql(f"CREATE INDEX CONCURRENTLY {name} ON reminder_jobs {definition}")
