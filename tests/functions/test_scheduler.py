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

from reminders import wiring
from reminders.commands import Commands, Recipients
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests.functions.lambda_context import LambdaContext
from tests.world import World, new_reminder

ROOT = Path(__file__).parents[2]
EVENT = json.loads((ROOT / "events" / "scheduler.json").read_text(encoding="utf-8"))
PROMISED = {
    "due", "planned", "sent", "failed", "completed", "skipped", "dead", "lateness_p50_ms", "lateness_p99_ms",
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


def test_a_lost_database_ends_the_tick_cleanly(load: Load) -> None:
    """Without a database the function answers, and says so, instead of raising."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = load(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/nowhere")
    summary = app.handler(EVENT, LambdaContext())
    assert "database is not available" in summary["error"]


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
