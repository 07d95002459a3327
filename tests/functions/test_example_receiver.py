"""`examples/webhook_receiver.py` by itself: what it does with many messages at once, with bad ones, and with
repeats."""

import http.client
import json
import os
import re
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.receiver import FIRST

EXAMPLE = Path(__file__).parents[2] / "examples" / "webhook_receiver.py"
AT_ONCE = 20  # as many as the channel sends


class Api(ThreadingHTTPServer):
    """An API whose flags are set when as many callers are there as it waits for."""

    request_queue_size = 64
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Flags)
        self.together = threading.Barrier(1)
        self.status = 200
        self.paths: list[str] = []


class _Flags(BaseHTTPRequestHandler):
    server: Api

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.paths.append(self.path)
        self.server.together.wait(20.0)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def port(api: Api, tmp_path: Path) -> Iterator[int]:
    """The example as a process of its own; yields where it listens."""
    told = {"WEBHOOK_SECRET": FIRST, "PORT": "0", "REMINDERS_API": f"http://127.0.0.1:{api.server_address[1]}"}
    process = subprocess.Popen(
        [sys.executable, EXAMPLE],
        env={**os.environ, **told, "SEEN": str(tmp_path / "seen.sqlite")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout
        yield int(process.stdout.readline().rsplit(":", 1)[1])
        process.terminate()


def post(port: int, key: str = "a", body: bytes | None = None, **changed: str) -> int:
    """The status of a signed message for this flag."""
    body = body or json.dumps({"id": key, "data": {"payload": {"flag": key}}}).encode()
    now = datetime.now(UTC)
    headers = {
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(FIRST).sign(key, now, body.decode("utf-8", "replace")),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/", body, headers | {name.replace("_", "-"): value for name, value in changed.items()})
    status = connection.getresponse().status
    connection.close()
    return status


def test_many_messages_are_worked_on_at_once(api: Api, port: int) -> None:
    """None waits for another's work, and none is sent away: the API answers only when all twenty are there."""
    api.together = threading.Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(lambda number: post(port, f"a{number}"), range(AT_ONCE))) == [204] * AT_ONCE
    assert len(set(api.paths)) == AT_ONCE


def test_work_that_failed_is_done_again_and_then_no_more(api: Api, port: int) -> None:
    """503 brings the engine back with the same id; a message that was taken is dropped."""
    api.status = 500
    assert post(port) == 503
    api.status = 200
    assert [post(port), post(port), post(port)] == [204] * 3
    assert api.paths == ["/flags/a"] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_signature": "v1"},
        {"webhook_signature": "v1,AAAAA"},
        {"webhook_signature": "v1,\u00e9"},
        {"webhook_signature": "v1,a,b"},
        {"webhook_timestamp": "nan"},
        {"webhook_timestamp": "1e400"},
        {"webhook_id": "another"},
        {"body": b"\xff\xfe"},
    ],
    ids=repr,
)
def test_what_does_not_verify_is_401(port: int, api: Api, wrong: dict[str, Any]) -> None:
    """Also where the signature is none at all: 503 would bring it again."""
    assert post(port, **wrong) == 401
    assert api.paths == []


@pytest.mark.parametrize("lines", ["", "-1", "abc", "+5", "1_0", "5\r\nContent-Length: 5", "\u0665"])
def test_a_length_that_is_none_is_400(port: int, lines: str) -> None:
    """No byte of such a message is read."""
    length = f"Content-Length: {lines}\r\n" if lines else ""
    with socket.create_connection(("127.0.0.1", port), 20) as sender:
        sender.sendall(f"POST / HTTP/1.1\r\n{length}\r\n".encode())
        assert re.match(rb"HTTP/1\.[01] 400 ", sender.recv(100))


def test_who_says_nothing_keeps_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection on which nothing comes is closed."""
    monkeypatch.setenv("WEBHOOK_SECRET", FIRST)
    handler = runpy.run_path(str(EXAMPLE))["Handler"]
    assert handler.timeout
    monkeypatch.setattr(handler, "timeout", 1.0)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with socket.create_connection(server.server_address, 20) as sender:
            sender.sendall(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
            assert sender.recv(100) == b""
        server.shutdown()
