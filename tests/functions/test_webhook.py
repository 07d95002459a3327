"""The webhook channel over TLS on loopback; the signatures are verified by `standardwebhooks`."""

import io
import json
import logging
import re
import runpy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, cast

import pytest
from standardwebhooks import WebhookVerificationError

from reminders.channels import (
    Channel,
    PermanentFailure,
    RetryLater,
    UnknownOutcome,
    build_channels,
    build_recipient_checks,
)
from reminders.channels.webhook import WebhookChannel
from reminders.channels.webhook.answers import retry_after_seconds
from reminders.channels.webhook.secrets import READ_SECONDS
from reminders.channels.webhook.sender import EXCHANGE_SECONDS
from reminders.channels.webhook.settings import WebhookSettings
from reminders.egress import Egress
from reminders.engine.limits import LEASE_SECONDS
from reminders.engine.reports import NotKnown
from reminders.engine.sending import attempt
from reminders.errors import InvalidField
from reminders.lifecycle.outcomes import Outcome
from reminders.observe import logger
from reminders.runs import Run
from reminders.states import Reason, State
from tests.receiver import FIRST, LOOPBACK, SECOND, Receiver, receiving
from tests.world import leased

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def attempt_one(channel: Channel, sent: Run) -> Outcome:
    """What came of one attempt to send one run."""
    (outcome,) = attempt(channel, [sent], 0.0)
    return outcome


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with receiving(tmp_path) as server:
        yield server


def run(**changes: Any) -> Run:
    """A run for the endpoint `crm`."""
    message = {"subject": "Form of INT_100", "body": "Größe 大 🙂\n", "payload": {"b": 1, "a": [{"ü": None}]}}
    return leased(**{"channel": "webhook", "recipient": "crm", "message": message, "stands_for": 3} | changes)


# What is sent


def test_a_webhook_is_a_cloud_event(receiver: Receiver) -> None:
    """The body is a CloudEvent 1.0 in JSON with the rendered message and the facts of the run."""
    receiver.channel(stage="prod").send_one(run())
    (received,) = receiver.received
    assert received.path == "/hooks?token=hidden"
    assert received.headers["content-type"] == "application/cloudevents+json"
    assert json.loads(received.body) == {
        "specversion": "1.0",
        "id": "019cadc6-9a80-7b6e-bb6e-b2dd302e529e_2_0",
        "source": "urn:reminders:prod",
        "type": "reminder.due",
        "subject": "interviewer/INT_100",
        "time": "2026-03-02T09:00:00Z",
        "datacontenttype": "application/json",
        "data": {
            "reminder_id": "019cadc6-9a80-7b6e-bb6e-b2dd302e529e",
            "occurrence_no": 2,
            "step": 0,
            "scheduled_for": "2026-03-02T09:00:00Z",
            "stands_for": 3,
            "entity_type": "interviewer",
            "entity_id": "INT_100",
            "event_type": "feedback_form",
            "subject": "Form of INT_100",
            "body": "Größe 大 🙂\n",
            "payload": {"a": [{"ü": None}], "b": 1},
        },
    }


def test_a_webhook_without_a_message_is_still_one(receiver: Receiver) -> None:
    """Where the reminder has no message the fields are there and empty."""
    receiver.channel().send_one(run(message=None))
    data = json.loads(receiver.received[0].body)["data"]
    assert (data["subject"], data["body"], data["payload"]) == (None, None, {})


def test_a_repeat_has_the_same_id_and_bytes_and_a_time_of_its_own(receiver: Receiver) -> None:
    """Each attempt verifies; only timestamp and signature differ, and a payload in another order is the same text."""
    payload = {"a": [{"ü": None}], "b": 1}
    later = datetime.now(UTC) + timedelta(seconds=90)
    receiver.channel().send_one(run())
    channel = receiver.channel()
    channel.clock = lambda: later
    channel.send_one(run(attempt=2, message={**cast("dict[str, Any]", run().message), "payload": payload}))
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == run().key
    assert int(second.headers["webhook-timestamp"]) == int(later.timestamp())
    assert int(first.headers["webhook-timestamp"]) < int(second.headers["webhook-timestamp"])
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert first.verified(FIRST)["id"] == second.verified(FIRST)["id"] == run().key


def test_what_was_changed_on_its_way_does_not_verify(receiver: Receiver) -> None:
    """Another body, another id, another secret: each is noticed."""
    receiver.channel().send_one(run())
    (received,) = receiver.received
    changed = received._replace(body=received.body.replace(b"INT_100", b"INT_101"))
    renamed = received._replace(headers={**received.headers, "webhook-id": "another"})
    for wrong, secret in ((changed, FIRST), (renamed, FIRST), (received, SECOND)):
        with pytest.raises(WebhookVerificationError):
            wrong.verified(secret)


