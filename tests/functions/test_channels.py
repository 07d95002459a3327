"""The channels that come with the engine, over the real thing where there is one: files, SMTP on loopback, SES in
moto."""

import io
import json
import logging
import socketserver
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from reminders.channels import PermanentFailure, UnknownOutcome, build_channels
from reminders.channels.email import EmailChannel
from reminders.channels.email.settings import EmailSettings
from reminders.observe import logger
from reminders.runs import Run
from reminders.states import Reason, State
from tests.world import HOUR, NOW, World, leased

SENDER = "reminders@example.com"


def run(**changes: Any) -> Run:
    """A run for a@example.com."""
    message = {"subject": "Form of INT_100", "body": "Go to https://example.com/f\n"}
    return leased(**{"channel": "email", "recipient": "a@example.com", "message": message} | changes)


def send(transport: str, sent: Run, **settings: str) -> str | None:
    """The run through the email channel with this transport."""
    settings = {"email_transport": transport, "email_sender": SENDER} | settings
    return EmailChannel(EmailSettings(**settings)).send_one(sent)


# The log


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service's log says."""
    handler = cast("logging.StreamHandler[Any]", logger.registered_handler)
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    if before is not None:
        handler.setStream(before)


def test_a_log_line_says_which_run_for_whom_about_what(log: io.StringIO) -> None:
    """One line with run, entity, event and subject."""
    build_channels({})["log"].send_one(run(channel="log"))
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert {name: line[name] for name in ("run", "entity_type", "entity_id", "event_type", "subject")} == {
        "run": run().key,
        "entity_type": "interviewer",
        "entity_id": "INT_100",
        "event_type": "feedback_form",
        "subject": "Form of INT_100",
    }


def test_a_log_line_never_has_the_body_or_the_recipient(log: io.StringIO) -> None:
    """What may be private is not in the log."""
    build_channels({})["log"].send_one(run(channel="log", message={"body": "secret", "payload": {"a": "secret"}}))
    assert log.getvalue()
    assert "secret" not in log.getvalue()
    assert "a@example.com" not in log.getvalue()


def test_a_failed_email_does_not_log_its_content_or_address(world: World, log: io.StringIO) -> None:
    """The line about a failed attempt names the run and the kind of error, never what was being sent to whom."""
    world.kept.fail = lambda run: OSError(f"cannot send secret to {run.recipient}")
    world.create(recipient="a@example.com", body="secret")
    world.tick(NOW + HOUR)
    assert "attempt failed" in log.getvalue()
    assert "secret" not in log.getvalue()
    assert "a@example.com" not in log.getvalue()


# Email as such


def outbox_message(folder: Path, sent: Run, **settings: str) -> EmailMessage:
    send(f"outbox:{folder}", sent, **settings)
    return cast(EmailMessage, message_from_bytes((folder / f"{sent.key}.eml").read_bytes(), policy=policy.default))


def test_an_email_is_a_file_in_the_outbox(tmp_path: Path) -> None:
    """One file a run, with sender, recipient, subject, body, and the instant that it is about."""
    message = outbox_message(tmp_path / "new" / "outbox", run())
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, "a@example.com", "Form of INT_100")
    assert message.get_content() == "Go to https://example.com/f\n"
    assert message["Date"].datetime == run().scheduled_for


def test_a_repeat_is_the_same_email(tmp_path: Path) -> None:
    """A second attempt has the same Message-ID and the same bytes, and its file replaces the first."""
    outbox_message(tmp_path, run())
    (first,) = [path.read_bytes() for path in tmp_path.iterdir()]
    message = outbox_message(tmp_path, run(attempt=2))
    (second,) = [path.read_bytes() for path in tmp_path.iterdir()]
    assert first == second
    assert message["Message-ID"] == f"<{run().key}@example.com>"
    assert message["X-Reminder-Run"] == run().key


def test_an_email_without_a_message_says_what_it_is_about(tmp_path: Path) -> None:
    """Where the reminder has neither subject nor body, entity and event make both."""
    message = outbox_message(tmp_path, run(message=None))
    assert message["Subject"] == "Reminder: feedback_form for interviewer INT_100"
    assert "INT_100" in message.get_content()


