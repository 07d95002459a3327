"""The ground that benchmarks stand on: a server set up for measuring, databases full of due reminders, a channel that
does nothing."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local import postgres
from local.postgres import PostgresServer
from reminders.channels import Channel
from reminders.runs import Run
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store

# Enough memory that reading costs nothing, and no checkpoint in the middle of a measurement. fsync stays on.
SETTINGS = {
    "shared_buffers": "2GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "max_connections": "100",
    "listen_addresses": "127.0.0.1",
}

LOAD_SECONDS = 3_600.0  # the longest that loading may take

# Reminders that are loaded are listed at once, as those that the API creates are: no tick has to do it.
LISTED_AS = "hashtextextended(channel, hashtextextended(event_type, hashtextextended(entity_type, 0)))"
LISTING = """
    INSERT INTO reminder_listing
    SELECT id, entity_type, event_type, channel
    FROM reminder_jobs
    WHERE status = 'ACTIVE'
    ON CONFLICT DO NOTHING
"""


class NullChannel(Channel):
    """Sends nothing, at once: what is left is the engine."""

    concurrency = 1
    timeout_seconds = 1.0

    def send_one(self, run: Run) -> None:
        return None


@contextmanager
def server(settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
    """An embedded PostgreSQL of this benchmark's own, perhaps with more settings; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="reminders-bench-") as folder:
        Path(folder).chmod(0o755)
        running = postgres.start(Path(folder) / "postgres", SETTINGS | dict(settings or {}), keep=False)
        try:
            yield running
        finally:
            running.cleanup()


def fresh_database(running: PostgresServer, name: str = "bench") -> Address:
    """An empty migrated database, without the time-outs of production."""
    admin = postgres.address_of(running, "postgres")
    postgres.drop_database(admin, name)
    postgres.create_database(admin, name)
    address = admin.to(name)
    postgres.migrate(address)
    with session(admin) as database:
        database.run(f"ALTER ROLE CURRENT_USER IN DATABASE {name} RESET ALL")
    return address


@contextmanager
def session(address: Address, read_timeout: float | None = None) -> Iterator[Database]:
    """A connection for plain SQL."""
    database = Database(lambda fresh: address, read_timeout)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def store(address: Address) -> Iterator[Store]:
    """A store of its own."""
    opened = Store(Database(lambda fresh: address))
    try:
        yield opened
    finally:
        opened.close()


def load_due(
    address: Address,
    count: int,
    *,
    due: str = "now() - g * interval '1 millisecond'",
    channel: str = "'null'",
    name: str = "INT",
    body_bytes: int = 0,
    stopped_percent: int = 5,
    cron: bool = False,
) -> None:
    """`count` reminders, each with a flag of its own; so many percent of the flags are true.

    With `cron` they fire once a day in Berlin, in the hour before this one, otherwise on a grid. `due` and `channel`
    are SQL over the reminder's number `g`, which counts from 1; two loads need two names.
    """
    schedule, kind, minutes, since = "NULL", "recurring", "60", "1 hour"
    if cron:
        hour = "date_part('hour', now() AT TIME ZONE 'Europe/Berlin' - interval '1 hour')"
        schedule = f"jsonb_build_object('cron', g % 60 || ' ' || {hour} || ' * * *', 'timezone', 'Europe/Berlin')"
        kind, minutes, since = "cron", "NULL", "1 day"
    message = f"jsonb_build_object('subject', 'Feedback', 'body', repeat('x', {body_bytes}))" if body_bytes else "NULL"
    is_true = f"g % {100 // stopped_percent} = 0" if stopped_percent else "false"
    with session(address, LOAD_SECONDS) as database:
        database.run(
            f"INSERT INTO status_flags (key, value) SELECT 'done:{name}:' || g, {is_true}"
            f" FROM generate_series(1, {count}) g"
        )
        database.run(
            f"""
            INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes,
              start_at, next_run_at, planned_through, stop_condition_type, stop_condition_value, message, schedule,
              listed_as)
            SELECT entity_type, entity_id, event_type, channel, '{kind}', {minutes},
              due - interval '{since}', due, due - interval '{since}', 'db_check', 'done:{name}:' || g,
              {message}, {schedule}, {LISTED_AS}
            FROM (SELECT g, {due} AS due, 'interviewer' AS entity_type, '{name}_' || g AS entity_id,
                'feedback_form' AS event_type, {channel} AS channel
              FROM generate_series(1, {count}) g) reminders
            """
        )
        database.run(LISTING)
        database.run("VACUUM ANALYZE")
        database.run("CHECKPOINT")
