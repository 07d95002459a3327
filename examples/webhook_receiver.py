"""A receiver of webhooks to copy: it verifies each message, drops repeats, and sets a flag in return.

pip install standardwebhooks
WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py

WEBHOOK_SECRET    what the engine signs with; two separated by a blank while it is rotated
PORT              where to listen on this machine (9000); put a proxy with TLS before it
SEEN              the SQLite file of the messages that were taken (seen.sqlite)
REMINDERS_API     the engine (http://127.0.0.1:8000)
REMINDERS_TOKEN   a bearer token for it, where it wants one

It answers 204 to what it has taken, now or before; 401 to what does not verify and 400 to what is no message, which the
engine does not send again; and 503 when something of its own has failed, so that the engine comes back with the same
id.

An id is written down before the work and marked as done after it. Whoever comes with an id that is not done, after a
crash or while the work still goes on, has it done again. So your work must be repeatable, like the flag that is set
here; or it must be in this same database, in the transaction that marks the id as done.
"""

import json
import os
import re
import sqlite3
import sys
import traceback
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from standardwebhooks import Webhook, WebhookVerificationError

LONGEST = 1_000_000  # bytes of a message; the engine's are smaller
API = os.environ.get("REMINDERS_API", "http://127.0.0.1:8000")
TOKEN = os.environ.get("REMINDERS_TOKEN", "")
SEEN = os.environ.get("SEEN", "seen.sqlite")
SECRETS = [Webhook(secret) for secret in os.environ["WEBHOOK_SECRET"].split()]


def take(headers: dict[str, str], body: bytes) -> int:
    """The status that a message is answered with."""
    event = verified(headers, body)
    if event is None:
        return 401
    # No transaction is open while the work goes on: it would keep all other messages waiting.
    if is_done(event["id"]):
        print("dropped", event["id"], flush=True)
        return 204
    act_on(event["data"])
    mark_done(event["id"])
    print("taken", event["id"], flush=True)
    return 204


def is_done(key: str) -> bool:
    """Whether this message was taken before; if not, it is claimed."""
    with closing(sqlite3.connect(SEEN)) as database, database:
        database.execute("INSERT OR IGNORE INTO seen (id, done) VALUES (?, 0)", (key,))
        return bool(database.execute("SELECT done FROM seen WHERE id = ?", (key,)).fetchone()[0])


def mark_done(key: str) -> None:
    with closing(sqlite3.connect(SEEN)) as database, database:
        database.execute("UPDATE seen SET done = 1 WHERE id = ?", (key,))


def verified(headers: dict[str, str], body: bytes) -> Any:
    """The event, if one of the secrets has signed it."""
    for secret in SECRETS:
        try:
            return secret.verify(body, headers)
        except (WebhookVerificationError, ValueError):
            continue  # ValueError: a signature that is no base64, a body that is no UTF-8
    return None


def act_on(data: dict[str, Any]) -> None:
    """Your own work. Here: what the reminder asks for is done at once, so its flag is set and it fires no more."""
    flag = data["payload"].get("flag")
    if flag:
        set_flag(flag)


def set_flag(key: str) -> None:
    """PUT /flags/{key}; an answer that is no success raises."""
    request = Request(
        f"{API}/flags/{quote(key, safe='')}",
        data=json.dumps({"value": True}).encode(),
        method="PUT",
        headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}),
    )
    with urlopen(request, timeout=5):
        pass


class Handler(BaseHTTPRequestHandler):
    timeout = 10  # seconds for each read: who sends nothing keeps no thread

    def do_POST(self) -> None:
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or not re.fullmatch("[0-9]{1,12}", lengths[0], re.ASCII):
            self.answer(400)
            return
        length = int(lengths[0])
        if length > LONGEST:
            self.answer(413)
            return
        body = self.rfile.read(length)
        try:
            self.answer(take(dict(self.headers.items()), body))
        except Exception:
            traceback.print_exc()
            self.answer(503)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any, **__: Any) -> None:
        """Nothing: a request's path may hold what is private."""


class Server(ThreadingHTTPServer):
    request_queue_size = 64  # the engine sends twenty at a time


def main() -> int:
    with closing(sqlite3.connect(SEEN)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, done INTEGER NOT NULL)")
    with Server(("127.0.0.1", int(os.environ.get("PORT", 9000))), Handler) as server:
        print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