def test_a_rotation_is_verified_by_old_and_new(receiver: Receiver) -> None:
    """Before, one signature; during it, two, and either secret will do; after it, only the new one."""
    for secrets in ([FIRST], [SECOND, FIRST], [SECOND]):
        receiver.channel(*secrets).send_one(run())
    before, during, after = receiver.received
    assert [len(each.headers["webhook-signature"].split(" ")) for each in receiver.received] == [1, 2, 1]
    assert before.verified(FIRST) == during.verified(FIRST) == during.verified(SECOND) == after.verified(SECOND)
    with pytest.raises(WebhookVerificationError):
        after.verified(FIRST)


def test_a_recipient_may_be_a_url(receiver: Receiver) -> None:
    """It is signed with WEBHOOK_SECRETS."""
    settings = {"webhook_endpoints": "", "webhook_secrets": json.dumps([SECOND])}
    receiver.channel(**settings).send_one(run(recipient=receiver.url))
    assert receiver.received[0].verified(SECOND)


def test_nothing_is_sent_unsigned(receiver: Receiver) -> None:
    """A URL without a secret to sign with is a permanent failure."""
    with pytest.raises(PermanentFailure, match="WEBHOOK_SECRETS"):
        receiver.channel(webhook_secrets="").send_one(run(recipient=receiver.url))
    assert receiver.received == []


@pytest.mark.parametrize(
    "recipient, reason",
    [("https://hooks.example.com/", Reason.PERMANENT), ("crm", Reason.PERMANENT), (None, Reason.NO_RECIPIENT)],
)
def test_where_webhooks_are_not_set_up_none_is_sent(recipient: str | None, reason: Reason) -> None:
    """The run ends at once and says what is missing; the API refuses any recipient with the same words."""
    outcome = attempt_one(WebhookChannel(WebhookSettings()), run(recipient=recipient))
    assert (outcome.state, outcome.reason) == (State.DEAD, reason)
    missing = "neither WEBHOOK_SECRETS nor WEBHOOK_ENDPOINTS is set"
    assert missing in str(outcome.error)
    with pytest.raises(InvalidField, match=missing):
        build_recipient_checks({})["webhook"](recipient)


# What an answer means


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_2xx_is_sent(receiver: Receiver, status: int) -> None:
    """Any success will do."""
    receiver.answers = [(status, {})]
    receiver.channel().send_one(run())
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422, 451])
def test_another_4xx_is_final(receiver: Receiver, status: int) -> None:
    """The receiver does not want it, and would not another time."""
    receiver.answers = [(status, {})]
    with pytest.raises(PermanentFailure, match=f"localhost answers {status}") as failed:
        receiver.channel().send_one(run())
    assert failed.value.reason is Reason.PERMANENT


def test_a_410_ends_it_for_good_and_says_so(receiver: Receiver) -> None:
    """The run's reason is `gone`."""
    receiver.answers = [(410, {})]
    outcome = attempt_one(receiver.channel(), run())
    assert (outcome.state, outcome.reason) == (State.DEAD, Reason.GONE)
    assert outcome.error == "PermanentFailure: localhost answers 410: it wants no more of this"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_go_better_later_is_tried_again(receiver: Receiver, status: int) -> None:
    """By the engine's own policy where the receiver does not say when."""
    receiver.answers = [(status, {})]
    outcome = attempt_one(receiver.channel(), run())
    assert (outcome.state, outcome.reason) == (State.PENDING, Reason.RETRY)
    assert outcome.delay is not None
    assert 24 <= outcome.delay <= 36


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("120", 120, 144),
        ("1", 24, 36),
        ("0", 24, 36),
        ("-5", 24, 36),
        ("soon", 24, 36),
        ("86400", 900, 1080),
        ("9" * 5_000, 900, 1080),
    ],
)
def test_retry_after_is_obeyed_within_the_policy(receiver: Receiver, asked: str, least: int, most: int) -> None:
    """Never earlier than asked, up to a quarter of an hour, and never earlier than the engine would by itself."""
    receiver.answers = [(429, {"Retry-After": asked})]
    outcome = attempt_one(receiver.channel(), run())
    assert outcome.delay is not None
    assert least <= outcome.delay <= most


