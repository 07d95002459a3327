"""The tables by themselves: what plain SQL may do, and what no row can be."""

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from local import postgres
from reminders.errors import DatabaseRefused
from reminders.states import State, Status
from reminders.storage.database import READ_TIMEOUT_SECONDS, Database
from reminders.storage.dsn import Address
from tests.world import HOUR, NOW, World

ROOT = Path(__file__).parents[2]
JOB: dict[str, str] = {
    "entity_type": "'e'",
    "entity_id": "'i'",
    "event_type": "'v'",
    "channel": "'kept'",
    "schedule_type": "'recurring'",
    "interval_minutes": "60",
    "next_run_at": "now()",
}
RUN: dict[str, str] = {
    "reminder_id": "gen_random_uuid()",
    "occurrence_no": "1",
    "scheduled_for": "now()",
    "channel": "'kept'",
    "state": "'PENDING'",
    "attempt_at": "now()",
}
ENDED = {"status": "'COMPLETED'", "next_run_at": "NULL", "completed_at": "now()", "completion_reason": "'x'"}
DONE = {"state": "'SENT'", "attempt_at": "NULL", "finished_at": "now()"}


def insert(world: World, table: str, columns: dict[str, str]) -> None:
    world.sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(columns.values())})")


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"status": "'PAUSED'", "paused_at": "now()"},
        ENDED,
        {"status": "'CANCELLED'", "completed_at": "now()"},
        {"status": "'FAILED'", "completed_at": "now()", "last_error": "'x'"},
        {"schedule_type": "'one_time'", "interval_minutes": "NULL"},
        {"stop_condition_type": "'db_check'", "stop_condition_value": "'key'"},
        ENDED | {"next_run_at": "now()"},
    ],
)
def test_a_possible_reminder_is_accepted(world: World, columns: dict[str, str]) -> None:
    """Each status has a row that fits it, and next_run_at may be set even on what has ended."""
    insert(world, "reminder_jobs", JOB | columns)
    assert world.sql("SELECT count(*) FROM reminder_jobs") == [[1]]


@pytest.mark.parametrize(
    "columns",
    [
        {"entity_type": "''"},
        {"entity_id": "''"},
        {"event_type": "''"},
        {"channel": "''"},
        {"entity_type": "NULL"},
        {"entity_id": "repeat('x', 201)"},
        {"recipient": "repeat('x', 501)"},
        {"message": "'[]'"},
        {"message": "'\"text\"'"},
        {"next_run_at": "NULL"},
        {"next_run_at": "'infinity'"},
        {"next_run_at": "'3000-01-01Z'"},
        {"start_at": "'-infinity'"},
        {"planned_through": "'1800-01-01Z'"},
        {"occurrence_no": "-1"},
        {"status": "'SLEEPING'"},
        {"status": "NULL"},
        {"completed_at": "now()"},
        {"paused_at": "now()"},
        {"status": "'PAUSED'"},
        {"status": "'COMPLETED'"},
        ENDED | {"completion_reason": "NULL"},
        ENDED | {"completed_at": "NULL"},
        ENDED | {"paused_at": "now()"},
        {"status": "'CANCELLED'"},
        {"status": "'FAILED'", "completed_at": "now()"},
        {"schedule_type": "'sometimes'"},
        {"schedule_type": "NULL"},
        {"interval_minutes": "NULL"},
        {"interval_minutes": "0"},
        {"interval_minutes": "5256001"},
        {"schedule_type": "'one_time'"},
        {"stop_condition_type": "'db_check'"},
        {"stop_condition_type": "'db_check'", "stop_condition_value": "''"},
        {"stop_condition_value": "'key'"},
        {"stop_condition_type": "'guess'", "stop_condition_value": "'key'"},
    ],
    ids=repr,
)
def test_an_impossible_reminder_is_refused(world: World, columns: dict[str, str]) -> None:
    """A row that contradicts itself cannot be written, whoever writes it."""
    with pytest.raises(DatabaseRefused) as refused:
        insert(world, "reminder_jobs", JOB | columns)
    assert refused.value.sqlstate in ("23514", "23502", "22001")


def test_a_natural_key_has_one_live_reminder(world: World) -> None:
    """A second ACTIVE or PAUSED row with the same natural key is refused."""
    insert(world, "reminder_jobs", JOB)
    with pytest.raises(DatabaseRefused) as refused:
        insert(world, "reminder_jobs", JOB | {"status": "'PAUSED'", "paused_at": "now()"})
    assert refused.value.sqlstate == "23505"


def test_a_natural_key_may_have_many_that_have_ended(world: World) -> None:
    """What has ended does not stand in the way."""
    for columns in (ENDED, ENDED, {}):
        insert(world, "reminder_jobs", JOB | columns)
    assert world.sql("SELECT count(*) FROM reminder_jobs") == [[3]]


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"state": "'SENDING'", "attempt": "1"},
        DONE,
        DONE | {"state": "'DEAD'", "reason": "'x'"},
        DONE | {"state": "'SKIPPED'", "reason": "'x'"},
        DONE | {"state": "'CANCELLED'", "reason": "'x'"},
    ],
)
def test_a_possible_run_is_accepted(world: World, columns: dict[str, str]) -> None:
    """Each state has a row that fits it."""
    insert(world, "reminder_runs", RUN | columns)
    assert world.sql("SELECT count(*) FROM reminder_runs") == [[1]]


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "'ASLEEP'"},
        {"state": "NULL"},
        {"attempt_at": "NULL"},
        {"finished_at": "now()"},
        {"state": "'SENDING'"},
        {"state": "'SENDING'", "attempt": "1", "attempt_at": "NULL"},
        {"state": "'SENDING'", "attempt": "1", "finished_at": "now()"},
        DONE | {"attempt_at": "now()"},
        DONE | {"finished_at": "NULL"},
        DONE | {"state": "'DEAD'"},
        DONE | {"state": "'SKIPPED'"},
        DONE | {"state": "'CANCELLED'"},
        {"occurrence_no": "0"},
        {"stands_for": "0"},
        {"attempt": "-1"},
        {"reminder_id": "NULL"},
        {"scheduled_for": "NULL"},
    ],
    ids=repr,
)
def test_an_impossible_run_is_refused(world: World, columns: dict[str, str]) -> None:
    """A state that contradicts the row's instants cannot be written."""
    with pytest.raises(DatabaseRefused) as refused:
        insert(world, "reminder_runs", RUN | columns)
    assert refused.value.sqlstate in ("23514", "23502")


