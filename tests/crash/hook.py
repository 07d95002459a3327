"""A receiver of webhooks as a process of its own: `standardwebhooks` verifies each message, and seen ids are dropped.

python -m tests.crash.hook FOLDER SECRET... It says where it listens, and what it got when its standard input is closed.
Meanwhile files in FOLDER tell the news: 1, 1+2 or 2 that a message signed with these secrets has come, REPEAT that one
came again.
"""

import json
import sys
import threading
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

from standardwebhooks import WebhookVerificationError

from tests.receiver import Received, Receiver, receiving_at

HOLD_SECONDS = 0.1  # from taking a message to its answer, so that kills find some in between
REPEAT = "repeat"


class Ledger(Receiver):
    """What arrived: the texts under each id, what was taken of it, and which of the secrets had signed."""

    def __init__(self, folder: Path, secrets: list[str]) -> None:
        super().__init__()
        self._folder = folder
        self._secrets = secrets
        self._lock = threading.Lock()
        self.texts: dict[str, list[str]] = {}
        self.taken: list[str] = []
        self.signed: Counter[str] = Counter()
        self.early = 0
        self.refused = 0

    def take(self, received: Received) -> tuple[int, dict[str, str]]:
        verifying = [number for number, secret in enumerate(self._secrets, 1) if self._verifies(received, secret)]
        with self._lock:
            if not verifying:
                self.refused += 1
                return 401, {}
            signed = "+".join(map(str, verifying))
            self.signed[signed] += 1
            (self._folder / signed).touch()
            self._keep(received.headers["webhook-id"], received.body.decode())
        time.sleep(HOLD_SECONDS)
        return 204, {}

    def _verifies(self, received: Received, secret: str) -> bool:
        try:
            received.verified(secret)
        except WebhookVerificationError:
            return False
        return True

    def _keep(self, key: str, text: str) -> None:
        """A message whose id was seen is dropped."""
        if key not in self.texts:
            self.taken.append(key)
        else:
            (self._folder / REPEAT).touch()
        self.texts.setdefault(key, []).append(text)
        self.early += time.time() < datetime.fromisoformat(json.loads(text)["time"]).timestamp()


def main() -> None:
    folder = Path(sys.argv[1])
    with Ledger(folder, sys.argv[2:]) as ledger, receiving_at(ledger, folder):
        print(json.dumps({"url": ledger.url, "ca_file": ledger.ca_file}), flush=True)
        sys.stdin.read()
    names = ("texts", "taken", "signed", "early", "refused")
    print(json.dumps({name: getattr(ledger, name) for name in names}))


if __name__ == "__main__":
    main()