def test_retry_after_does_not_add_attempts(receiver: Receiver) -> None:
    """The fifth attempt is the last, whatever the receiver asks for."""
    receiver.answers = [(503, {"Retry-After": "60"})]
    outcome = attempt_one(receiver.channel(), run(attempt=5))
    assert (outcome.state, outcome.reason) == (State.DEAD, Reason.EXHAUSTED)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("7", 7),
        (" 7 ", 7),
        ("+7", 0),
        ("7.5", 0),
        ("٧", 0),
        (format_datetime(NOW + timedelta(minutes=2), usegmt=True), 120),
        ("Mon, 02 Mar 2026 10:01:00 +0100", 60),
        ("Mon, 02 Mar 2026 09:01:00 -0000", 60),
        ("Mon, 02 Mar 2020 09:00:00 GMT", 0),
        ("Mon, 02 Mar 99999999999999999999 09:00:00 GMT", 0),
        ("Mon, 99 Mar 2026 09:00:00 GMT", 0),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float) -> None:
    """What is neither, or has passed, says nothing."""
    assert retry_after_seconds(text, NOW) == seconds


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(receiver: Receiver, status: int) -> None:
    """The attempt has failed, and the run is tried again: a maintenance page must not cost a message."""
    receiver.answers = [(status, {"Location": receiver.url})]
    outcome = attempt_one(receiver.channel(), run())
    assert (outcome.state, outcome.reason) == (State.PENDING, Reason.RETRY)
    assert outcome.error == f"NotAccepted: localhost answers {status}, and redirects are not followed"
    assert len(receiver.received) == 1


def test_silence_after_the_request_is_unknown(receiver: Receiver) -> None:
    """It may have arrived: it is repeated with the same id, and the receiver drops the second."""
    receiver.answers = [(0, {})]
    channel = receiver.channel()
    outcome = attempt_one(channel, run())
    assert (outcome.state, outcome.reason) == (State.PENDING, Reason.UNKNOWN)
    assert attempt_one(channel, run(attempt=2)).state is State.SENT
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1


def test_a_receiver_that_is_not_there_is_tried_again(receiver: Receiver) -> None:
    """Nothing was written, so nothing is unknown."""
    egress = Egress(LOOPBACK, resolve=lambda *_: ["127.0.0.1"], dial=_refuses)
    outcome = attempt_one(WebhookChannel(receiver.settings(), egress), run())
    assert (outcome.state, outcome.reason) == (State.PENDING, Reason.RETRY)


def _refuses(*_: Any) -> Any:
    raise ConnectionRefusedError


def test_an_address_that_is_denied_is_final(receiver: Receiver) -> None:
    """The guard's refusal of what stands in a URL ends the run at its first attempt, before anything is connected."""
    outcome = attempt_one(receiver.channel(), run(recipient="https://10.0.0.1/"))
    assert (outcome.state, outcome.reason) == (State.DEAD, Reason.PERMANENT)
    assert receiver.received == []


def test_a_name_that_leads_to_a_denied_address_is_tried_again(receiver: Receiver) -> None:
    """Nothing is connected, and no message is lost because a name was led astray for a moment."""
    answers = iter([["10.0.0.1"], ["127.0.0.1"]])
    egress = Egress(LOOPBACK, ca_file=receiver.ca_file, resolve=lambda *_: next(answers))
    channel = WebhookChannel(receiver.settings(), egress)
    outcome = attempt_one(channel, run())
    assert (outcome.state, outcome.reason) == (State.PENDING, Reason.RETRY)
    assert receiver.received == []
    assert attempt_one(channel, run(attempt=2)).state is State.SENT


def test_a_send_is_over_within_its_time_and_its_lease() -> None:
    """Reading secrets and the exchange fit into the channel's time-out, and that into a tick and into a lease."""
    assert WebhookChannel.timeout_seconds - 1.0 >= READ_SECONDS + EXCHANGE_SECONDS
    assert WebhookChannel.timeout_seconds <= 30.0
    assert WebhookChannel.timeout_seconds < LEASE_SECONDS / 2


def test_switching_protocols_is_a_failed_attempt(receiver: Receiver) -> None:
    """Nobody has asked for it."""
    receiver.answers = [(101, {})]
    outcome = attempt_one(receiver.channel(), run())
    assert (outcome.state, outcome.reason) == (State.PENDING, Reason.RETRY)
    assert outcome.error == "NotAccepted: localhost answers 101"


@pytest.mark.parametrize("status", [600, 999])
def test_a_status_of_no_class_is_unknown(receiver: Receiver, status: int) -> None:
    """It is no answer of HTTP; the message is repeated with its id."""
    receiver.answers = [(status, {})]
    outcome = attempt_one(receiver.channel(), run())
    assert (outcome.state, outcome.reason) == (State.PENDING, Reason.UNKNOWN)


