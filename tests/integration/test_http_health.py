"""Health over HTTP, at both doors: well, or not well and why."""

from collections.abc import Iterator

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from functions.migrate import app
from local import postgres
from reminders.storage.dsn import Address
from reminders.storage.schema import NEEDED
from tests.doors import Door, Reply, local_door, reminder
from tests.world import World

TICKED = "UPDATE scheduler_state SET last_tick_at = now(), last_ok_tick_at = now()"


def troubles(reply: Reply) -> dict[str, str]:
    """What is not well, and why."""
    assert (reply.status, reply.json["type"]) == (503, "/problems/unhealthy")
    assert int(reply.headers["retry-after"]) > 0
    assert reply.json["detail"] == "; ".join(error["message"] for error in reply.json["errors"])
    return {error["field"]: error["message"] for error in reply.json["errors"]}


def test_health_says_how_the_engine_is(door: Door, world: World) -> None:
    """Status, versions, the last tick, and how far behind it is."""
    world.tick(None)
    health = door("GET", "/health").json
    assert (health["status"], health["schema_version"], health["stage"]) == ("ok", NEEDED, "local")
    assert health["last_tick_at"] <= health["last_ok_tick_at"]
    assert health["oldest_due_seconds"] == 0
    door("POST", "/reminders", reminder())
    world.sql("UPDATE reminder_jobs SET next_run_at = now() - interval '1 hour'")
    health = door("GET", "/health").json
    assert health["oldest_due_seconds"] >= 3600


def test_a_deployment_that_has_never_ticked_is_not_well(door: Door) -> None:
    """It cannot be known yet whether reminders will fire."""
    assert troubles(door("GET", "/health")) == {"last_ok_tick_at": "no tick has ended well yet"}


@pytest.mark.parametrize(("ago", "is_well"), [("4 minutes", True), ("6 minutes", False), ("3 days", False)])
def test_five_minutes_without_a_tick_that_ended_well_are_not_well(
    door: Door, world: World, ago: str, is_well: bool
) -> None:
    """Whatever keeps ticks from ending well: what counts is that none has."""
    world.sql(f"UPDATE scheduler_state SET last_tick_at = now(), last_ok_tick_at = now() - interval '{ago}'")
    reply = door("GET", "/health")
    if is_well:
        assert reply.status == 200
    else:
        assert "no tick has ended well for" in troubles(reply)["last_ok_tick_at"]


def test_a_tick_that_failed_does_not_count(door: Door, world: World) -> None:
    """A tick that fails at its very end, where it removes what is old, has not ended well."""
    world.tick(None)
    world.sql("UPDATE scheduler_state SET last_ok_tick_at = now() - interval '1 hour'")
    world.sql("ALTER TABLE reminder_runs RENAME COLUMN created_at TO gone")
    assert not world.tick(None).ok
    world.sql("ALTER TABLE reminder_runs RENAME COLUMN gone TO created_at")
    assert troubles(door("GET", "/health")).keys() == {"last_ok_tick_at"}
    assert world.tick(None).ok
    assert door("GET", "/health").status == 200


def test_a_clock_that_was_ahead_does_not_make_it_well(door: Door, world: World) -> None:
    """An instant in the future is from before the clock went back; the next good tick puts it right."""
    world.sql("UPDATE scheduler_state SET last_tick_at = now(), last_ok_tick_at = now() + interval '2 hours'")
    assert "clock went back" in troubles(door("GET", "/health"))["last_ok_tick_at"]
    world.tick(None)
    assert door("GET", "/health").status == 200


def test_a_state_that_is_not_there_is_not_well(door: Door, world: World) -> None:
    """No row in scheduler_state: no tick has said anything."""
    world.sql("DELETE FROM scheduler_state")
    assert troubles(door("GET", "/health")).keys() == {"last_ok_tick_at"}


@pytest.mark.parametrize("version", ["0001", "0002", "0006"])
def test_a_schema_that_is_behind_is_not_well(door: Door, world: World, version: str) -> None:
    """The code is newer than its schema: health says which version there is and which is needed."""
    world.sql(TICKED)
    world.sql("UPDATE alembic_version SET version_num = CAST(:version AS text)", version=version)
    assert troubles(door("GET", "/health")) == {
        "schema_version": f"the database is at {version}, and this code needs {NEEDED}"
    }


def test_a_schema_that_lacks_the_newest_columns_is_behind(door: Door, world: World) -> None:
    """Health reads nothing that an older schema does not have."""
    world.sql("UPDATE alembic_version SET version_num = '0002'")
    world.sql("ALTER TABLE scheduler_state DROP COLUMN last_ok_tick_at")
    assert troubles(door("GET", "/health")).keys() == {"schema_version"}


def test_a_newer_schema_is_well(door: Door, world: World) -> None:
    """While a deployment rolls out, the old code runs on the new schema."""
    world.sql(TICKED)
    world.sql("UPDATE alembic_version SET version_num = '9999'")
    assert door("GET", "/health").json["schema_version"] == "9999"


def test_the_needed_schema_is_the_newest_migration() -> None:
    """A migration that the code did not know of would never be missed."""
    config = Config()
    config.set_main_option("script_location", str(app._FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == NEEDED


@pytest.fixture
def bare(admin: Address, address: Address) -> Iterator[Address]:
    """A database that nobody has migrated."""
    name = f"{address.database}_bare"
    postgres.create_database(admin, name)
    yield admin.to(name)
    postgres.drop_database(admin, name)


def test_a_database_without_a_schema_is_not_well(bare: Address) -> None:
    """A deployment before its first migration."""
    with local_door(bare.url) as door:
        assert "has not been migrated" in troubles(door("GET", "/health"))["schema_version"]


def test_a_read_only_database_is_not_well(world: World, database_url: str) -> None:
    """Health writes nothing, and yet says that nothing could be written."""
    world.sql(TICKED)
    world.sql(f"ALTER DATABASE {world.address.database} SET default_transaction_read_only = on")
    with local_door(database_url) as door:
        reply = door("GET", "/health")
    world.sql(f"ALTER DATABASE {world.address.database} RESET default_transaction_read_only")
    assert "read-only" in troubles(reply)["database"]


@pytest.mark.parametrize(
    ("granted", "part"),
    [
        ("SELECT ON ALL TABLES IN SCHEMA public", "does not let this role write"),
        ("SELECT ON alembic_version", "refuses to say how it is: 42501"),
        ("CONNECT ON DATABASE {database}", "refuses to say how it is: 42501"),
    ],
)
def test_a_role_that_may_not_write_is_not_well(world: World, granted: str, part: str) -> None:
    """The wrong role reads what it may, or nothing."""
    world.sql(TICKED)
    database = world.address.database
    role = f"reader_{database}"
    world.sql(f"CREATE ROLE {role} LOGIN")
    world.sql(f"GRANT {granted.format(database=database)} TO {role}")
    with local_door(world.address._replace(user=role).url) as door:
        assert part in troubles(door("GET", "/health"))["database"]
    world.sql(f"DROP OWNED BY {role}")
    world.sql(f"DROP ROLE {role}")
