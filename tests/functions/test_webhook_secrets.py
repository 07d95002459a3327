"""Secrets of webhooks from Secrets Manager: moto's, and ones that are slow, silent or broken."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from reminders.channels.webhook import secrets
from reminders.channels.webhook.secrets import Secrets, SecretUnreadable
from reminders.engine.sending import attempt
from reminders.states import Reason, State
from tests.functions.test_webhook import run
from tests.receiver import FIRST, SECOND, Receiver, receiving

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:crm"
MINUTE = 60.0


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with receiving(tmp_path) as server:
        yield server


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of a real account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.fixture
def manager() -> Iterator[Callable[[str], str]]:
    """Secrets Manager as moto plays it: keeps a text as the secret `crm` and returns its ARN."""
    with mock_aws():
        client = boto3.client("secretsmanager")

        def keep(text: str) -> str:
            found = client.list_secrets()["SecretList"]
            if found:
                client.put_secret_value(SecretId="crm", SecretString=text)
                return str(found[0]["ARN"])
            return str(client.create_secret(Name="crm", SecretString=text)["ARN"])

        yield keep


class Clock:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(secrets, "monotonic", clock)
    return clock


class Manager:
    """A Secrets Manager that says `text`, fails without one, or answers only once `answering` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, text: str = FIRST) -> None:
        self.text = text
        self.asked = 0
        self.answering = threading.Event()
        self.answering.set()
        monkeypatch.setattr(Secrets, "_connected", lambda _: self)

    def get(self, arn: str, **_: Any) -> str:
        self.asked += 1
        self.answering.wait(20.0)
        if not self.text:
            raise RuntimeError(f"throttled: {arn}")
        return self.text


@pytest.mark.parametrize(
    ("kept", "live"),
    [
        (FIRST, [FIRST]),
        (f"{SECOND} {FIRST}\n", [SECOND, FIRST]),
        (json.dumps([SECOND, FIRST]), [SECOND, FIRST]),
        (json.dumps({"current": SECOND, "previous": FIRST}), [SECOND, FIRST]),
        (json.dumps({"current": SECOND}), [SECOND]),
    ],
)
def test_secrets_come_from_secrets_manager(
    receiver: Receiver, manager: Callable[[str], str], kept: str, live: list[str]
) -> None:
    """One or two in one secret: plain, as a list, or as the values of an object."""
    receiver.channel(manager(kept)).send_one(run())
    (received,) = receiver.received
    assert len(received.headers["webhook-signature"].split()) == len(live)
    assert all(received.verified(secret) for secret in live)


def test_a_secret_is_read_anew_after_a_while(receiver: Receiver, manager: Callable[[str], str], clock: Clock) -> None:
    """A rotation in Secrets Manager needs no restart: within five minutes each message has two signatures, then the new
    one."""
    channel = receiver.channel(manager(FIRST))
    channel.send_one(run())
    manager(f"{SECOND} {FIRST}")
    channel.send_one(run())
    clock.now += 5 * MINUTE
    channel.send_one(run())
    manager(SECOND)
    clock.now += 5 * MINUTE
    channel.send_one(run())
    before, kept, during, after = receiver.received
    assert [len(each.headers["webhook-signature"].split()) for each in receiver.received] == [1, 1, 2, 1]
    assert before.verified(FIRST) == kept.verified(FIRST)
    assert during.verified(FIRST) == during.verified(SECOND) == after.verified(SECOND)


@pytest.mark.parametrize("kept", ["", "hush", "[", "[1]", "{}", f"{FIRST} hush", f"{FIRST} {SECOND} {FIRST}"])
def test_a_secret_that_is_none_is_tried_again_and_not_shown(
    receiver: Receiver, manager: Callable[[str], str], kept: str
) -> None:
    """Somebody may still correct it; nothing is sent meanwhile, and the run's error does not show it."""
    outcome = attempt(receiver.channel(manager(kept or " ")), [run()], 0.0)[0]
    assert (outcome.state, outcome.reason) == (State.PENDING, Reason.RETRY)
    assert outcome.error is not None
    assert "hush" not in outcome.error
    assert receiver.received == []