# Recipients


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        (None, Reason.NO_RECIPIENT),
        ("", Reason.NO_RECIPIENT),
        ("ana@example.com", Reason.PERMANENT),
        ("http://hooks.example.com/", Reason.PERMANENT),
        ("https://169.254.169.254/", Reason.PERMANENT),
        ("https://hooks.example.com\r\n/", Reason.PERMANENT),
    ],
)
def test_a_recipient_that_is_none_ends_dead(recipient: str | None, reason: Reason) -> None:
    """At once, and `no_recipient` where there is none at all."""
    channel = WebhookChannel(WebhookSettings(webhook_secrets=json.dumps([FIRST])))
    outcome = attempt_one(channel, run(recipient=recipient))
    assert (outcome.state, outcome.reason) == (State.DEAD, reason)


def test_an_endpoint_that_the_settings_lack_may_be_a_newer_deployments() -> None:
    """A name that could be an endpoint's is not the end of the run: it is said to be unknown here."""
    channel = WebhookChannel(WebhookSettings(webhook_secrets=json.dumps([FIRST])))
    assert isinstance(attempt_one(channel, run(recipient="nobody")), NotKnown)


@pytest.mark.parametrize(
    "recipient",
    [None, "nobody", "http://hooks.example.com/", "https://10.0.0.1/", "https://a@b.example/", "https://x:1/"],
)
def test_the_api_can_refuse_a_recipient_at_once(recipient: str | None) -> None:
    """The channel's check names the field, without resolving anything."""
    check = build_recipient_checks({"WEBHOOK_SECRETS": json.dumps([FIRST])})["webhook"]
    with pytest.raises(InvalidField) as refused:
        check(recipient)
    assert refused.value.field == "recipient"


def test_the_api_takes_what_the_settings_allow(receiver: Receiver) -> None:
    """A URL that the guard lets through, and the name of an endpoint; other channels have no check."""
    given = receiver.settings()._asdict()
    checks = build_recipient_checks({name.upper(): value for name, value in given.items()})
    checks["webhook"]("crm")
    checks["webhook"]("https://hooks.example.com/x")


def test_the_api_needs_no_secret_to_take_a_url() -> None:
    """It signs nothing: `elsewhere` tells it that URLs are signed for, and an ARN is not asked for."""
    endpoint = {
        "url": "https://hooks.example.com/",
        "secrets": ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:a"],
    }
    environment = {"WEBHOOK_SECRETS": "elsewhere", "WEBHOOK_ENDPOINTS": json.dumps({"crm": endpoint})}
    check = build_recipient_checks(environment)["webhook"]
    check("https://hooks.example.com/x")
    check("crm")
    with pytest.raises(InvalidField):
        check("https://10.0.0.1/")


# Settings

WHERE = "https://hooks.example.com/"


@pytest.mark.parametrize(
    "settings",
    [
        {"webhook_endpoints": "{"},
        {"webhook_endpoints": "[]"},
        {"webhook_endpoints": json.dumps({"a/b": {"url": WHERE, "secrets": [FIRST]}})},
        {"webhook_endpoints": json.dumps({"a": WHERE})},
        {"webhook_endpoints": json.dumps({"a": {"url": WHERE}})},
        {"webhook_endpoints": json.dumps({"a": {"url": WHERE, "secrets": [FIRST], "more": 1}})},
        {"webhook_endpoints": json.dumps({"a": {"url": "http://x/", "secrets": [FIRST]}})},
        {"webhook_endpoints": json.dumps({"a": {"url": "https://10.0.0.1/?k=hush", "secrets": [FIRST]}})},
        {"webhook_endpoints": json.dumps({"a": {"url": WHERE, "secrets": FIRST}})},
        {"webhook_secrets": FIRST},
        {"webhook_secrets": json.dumps([])},
        {"webhook_secrets": json.dumps([FIRST, SECOND, FIRST])},
        {"webhook_secrets": json.dumps([FIRST.removeprefix("whsec_")])},
        {"webhook_secrets": json.dumps(["whsec_"])},
        {"webhook_secrets": json.dumps(["whsec_aHVzaA=="])},
        {"webhook_secrets": json.dumps([FIRST + "*"])},
        {"webhook_secrets": json.dumps(["env:HUSH_HUSH"])},
        {"webhook_secrets": json.dumps(["whsec_hushé"])},
        {"webhook_endpoints": json.dumps({"a": {"url": WHERE, "secrets": ["whsec_é"]}})},
        {"webhook_endpoints": json.dumps({"a": {"url": WHERE, "secrets": ["elsewhere"]}})},
        {"webhook_secrets": "elsewhere"},
        {"webhook_secrets": json.dumps([7])},
        {"egress_allow": "everything"},
    ],
    ids=repr,
)
def test_settings_that_make_no_sense_do_not_start(settings: dict[str, str]) -> None:
    """They are refused when the channel is made, by their name, and no secret and no URL is shown."""
    with pytest.raises(ValueError) as refused:
        WebhookChannel(WebhookSettings(**settings))  # type: ignore[arg-type]
    text = str(refused.value)
    assert text.startswith(("WEBHOOK_", "EGRESS_ALLOW"))
    assert not any(hidden in text for hidden in (FIRST[10:], "Zmlyc3Qg", "aHVzaA", "hush", WHERE))
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_secret_may_come_from_a_variable(receiver: Receiver) -> None:
    """`env:NAME` stands for what that variable holds when the settings are read."""
    endpoint = json.dumps({"crm": {"url": receiver.url, "secrets": ["env:CRM_SECRET"]}})
    settings = WebhookSettings.from_environment({"WEBHOOK_ENDPOINTS": endpoint, "CRM_SECRET": SECOND})
    receiver.channel(webhook_endpoints=settings.webhook_endpoints).send_one(run())
    assert receiver.received[0].verified(SECOND)


