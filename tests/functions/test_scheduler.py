"""The scheduler's function, fed with the event that EventBridge sends."""

import importlib.util
import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from pg8000.native import Connection

from reminders import wiring
from reminders.commands import Commands, Recipients
from reminders.engine.summary import TickFailed
from reminders.storage.connection import connect
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests.functions.lambda_context import LambdaContext
from tests.world import World, new_reminder

ROOT = Path(__file__).parents[2]
EVENT = json.loads((ROOT / "events" / "scheduler.json").read_text(encoding="utf-8"))
PROMISED = {
    "ok", "due", "planned", "sent", "failed", "completed", "skipped", "dead", "lateness_p50_ms", "lateness_p99_ms",
    "lateness_max_ms", "oldest_due_seconds", "duration_seconds", "left_seconds",
}  # fmt: skip

type Load = Callable[..., ModuleType]


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def load(address: Address, outbox: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Imports the function anew, as a cold start does, with these settings in its environment."""
    loaded: list[ModuleType] = []

    def load_one(**settings: str) -> ModuleType:
        given = {"DATABASE_URL": address.url, "EMAIL_TRANSPORT": f"outbox:{outbox}"} | settings
        for name in ("DATABASE_SECRET_ARN", "DEFAULT_EMAIL_RECIPIENT", "PUNCTUALITY", "MAX_WORKERS"):
            monkeypatch.delenv(name, raising=False)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        spec = importlib.util.spec_from_file_location("scheduler_app", ROOT / "functions" / "scheduler" / "app.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        loaded.append(module)
        return module

    yield load_one
    for module in loaded:
        module.scheduler.close()


def remind(open_store: Callable[[], Store], address: Address, **changes: Any) -> None:
    """A reminder that is due now, for the email channel."""
    with World(open_store, address) as world:
        world.commands = Commands(world.store, Recipients(frozenset({"email", "log"})))
        world.commands.reminders.create(
            new_reminder(channel="email", schedule_type="one_time", start_at=datetime.now(UTC), **changes)
        )


def test_a_scheduled_event_fires_what_is_due(
    load: Load, open_store: Callable[[], Store], address: Address, outbox: Path
) -> None:
    """events/scheduler.json sends a due reminder through its channel, here into the outbox."""
    remind(open_store, address, recipient="a@example.com", subject="Form of {{entity_id}}", body="Please.\n")
    summary = load().handler(EVENT, LambdaContext())
    (file,) = outbox.glob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (summary["sent"], message["To"], message["Subject"]) == (1, "a@example.com", "Form of INT_100")


def test_a_warm_container_keeps_its_connection(
    load: Load, open_store: Callable[[], Store], address: Address, outbox: Path
) -> None:
    """The second invocation ticks over the connection of the first."""
    app = load()
    app.handler(EVENT, LambdaContext())
    pid = app.scheduler._store._database.run("SELECT pg_backend_pid()")
    remind(open_store, address, recipient="a@example.com")
    assert app.handler(EVENT, LambdaContext())["sent"] == 1
    assert app.scheduler._store._database.run("SELECT pg_backend_pid()") == pid


def test_a_summary_has_what_operators_are_promised(load: Load) -> None:
    """The answer of a tick holds every count and age by name."""
    assert set(load().handler(EVENT, LambdaContext())) >= PROMISED


def test_a_tick_prints_metrics_that_cloudwatch_reads(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """One line of the embedded metric format names each metric, and its value stands beside it."""
    app = load()
    capsys.readouterr()
    app.handler(EVENT, LambdaContext())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert len(lines) == 1
    (directive,) = lines[0]["_aws"]["CloudWatchMetrics"]
    names = {metric["Name"] for metric in directive["Metrics"]}
    assert directive["Namespace"] == "Reminders"
    assert names >= PROMISED - {"left_seconds"}
    assert names <= set(lines[0])


# What keeps a tick from its work: what an operator or a server does to the database, and the word that says it.
FAULTS = {
    "login": "ALTER ROLE {role} NOLOGIN",
    "no_database": "ALTER DATABASE {database} RENAME TO {database}_gone",
    "schema": "ALTER TABLE reminder_jobs DROP COLUMN resumed_at; ALTER TABLE reminder_jobs DROP COLUMN next_run_at CASCADE",
    "permission": "REVOKE ALL ON reminder_jobs FROM {role}",
    "read_only": "ALTER ROLE {role} IN DATABASE {database} SET default_transaction_read_only = on",
    "too_many_connections": "ALTER ROLE {role} CONNECTION LIMIT 0",
    "timeout": "ALTER ROLE {role} IN DATABASE {database} SET statement_timeout = 1",
    "disk_full": "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE SQLSTATE '53100'; END$$; "
    "CREATE TRIGGER full_disk BEFORE UPDATE ON scheduler_state EXECUTE FUNCTION full_disk()",
    "refused": "CREATE FUNCTION broken_disk() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE SQLSTATE 'P0001'; END$$; "
    "CREATE TRIGGER broken_disk BEFORE UPDATE ON scheduler_state EXECUTE FUNCTION broken_disk()",
}


def metrics_of(printed: str) -> dict[str, Any]:
    """The one line of CloudWatch's embedded metric format."""
    (line,) = [json.loads(line) for line in printed.splitlines() if '"_aws"' in line]
    found: dict[str, Any] = line
    return found


def assert_it_says_so(app: ModuleType, failure: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    with pytest.raises(TickFailed, match=failure) as raised:
        app.handler(EVENT, LambdaContext())
    metrics = metrics_of(capsys.readouterr().out)
    assert (raised.value.failure, metrics["failure"], metrics["ok"], metrics["stage"]) == (
        failure,
        failure,
        [0.0],
        "local",
    )
    (directive,) = metrics["_aws"]["CloudWatchMetrics"]
    named = {metric["Name"] for metric in directive["Metrics"]}
    assert named >= {"ok", "due", "planned", "sent", "failed", "completed", "skipped", "dead", "duration_seconds"}
    assert not [name for name in named if name.startswith(("oldest", "lateness"))]


@pytest.fixture
def faulty(address: Address, admin: Address) -> Iterator[Callable[[str], Address]]:
    """Lets a role of its own own this test's tables, and then lets something happen to it or to the database."""
    role, database = f"ticker_{address.database}", address.database
    with connect(address, Connection) as operator:
        operator.run(f"CREATE ROLE {role} LOGIN PASSWORD 'right'")
        for setting in ("statement_timeout = '15s'", "lock_timeout = '200ms'"):
            operator.run(f"ALTER ROLE {role} IN DATABASE {database} SET {setting}")
        for kind in ("TABLES", "SEQUENCES"):
            operator.run(f"GRANT ALL ON ALL {kind} IN SCHEMA public TO {role}")

    def happen(fault: str) -> Address:
        with connect(admin if "RENAME" in fault else address, Connection) as operator:
            operator.run(fault.format(role=role, database=database))
        return address._replace(user=role, password="right")

    yield happen
    with connect(admin, Connection) as operator:
        if operator.run("SELECT FROM pg_database WHERE datname = :name", name=f"{database}_gone"):
            operator.run(f"ALTER DATABASE {database}_gone RENAME TO {database}")
    with connect(address, Connection) as operator:
        operator.run(f"DROP OWNED BY {role}")
        operator.run(f"DROP ROLE {role}")


@pytest.mark.parametrize("failure", FAULTS)
def test_a_tick_that_could_not_do_its_work_says_so(
    load: Load, faulty: Callable[[str], Address], capsys: pytest.CaptureFixture[str], failure: str
) -> None:
    """It publishes that it is not ok, why, and no gauge that it does not know; then it fails, so that Lambda counts
    an error."""
    assert_it_says_so(load(DATABASE_URL=faulty(FAULTS[failure]).url), failure, capsys)


def test_a_tick_that_finds_its_tables_locked_says_so(
    load: Load, faulty: Callable[[str], Address], address: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lock that is held for too long is a failure with a name of its own."""
    app = load(DATABASE_URL=faulty("SELECT 1").url)
    with connect(address, Connection) as operator:
        operator.run("BEGIN")
        operator.run("LOCK TABLE reminder_jobs")
        assert_it_says_so(app, "locked", capsys)
        operator.run("ROLLBACK")


def test_a_tick_without_a_server_says_so(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """The wrong host, or none that answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert_it_says_so(load(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/nowhere"), "unreachable", capsys)


def test_a_tick_that_meets_what_nobody_expects_says_so(
    load: Load, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also then the numbers are published, and the error is shown by its type and place alone."""

    def broken(*given: object) -> None:
        raise ArithmeticError("somebody's text")

    monkeypatch.setattr("reminders.engine.maintenance.drain.Drain.once", broken)
    app = load()
    assert_it_says_so(app, "unexpected", capsys)
    with pytest.raises(TickFailed, match="ArithmeticError") as raised:
        app.handler(EVENT, LambdaContext())
    assert "somebody's text" not in f"{capsys.readouterr()}{raised.value}"


def test_a_tick_after_a_failure_does_its_work(
    load: Load, open_store: Callable[[], Store], address: Address, faulty: Callable[[str], Address]
) -> None:
    """A container whose tick has failed goes on with the next one."""
    remind(open_store, address, recipient="a@example.com")
    app = load(DATABASE_URL=faulty("REVOKE ALL ON reminder_runs FROM {role}").url)
    with pytest.raises(TickFailed, match="permission"):
        app.handler(EVENT, LambdaContext())
    faulty("GRANT ALL ON reminder_runs TO {role}")
    assert app.handler(EVENT, LambdaContext())["sent"] == 1


def test_a_tick_knows_how_much_time_is_left(
    load: Load, open_store: Callable[[], Store], address: Address, outbox: Path
) -> None:
    """With less time than a send may take nothing is begun: the run waits for the next invocation."""
    remind(open_store, address, recipient="a@example.com")
    app = load()
    short = app.handler(EVENT, LambdaContext(5_000))
    before = list(outbox.glob("*.eml"))
    ample = app.handler(EVENT, LambdaContext(60_000))
    assert (short["planned"], short["sent"], before, ample["sent"]) == (1, 0, [], 1)


@pytest.mark.parametrize("event, calls", [(EVENT, 3), ({"fanned_out": True}, 0)], ids=["scheduled", "fanned out"])
def test_only_a_scheduled_tick_calls_more_workers(
    load: Load, address: Address, open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch, event: Any, calls: int
) -> None:  # fmt: skip
    """When more is due than one can do, the scheduled invocation calls MAX_WORKERS more, and those call nobody."""
    monkeypatch.setattr("reminders.engine.limits.FAN_OUT_RUNS", 1_000)
    app = load(MAX_WORKERS="3")
    called: list[str] = []
    monkeypatch.setattr(app, "invoke_worker", called.append)
    with World(open_store, address) as world:
        world.plant(1_000, channel="log")
    app.handler(event, LambdaContext())
    assert called == ["reminders-dev-scheduler"] * calls


def test_another_worker_is_invoked_asynchronously(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function calls itself with an event that says that it was fanned out, and waits for no answer."""
    calls: list[dict[str, Any]] = []

    class Client:
        def invoke(self, **given: Any) -> None:
            calls.append(given)

    monkeypatch.setattr(boto3, "client", lambda name, config: Client())
    wiring.invoke_worker("reminders-dev-scheduler")
    assert calls == [
        {"FunctionName": "reminders-dev-scheduler", "InvocationType": "Event", "Payload": '{"fanned_out": true}'}
    ]


def test_a_scheduler_without_a_database_setting_does_not_start(load: Load) -> None:
    """A function that was deployed without DATABASE_URL or a secret says so at once."""
    with pytest.raises(ValueError, match="DATABASE_URL"):
        load(DATABASE_URL="")