def test_an_email_keeps_letters_of_all_languages(tmp_path: Path) -> None:
    """Subject and body arrive as they were written."""
    message = outbox_message(tmp_path, run(message={"subject": "Größe 大 🙂", "body": "Ünïcode 大\n"}))
    assert (message["Subject"], message.get_content()) == ("Größe 大 🙂", "Ünïcode 大\n")


def test_an_email_without_a_recipient_goes_to_the_default(tmp_path: Path) -> None:
    """DEFAULT_EMAIL_RECIPIENT gets what has nobody else."""
    message = outbox_message(tmp_path, run(recipient=None), default_email_recipient="ops@example.com")
    assert message["To"] == "ops@example.com"


def test_an_email_for_nobody_ends_dead(world: World, tmp_path: Path) -> None:
    """Without a recipient and without a default the run is DEAD as no_recipient."""
    world.channels = build_channels({"EMAIL_TRANSPORT": f"outbox:{tmp_path}"})
    world.commands._channels = frozenset(world.channels)
    reminder = world.create(channel="email")
    world.tick(NOW + HOUR)
    (dead,) = world.runs(reminder)
    assert (dead.state, dead.reason, dead.attempt) == (State.DEAD, Reason.NO_RECIPIENT, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "a@example.com\r\nBcc: b@example.com"},
        {"recipient": "a@example.com, b@example.com"},
        {"message": {"subject": "x\r\nBcc: b@example.com"}},
        {"message": {"subject": "x\nBcc: b@example.com"}},
        {"entity_id": "x\r\nBcc: b@example.com", "message": None},
    ],
)
def test_nobody_gets_a_header_in(tmp_path: Path, changes: dict[str, Any]) -> None:
    """A line break or a list where one address or one line belongs is a permanent failure, and nothing is sent."""
    with pytest.raises(PermanentFailure) as refused:
        send(f"outbox:{tmp_path}", run(**changes))
    assert refused.value.reason is Reason.PERMANENT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "recipient",
    ["nobody", "@example.com", "a@", "a b@example.com", " ", "<a@example.com>", "a@b@example.com", ";", "a@b..c", "a@\ud800"],
)  # fmt: skip
def test_what_is_no_address_is_not_tried_again(tmp_path: Path, recipient: str) -> None:
    """An address that cannot be one is a permanent failure at the first attempt."""
    with pytest.raises(PermanentFailure):
        send(f"outbox:{tmp_path}", run(recipient=recipient))


def test_an_unknown_transport_does_not_start() -> None:
    """A setting that names no transport is refused when the channel is built."""
    with pytest.raises(ValueError, match="EMAIL_TRANSPORT"):
        build_channels({"EMAIL_TRANSPORT": "carrier pigeon"})


# SMTP


class SmtpServer(socketserver.ThreadingTCPServer):
    """A mail server on loopback that answers as it is told to, and keeps what it took."""

    daemon_threads = True

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.answers = answers
        self.taken: list[tuple[str, str, bytes]] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Session(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self._say("220 here")
        sender = recipient = ""
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            answer = self.server.answers.get(verb.upper())
            if answer == "hang up":
                return
            if verb.upper() == "DATA" and answer is None:
                self._say("354 go on")
                self._take(sender, recipient)
                answer = self.server.answers.get("END")
                if answer == "hang up":
                    return
            sender, recipient = (rest if verb == m else old for m, old in (("mail", sender), ("rcpt", recipient)))
            self._say(answer or ("221 bye" if verb.upper() == "QUIT" else "250 fine"))

    def _take(self, sender: str, recipient: str) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.taken.append((sender, recipient, b"".join(lines)))

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SmtpServer]]:
    """Starts mail servers; what they answer to a verb can be given."""
    monkeypatch.setattr("reminders.channels.email.smtp._WAIT_SECONDS", 20.0)
    started: list[tuple[SmtpServer, threading.Thread]] = []

    def start(**answers: str) -> SmtpServer:
        server = SmtpServer(answers)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_email_is_handed_to_the_mail_server(smtp: Callable[..., SmtpServer]) -> None:
    """The server gets the envelope and the message."""
    server = smtp()
    send(server.url, run())
    ((sender, recipient, data),) = server.taken
    sender, recipient = sender.lower(), recipient.lower()
    message = message_from_bytes(data, policy=policy.default)
    assert (sender.split()[0], recipient) == (f"from:<{SENDER}>", "to:<a@example.com>")
    assert (message["Subject"], message["Message-ID"]) == ("Form of INT_100", f"<{run().key}@example.com>")


