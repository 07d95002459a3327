"""Webhooks from POST /reminders to a receiver: real PostgreSQL, real TLS, the scheduler as it is wired."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from local import server
from local.__main__ import WEBHOOK_SECRET
from reminders.wiring import Scheduler
from tests.doors import Door, Reply, lambda_door, local_door, reminder
from tests.receiver import FIRST, SECOND, Receiver, receiving
from tests.world import World

ROOT = Path(__file__).parents[2]
_DOORS: dict[str, Callable[..., AbstractContextManager[Door]]] = {"lambda": lambda_door, "local": local_door}

MAKE_DUE = "UPDATE reminder_jobs SET next_run_at = now()"
MAKE_RETRY_DUE = "UPDATE reminder_runs SET attempt_at = now() WHERE state = 'PENDING'"


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver whose authority this process trusts, as an operator would make it."""
    with receiving(tmp_path) as running:
        monkeypatch.setenv("SSL_CERT_FILE", running.ca_file)
        yield running


@pytest.fixture
def environment(receiver: Receiver, database_url: str, tmp_path: Path) -> dict[str, str]:
    """What the functions' environment would hold."""
    return {
        "DATABASE_URL": database_url,
        "EMAIL_TRANSPORT": f"outbox:{tmp_path}",
        "WEBHOOK_ENDPOINTS": json.dumps({"crm": {"url": receiver.url, "secrets": ["env:NEW", "env:OLD"]}}),
        "WEBHOOK_SECRETS": json.dumps(["env:OLD"]),
        "EGRESS_ALLOW": "port:* 127.0.0.0/8 ::1/128",
        "OLD": FIRST,
        "NEW": SECOND,
    }


@pytest.fixture(params=_DOORS)
def door(request: pytest.FixtureRequest, environment: dict[str, str]) -> Iterator[Door]:
    """Both doors, one after the other, with these settings."""
    url = environment["DATABASE_URL"]
    others = {name: value for name, value in environment.items() if name != "DATABASE_URL"}
    with _DOORS[request.param](url, **others) as found:
        yield found


def tick(environment: dict[str, str]) -> None:
    """One tick of the scheduler as Lambda builds it."""
    scheduler = Scheduler(environment)
    try:
        scheduler.tick(60.0)
    finally:
        scheduler.close()


def create(door: Door, **changes: Any) -> Reply:
    reply = door("POST", "/reminders", reminder(channel="webhook", **{"recipient": "crm"} | changes))
    assert reply.status == 201, reply
    return reply


def last_run(door: Door, created: Reply) -> dict[str, Any]:
    run: dict[str, Any] = door("GET", f"{created.headers['location']}/runs").json["items"][0]
    return run


def test_a_reminder_reaches_its_receiver(
    door: Door, environment: dict[str, str], receiver: Receiver, world: World
) -> None:
    """POST /reminders, a tick, and the message is there, rendered, and verified by old and new secret."""
    created = create(door, subject="Feedback for {{entity_id}}", payload={"form": "https://example.com/f/1"})
    world.sql(MAKE_DUE)
    tick(environment)
    (received,) = receiver.received
    event = received.verified(FIRST)
    assert event == received.verified(SECOND)
    run = last_run(door, created)
    assert (event["id"], run["state"], run["error"]) == (run["id"], "SENT", None)
    assert event["data"]["subject"] == f"Feedback for {event['data']['entity_id']}"
    assert event["data"]["payload"] == {"form": "https://example.com/f/1"}


def test_a_reminder_reaches_a_url(door: Door, environment: dict[str, str], receiver: Receiver, world: World) -> None:
    """The recipient may be the URL itself; it is signed with WEBHOOK_SECRETS."""
    create(door, recipient=receiver.url)
    world.sql(MAKE_DUE)
    tick(environment)
    assert [len(each.headers["webhook-signature"].split()) for each in receiver.received] == [1]
    assert receiver.received[0].verified(FIRST)