def test_an_occurrence_has_one_run_a_step(world: World) -> None:
    """The key of the history refuses a second run of the same occurrence."""
    reminder_id = {"reminder_id": f"'{uuid.uuid4()}'"}
    insert(world, "reminder_runs", RUN | reminder_id)
    with pytest.raises(DatabaseRefused) as refused:
        insert(world, "reminder_runs", RUN | reminder_id)
    assert refused.value.sqlstate == "23505"


@pytest.mark.parametrize("key", ["", "with space", "a\nb", "ü", "x" * 301])
def test_an_impossible_flag_is_refused(world: World, key: str) -> None:
    """A key is 1 to 300 letters, digits and a few signs, in the database as in the API."""
    with pytest.raises(DatabaseRefused) as refused:
        world.sql("INSERT INTO status_flags (key, value) VALUES (:key, false)", key=key)
    assert refused.value.sqlstate in ("23514", "22001")


def test_there_is_one_scheduler_state(world: World) -> None:
    """A second row for the scheduler's own facts is refused."""
    with pytest.raises(DatabaseRefused):
        world.sql("INSERT INTO scheduler_state DEFAULT VALUES")


# Plain SQL


def test_the_briefs_sql_on_flags_works_as_it_stands(world: World) -> None:
    """Key and value are all that a flag needs, and the scheduler obeys the UPDATE."""
    reminder = world.create()
    world.sql("INSERT INTO status_flags (key, value) VALUES ('feedback_submitted', false)")
    world.tick(NOW + HOUR)
    world.sql("UPDATE status_flags SET value = true WHERE key = 'feedback_submitted'")
    world.tick(NOW + 2 * HOUR)
    assert ([run.state for run in world.runs(reminder)], world.get(reminder).status) == (
        [State.SENT],
        Status.COMPLETED,
    )


def test_a_reminder_of_plain_sql_fires(world: World) -> None:
    """A row with the brief's columns alone is a reminder: the next tick sends it, and its grid begins there."""
    insert(world, "reminder_jobs", JOB)
    world.tick(None)
    assert [run.entity_id for run in world.kept.runs] == ["i"]
    assert world.sql("SELECT next_run_at = start_at + interval '1 hour' FROM reminder_jobs") == [[True]]


def test_a_reminder_of_plain_sql_can_be_read(world: World) -> None:
    """The API's own reading takes a row that plain SQL has made."""
    insert(world, "reminder_jobs", JOB)
    (row,) = world.sql("SELECT id::text FROM reminder_jobs")
    assert world.commands.get(row[0]).key.entity_id == "i"


def test_plain_sql_gets_ids_that_sort_by_creation(world: World) -> None:
    """The default id is a UUIDv7 of the moment, as the API's own are."""
    insert(world, "reminder_jobs", JOB)
    ((text, milliseconds),) = world.sql(
        "SELECT id::text, (extract(epoch FROM created_at) * 1000)::bigint FROM reminder_jobs"
    )
    made = uuid.UUID(text)
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert abs((made.int >> 80) - int(milliseconds)) < 1_000


# Migrations


def schema(world: World) -> list[list[Any]]:
    """All columns, constraints and indexes."""
    return world.sql(
        "SELECT table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns "
        "WHERE table_schema = 'public' UNION ALL "
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace UNION ALL "
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
    )


def test_migrating_again_changes_nothing(world: World, address: Address) -> None:
    """The migrate function may be invoked as often as one likes."""
    before, version = schema(world), world.store.health().schema_version
    assert postgres.migrate(address) == version
    assert schema(world) == before


def test_several_migrations_at_once_make_one_schema(world: World, admin: Address) -> None:
    """Deployments that run into each other wait for each other, and all answer with the newest version."""
    name = f"{world.address.database}_new"
    postgres.create_database(admin, name)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "shared")])}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, admin.to(name).url], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    versions = [worker.communicate()[0].strip() for worker in workers]
    postgres.drop_database(admin, name)
    assert versions == [world.store.health().schema_version] * 3


# Alembic keeps its state in the process, so each has one of its own.
MIGRATE = """
import sys
from functions.migrate.app import migrate
from reminders.storage.dsn import Address
print(migrate(Address.from_url(sys.argv[1])))
"""


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
def test_a_session_cannot_hold_others_up_for_ever(template: str, admin: Address, setting: str) -> None:
    """The migrations bound what any session of the engine's role may take: a statement, a wait, an idle transaction."""
    database = Database(lambda fresh: admin.to(template))
    seconds = database.run("SELECT extract(epoch FROM CAST(current_setting(:name) AS interval))", name=setting)[0][0]
    database.close()
    assert 0 < seconds <= 30


def test_the_client_outwaits_the_servers_statement_time_out(world: World) -> None:
    """The server gives a statement up before the client gives the server up, so that the reason is known."""
    ((seconds,),) = world.sql("SELECT extract(epoch FROM CAST(current_setting('statement_timeout') AS interval))")
    assert seconds < READ_TIMEOUT_SECONDS