@pytest.mark.parametrize("build", [build_channels, build_recipient_checks])
def test_a_variable_that_is_not_set_does_not_start(build: Callable[[dict[str, str]], object]) -> None:
    """Neither the scheduler nor the API; the variable's name is in the message."""
    with pytest.raises(
        ValueError, match=re.escape("a webhook's secret is env:CRM_SECRET, and that variable is not set")
    ):
        build({"WEBHOOK_SECRETS": '["env:CRM_SECRET"]'})


@pytest.mark.parametrize("function", ["api", "scheduler"])
@pytest.mark.parametrize(
    "name, value",
    [
        ("WEBHOOK_ENDPOINTS", "{"),
        ("WEBHOOK_SECRETS", '["env:NOT_SET"]'),
        ("WEBHOOK_SECRETS", "[]"),
        ("EGRESS_ALLOW", "everything"),
    ],
)
def test_a_wrong_setting_ends_the_start_of_a_function(
    function: str, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found when the function is loaded, not by the first request or the first message."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost:1/nowhere")
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"{name}|env:NOT_SET"):
        runpy.run_path(str(ROOT / "functions" / function / "app.py"))


# Nothing leaks


@pytest.mark.parametrize(
    "answer", [(200, {}), (302, {"Location": "/hidden"}), (410, {}), (503, {}), (400, {}), (0, {})]
)
def test_no_log_and_no_error_has_a_url_or_a_secret(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, answer: tuple[int, dict[str, str]]
) -> None:
    """The host may be shown; path, query, secret, signature and content may not, at any level of any logger."""
    caplog.set_level(logging.DEBUG)
    stream = io.StringIO()
    handler = cast("logging.StreamHandler[Any]", logger.registered_handler)
    before = handler.setStream(stream)
    level = logger.log_level
    logger.setLevel(logging.DEBUG)
    try:
        receiver.answers = [answer]
        outcome = attempt_one(receiver.channel(), run(recipient=receiver.url))
    finally:
        logger.setLevel(level)
        if before is not None:
            handler.setStream(before)
    (received,) = receiver.received
    shown = f"{stream.getvalue()} {caplog.text} {outcome.error} {outcome.provider_id}"
    hidden = ["hidden", "/hooks", FIRST, FIRST.removeprefix("whsec_"), received.headers["webhook-signature"], "Form of"]
    assert [text for text in hidden if text in shown] == []


def test_a_failure_before_the_request_shows_the_host_alone(receiver: Receiver) -> None:
    """Also where it is the certificate that is wrong."""
    egress = Egress(LOOPBACK, resolve=lambda *_: ["127.0.0.1"])
    outcome = attempt_one(WebhookChannel(receiver.settings(), egress), run())
    assert outcome.error is not None
    assert outcome.error.startswith("EgressFailed: localhost: its certificate is refused")
    assert "hidden" not in outcome.error


def test_a_request_to_come_back_later_is_a_failure_like_another() -> None:
    """RetryLater is neither final nor unknown."""
    assert not issubclass(RetryLater, PermanentFailure | UnknownOutcome)