def test_a_repeat_is_the_same_message(
    door: Door, environment: dict[str, str], receiver: Receiver, world: World
) -> None:
    """After 503, after an answer that was lost, and after a redirect: one id, one text, four signatures that verify."""
    receiver.answers = [(503, {}), (0, {}), (302, {"Location": "/elsewhere"})]
    message = {"body": "Größe {{occurrence_no}}", "payload": {"b": 1e16, "a": {"z": 0.1, "é": None}}}
    created = create(door, **message)
    world.sql(MAKE_DUE)
    reasons = []
    for _ in range(4):
        tick(environment)
        reasons.append(last_run(door, created)["reason"])
        world.sql(MAKE_RETRY_DUE)
    assert reasons == ["retry", "unknown", "retry", None]
    assert len({(each.headers["webhook-id"], each.body) for each in receiver.received}) == 1
    assert [each.verified(SECOND)["id"] for each in receiver.received] == [last_run(door, created)["id"]] * 4


def test_410_ends_the_run_for_good(door: Door, environment: dict[str, str], receiver: Receiver, world: World) -> None:
    """The history says `gone`, and the next tick sends nothing."""
    receiver.answers = [(410, {})]
    created = create(door)
    world.sql(MAKE_DUE)
    tick(environment)
    tick(environment)
    run = last_run(door, created)
    assert (run["state"], run["reason"], run["attempt"]) == ("DEAD", "gone", 1)
    assert "localhost" in run["error"]
    assert "hidden" not in run["error"]
    assert len(receiver.received) == 1


def test_retry_after_says_when_the_run_comes_again(
    door: Door, environment: dict[str, str], receiver: Receiver, world: World
) -> None:
    """Ten minutes were asked for, and ten to twelve it will be."""
    receiver.answers = [(429, {"Retry-After": "600"})]
    create(door)
    world.sql(MAKE_DUE)
    tick(environment)
    ((seconds,),) = world.sql("SELECT extract(epoch FROM attempt_at - now())::float8 FROM reminder_runs")
    assert 590 < seconds <= 720


def test_without_a_recipient_the_run_ends_dead(
    door: Door, environment: dict[str, str], receiver: Receiver, world: World
) -> None:
    """However the reminder lost it: the reason is `no_recipient`."""
    created = create(door)
    world.sql("UPDATE reminder_jobs SET recipient = NULL, next_run_at = now()")
    tick(environment)
    run = last_run(door, created)
    assert (run["state"], run["reason"]) == ("DEAD", "no_recipient")
    assert receiver.received == []


def test_the_metadata_service_is_never_called(
    door: Door, environment: dict[str, str], receiver: Receiver, world: World
) -> None:
    """A recipient that was set past the API is refused before anything is connected."""
    created = create(door)
    world.sql("UPDATE reminder_jobs SET recipient = 'https://169.254.169.254/latest', next_run_at = now()")
    tick(environment)
    run = last_run(door, created)
    assert (run["state"], run["reason"]) == ("DEAD", "permanent_failure")
    assert run["error"] == "PermanentFailure: 169.254.169.254: this address is not allowed"


# The example that users copy


@pytest.mark.parametrize(
    "recipient",
    [
        None,
        "nobody-knows-this-endpoint",
        "http://93.184.215.14/hook",  # not https
        "https://user:secret@example.com/hook",
        "https://[::ffff:a9fe:a9fe]/hook",  # the metadata address
        "https://2130706433/hook",
        "https://example.com:22/hook",
    ],
)
def test_a_recipient_that_cannot_be_reached_is_refused(environment: dict[str, str], recipient: str | None) -> None:
    """POST and PATCH answer 422 for `recipient`, show nothing of it, and change nothing."""
    endpoint = {"crm": {"url": "https://example.com/hook", "secrets": ["env:NEW"]}}
    cloud = {**environment, "EGRESS_ALLOW": "", "WEBHOOK_ENDPOINTS": json.dumps(endpoint)}
    with local_door(cloud.pop("DATABASE_URL"), **cloud) as door:
        refused = door("POST", "/reminders", reminder(channel="webhook", recipient=recipient))
        assert (refused.status, refused.fields) == (422, ["recipient"])
        assert "secret" not in refused.content.decode()
        assert door("GET", "/reminders").json["items"] == []
        created = door("POST", "/reminders", reminder(channel="webhook", recipient="crm")).json
        changed = door("PATCH", f"/reminders/{created['id']}", {"recipient": recipient})
        assert (changed.status, changed.fields) == (422, ["recipient"])
        assert door("GET", f"/reminders/{created['id']}").json == created


