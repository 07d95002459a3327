"""A receiver of webhooks as a process of its own: `standardwebhooks` verifies each message, and seen ids are dropped.

python -m tests.crash.hook FOLDER SECRET. It says where it listens, and what it got when its standard input is closed.
"""

import json
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from standardwebhooks import WebhookVerificationError

from tests.receiver import Received, Receiver, receiving_at


class Ledger(Receiver):
    """What arrived: the texts under each id."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret
        self._lock = threading.Lock()
        self.texts: dict[str, list[str]] = {}
        self.early = 0
        self.refused = 0

    def take(self, received: Received) -> tuple[int, dict[str, str]]:
        try:
            event = received.verified(self._secret)
        except WebhookVerificationError:
            self.refused += 1
            return 401, {}
        meant = datetime.fromisoformat(event["time"]).timestamp()
        with self._lock:
            self.texts.setdefault(received.headers["webhook-id"], []).append(received.body.decode())
            self.early += time.time() < meant
        return 204, {}


def main() -> None:
    with Ledger(sys.argv[2]) as ledger, receiving_at(ledger, Path(sys.argv[1])):
        print(json.dumps({"url": ledger.url, "ca_file": ledger.ca_file}), flush=True)
        sys.stdin.read()
    print(json.dumps({"texts": ledger.texts, "early": ledger.early, "refused": ledger.refused}))


if __name__ == "__main__":
    main()