def test_a_secret_that_cannot_be_read_is_tried_again(receiver: Receiver, manager: Callable[[str], str]) -> None:
    """Secrets Manager's own words, which name what was asked for, stay out of the run's error."""
    missing = manager(FIRST).replace(":secret:crm", ":secret:gone")
    outcome = attempt(receiver.channel(missing), [run()], 0.0)[0]
    assert outcome.error == "SecretUnreadable: Secrets Manager does not give the secret of this receiver"


@pytest.mark.parametrize("said", ["", "hush"])
def test_the_last_good_secret_is_used_for_an_hour(monkeypatch: pytest.MonkeyPatch, clock: Clock, said: str) -> None:
    """While it cannot be read, or is no secret any more; after that nothing is signed, and a good one is taken at
    once."""
    manager, kept = Manager(monkeypatch), Secrets()
    assert kept.live([ARN]) == [FIRST]
    manager.text = said
    clock.now += 59 * MINUTE
    assert kept.live([ARN]) == [FIRST]
    clock.now += MINUTE
    with pytest.raises(SecretUnreadable):
        kept.live([ARN])
    manager.text = SECOND
    clock.now += 10.0
    assert kept.live([ARN]) == [SECOND]


def test_a_failed_reading_is_not_repeated_by_each_message(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A Secrets Manager that throttles is left alone for ten seconds."""
    manager, kept = Manager(monkeypatch), Secrets()
    kept.live([ARN])
    manager.text = ""
    clock.now += 5 * MINUTE
    for _ in range(5):
        assert kept.live([ARN]) == [FIRST]
    assert manager.asked == 2


def test_twenty_threads_make_one_request(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """At first all wait for it; at expiry the others go on with what there is."""
    manager, kept = Manager(monkeypatch), Secrets()
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(kept.live, [[ARN]] * 20)) == [[FIRST]] * 20
        assert manager.asked == 1
        clock.now += 5 * MINUTE
        manager.answering.clear()
        manager.text = SECOND
        first = pool.submit(kept.live, [ARN])
        while manager.asked < 2:
            first.done()
        assert list(pool.map(kept.live, [[ARN]] * 19)) == [[FIRST]] * 19
        manager.answering.set()
        assert first.result() == [SECOND]
    assert manager.asked == 2


def test_reading_secrets_has_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two secrets that do not come, whoever waits for them is told in time, while the reading still hangs."""
    monkeypatch.setattr(secrets, "READ_SECONDS", 0.1)
    manager = Manager(monkeypatch)
    manager.answering.clear()
    kept = Secrets()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(kept.live, [ARN, f"{ARN}-2"]) for _ in range(4)]
        for each in waiting:
            with pytest.raises(SecretUnreadable):
                each.result(10.0)
    assert not manager.answering.is_set()
    manager.answering.set()


def test_a_secrets_manager_that_is_silent_is_given_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client connects, asks once, and the run is tried again."""
    monkeypatch.setattr(secrets, "_STEP_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", f"http://127.0.0.1:{silent.getsockname()[1]}")
        outcome = attempt(receiver.channel(ARN), [run()], 0.0)[0]
        silent.settimeout(0.1)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()
    assert (outcome.state, outcome.reason) == (State.PENDING, Reason.RETRY)
    assert outcome.error == "SecretUnreadable: Secrets Manager does not give the secret of this receiver"


def test_the_client_waits_no_longer_than_a_step(manager: Callable[[str], str]) -> None:
    """Botocore's own minute, and its own repeats, would outlast the channel's time-out."""
    config = Secrets()._connected().client.meta.config
    assert config.connect_timeout == config.read_timeout == secrets._STEP_SECONDS
    assert 2 * 2 * secrets._STEP_SECONDS <= secrets.READ_SECONDS
    assert config.retries["total_max_attempts"] == 1


def test_no_log_has_a_secret_of_secrets_manager(
    receiver: Receiver, manager: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    """Not at DEBUG of the root logger either, where botocore would say what it has received."""
    arn = manager(f"{SECOND} {FIRST}")
    caplog.set_level(logging.DEBUG)
    assert attempt(receiver.channel(arn), [run()], 0.0)[0].state is State.SENT
    (received,) = receiver.received
    hidden = [FIRST, SECOND, FIRST[6:], SECOND[6:], *received.headers["webhook-signature"].split(), "/hooks", "Form of"]
    assert "botocore" in caplog.text
    assert [text for text in hidden if text in caplog.text] == []