@pytest.mark.parametrize(
    "answers",
    [{"RCPT": "550 no such mailbox"}, {"MAIL": "553 not you"}, {"DATA": "554 not this"}, {"END": "554 spam"}],
    ids=repr,
)
def test_what_the_mail_server_refuses_for_good_is_not_tried_again(
    smtp: Callable[..., SmtpServer], answers: dict[str, str]
) -> None:
    """A reply of 5xx is a permanent failure."""
    with pytest.raises(PermanentFailure):
        send(smtp(**answers).url, run())


@pytest.mark.parametrize(
    "answers",
    [{"RCPT": "450 later"}, {"MAIL": "451 later"}, {"DATA": "421 later"}, {"END": "452 full"}],
    ids=repr,
)
def test_what_the_mail_server_puts_off_is_tried_again(smtp: Callable[..., SmtpServer], answers: dict[str, str]) -> None:
    """A reply of 4xx is an ordinary failure: neither final nor unknown."""
    with pytest.raises(Exception) as failed:  # whatever smtplib says
        send(smtp(**answers).url, run())
    assert not isinstance(failed.value, PermanentFailure | UnknownOutcome)


def test_a_mail_server_that_hangs_up_after_the_message_may_have_taken_it(smtp: Callable[..., SmtpServer]) -> None:
    """No answer after the message was written is an unknown outcome."""
    with pytest.raises(UnknownOutcome):
        send(smtp(END="hang up").url, run())


@pytest.mark.parametrize("answer", ["421 closing", "500 what", "hang up"])
def test_a_mail_server_that_says_goodbye_badly_has_taken_the_message(
    smtp: Callable[..., SmtpServer], answer: str
) -> None:
    """Once the message was accepted, whatever comes of QUIT does not make it be sent again."""
    server = smtp(QUIT=answer)
    send(server.url, run())
    assert len(server.taken) == 1


def test_a_mail_server_that_is_not_there_is_tried_again(smtp: Callable[..., SmtpServer]) -> None:
    """A refused connection is an ordinary failure."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as free:
        port = free.server_address[1]
    with pytest.raises(OSError):
        send(f"smtp://127.0.0.1:{port}", run())


def test_a_password_is_not_sent_in_the_clear(smtp: Callable[..., SmtpServer]) -> None:
    """A server that offers no TLS does not get the password, nor the message."""
    server = smtp(STARTTLS="502 no")
    with pytest.raises(Exception) as failed:  # whatever smtplib says
        send(server.url.replace("smtp://", "smtp://user:secret@"), run())
    assert not isinstance(failed.value, AssertionError)
    assert server.taken == []


# SES


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Amazon SES as moto plays it, with the sender's address verified."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        yield _backend()


def _backend() -> Any:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    return ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]


def test_an_email_is_handed_to_ses(ses: Any) -> None:
    """SES gets sender, recipient and the whole message, and its id for it comes back."""
    provider_id = send("ses", run())
    (sent,) = ses.sent_messages
    assert provider_id == sent.id
    assert (sent.source, set(sent.destinations)) == (SENDER, {"a@example.com"})
    assert "Form of INT_100" in sent.raw_data


def test_what_ses_rejects_is_not_tried_again(ses: Any) -> None:
    """MessageRejected, as for a sender that is not verified, is a permanent failure."""
    with pytest.raises(PermanentFailure, match="MessageRejected"):
        send("ses", run(), email_sender="stranger@elsewhere.example")


def test_a_throttled_ses_is_tried_again(ses: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """TooManyRequests is an ordinary failure, which the engine's own retries meet."""
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "slow down"}}, "SendEmail")

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    with pytest.raises(ClientError):
        send("ses", run())


def test_a_silent_ses_is_an_unknown_outcome(ses: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read time-out after the request was written may have been a success."""
    from botocore.client import BaseClient
    from botocore.exceptions import ReadTimeoutError

    def be_silent(*_: Any, **__: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://email.eu-west-1.amazonaws.com")

    monkeypatch.setattr(BaseClient, "_make_api_call", be_silent)
    with pytest.raises(UnknownOutcome):
        send("ses", run())