@pytest.fixture
def api(database_url: str) -> Iterator[str]:
    """The local server on a free port, with the settings of `make run`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = server.build_app(_as_make_run(database_url))
        running = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = threading.Thread(target=running.run, args=([listener],))
        thread.start()
        while not running.started:
            thread.join(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join()


def _as_make_run(database_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "EMAIL_TRANSPORT": "outbox:/nowhere",
        "WEBHOOK_SECRETS": json.dumps([WEBHOOK_SECRET]),
        "EGRESS_ALLOW": "http port:* 127.0.0.0/8 ::1/128",
    }


@pytest.fixture
def example(api: str, tmp_path: Path) -> Iterator[str]:
    """`examples/webhook_receiver.py` as a process of its own; yields where it listens."""
    told = {"WEBHOOK_SECRET": f"{SECOND} {WEBHOOK_SECRET}", "PORT": "0", "REMINDERS_API": api}
    process = subprocess.Popen(
        [sys.executable, ROOT / "examples" / "webhook_receiver.py"],
        env={**os.environ, **told, "SEEN": str(tmp_path / "seen.sqlite")},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        yield process.stdout.readline().split()[-1]
        process.terminate()


def test_the_example_verifies_drops_repeats_and_sets_a_flag(
    example: str, api: str, database_url: str, tmp_path: Path, world: World
) -> None:
    """The reminder fires once, the receiver sets its flag, and the reminder completes; a repeat changes nothing."""
    environment = _as_make_run(database_url)
    with local_door(database_url, **environment) as door:
        created = create(
            door, recipient=example, stop_condition_value="done:{entity_id}", payload={"flag": "done:INT_100"}
        )
        world.sql(MAKE_DUE)
        tick(environment)
        run = last_run(door, created)
        assert (run["state"], run["error"]) == ("SENT", None)
        stored = door("GET", created.headers["location"]).json
        assert (stored["status"], stored["completion_reason"]) == ("COMPLETED", "stop_condition")
        # A crash before the result was recorded: the run is sent again.
        world.sql("DELETE FROM status_flags")
        world.sql(
            "UPDATE reminder_jobs SET status = 'ACTIVE', completed_at = NULL, completion_reason = NULL, "
            "next_run_at = now() + interval '1 hour'"
        )
        world.sql(
            "UPDATE reminder_runs SET state = 'PENDING', reason = 'unknown', attempt_at = now(), finished_at = NULL, provider_id = NULL"
        )
        tick(environment)
        assert last_run(door, created)["attempt"] == 2
        assert last_run(door, created)["state"] == "SENT"
        assert door("GET", "/flags/done:INT_100").status == 404
    with closing(sqlite3.connect(tmp_path / "seen.sqlite")) as seen:
        assert seen.execute("SELECT id, done FROM seen").fetchall() == [(run["id"], 1)]


def test_the_example_refuses_what_does_not_verify(
    example: str, api: str, database_url: str, tmp_path: Path, world: World
) -> None:
    """A message that somebody else has signed ends DEAD and is not taken."""
    environment = _as_make_run(database_url) | {"WEBHOOK_SECRETS": json.dumps([FIRST])}
    with local_door(database_url, **environment) as door:
        created = create(door, recipient=example)
        world.sql(MAKE_DUE)
        tick(environment)
        assert last_run(door, created)["reason"] == "permanent_failure"
    with closing(sqlite3.connect(tmp_path / "seen.sqlite")) as seen:
        assert seen.execute("SELECT id FROM seen").fetchall() == []
