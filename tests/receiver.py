"""A receiver of webhooks on loopback, over TLS: it keeps what it gets and answers as it is told to."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from standardwebhooks import Webhook

from reminders.channels.webhook import WebhookChannel
from reminders.channels.webhook.settings import WebhookSettings
from reminders.egress import Egress
from tests.authority import Authority

FIRST = "whsec_" + "Zmlyc3Qg" * 4
SECOND = "whsec_" + "c2Vjb25k" * 4
LOOPBACK = "port:* 127.0.0.0/8"


class Received(NamedTuple):
    """One POST as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """The message, if `standardwebhooks` accepts it under this secret; otherwise its own exception."""
        return Webhook(secret).verify(self.body, self.headers)


class Receiver(ThreadingHTTPServer):
    """`answers` is used up one by one: status and headers; after that it is 204."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[Received] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.ca_file = ""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server_address[1]}/hooks?token=hidden"

    def settings(self, *secrets: str, **others: Any) -> WebhookSettings:
        """Settings with this receiver as the endpoint `crm`, and with the same secrets for URLs."""
        endpoint = {"url": self.url, "secrets": list(secrets or [FIRST])}
        given = {
            "webhook_endpoints": json.dumps({"crm": endpoint}),
            "webhook_secrets": json.dumps(list(secrets or [FIRST])),
            "egress_allow": LOOPBACK,
        }
        return WebhookSettings(**(given | others))

    def channel(self, *secrets: str, **others: Any) -> WebhookChannel:
        """The channel for these settings; `localhost` leads to this receiver alone."""
        settings = self.settings(*secrets, **others)
        egress = Egress(settings.egress_allow, ca_file=self.ca_file, resolve=lambda *_: ["127.0.0.1"])
        return WebhookChannel(settings, egress)

    def take(self, received: Received) -> tuple[int, dict[str, str]]:
        """What is answered: status and headers; 0 hangs up."""
        self.received.append(received)
        return self.answers.pop(0) if self.answers else (204, {})

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        # A caller that was killed leaves half a message.
        status, said = self.server.take(Received(self.path, headers, body)) if len(body) == length else (0, {})
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in said.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name in the base class
        """Nothing: the tests look at what was received."""


@contextmanager
def receiving(folder: Path) -> Iterator[Receiver]:
    """A receiver with a certificate for `localhost`, in a thread."""
    with Receiver() as server, receiving_at(server, folder):
        yield server


@contextmanager
def receiving_at(server: Receiver, folder: Path) -> Iterator[None]:
    """The same for a receiver that is already made; the authority's certificate goes into the folder."""
    authority = Authority(folder)
    signed = authority.sign("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.certificate, signed.key)
    server.ca_file = authority.ca_file
    # The handshake is left to the first read, in the connection's own thread.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()
