"""The laboratory's bench: one case at a time on the guarded client, with everything that it did written down.

Only the DNS and the way to an address are stubs: public addresses are dialled on loopback. The guard is as it is in
production, and an audit hook of the interpreter sees each real connection.
"""

import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from reminders.egress import Egress, EgressFailed, EgressFailure, EgressRefused, EgressUnknown, sockets
from tests.authority import Authority, Signed
from tests.lab.cases import CASES, PATIENT_SECONDS, PUBLIC, Case
from tests.lab.flood import flooding
from tests.lab.servers import BUFFER_BYTES, Seen, serving

THREADS = 8
MARGIN_SECONDS = 1.0
REPEATS = 3

_connected: list[Any] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        _connected.append(arguments[1])


@dataclass
class Result:
    """What came of a case."""

    case: Case
    outcome: str = ""
    text: str = ""  # what the failure says
    dialled: list[str] = field(default_factory=list)
    lookups: int = 0
    seen: Seen = field(default_factory=Seen)
    seconds: float = 0.0
    kept: int = 0  # bytes of the answer's body

    @property
    def is_late(self) -> bool:
        """Whether it ended long after its deadline."""
        return self.seconds > self.case.seconds + MARGIN_SECONDS

    @property
    def denied(self) -> list[str]:
        """Addresses that were dialled although the case's table does not let them be."""
        return [address for address in self.dialled if address not in self.case.connects]

    @property
    def complaints(self) -> list[str]:
        """What is not as the case expects it."""
        case = self.case
        checks = {
            f"outcome {self.outcome}": self.outcome == case.expected,
            f"connected to {self.dialled}": self.dialled == list(case.connects),
            f"took {self.seconds:.1f} s": not self.is_late,
            f"looked up {self.lookups} times": self.lookups <= 1,
            f"{len(self.seen.requests)} requests": len(self.seen.requests) <= 1,
            f"says {self.text!r}": case.because in self.text,
            f"kept {self.kept} bytes": self.kept <= 4_096,
        }
        return [complaint for complaint, is_well in checks.items() if not is_well]

    @property
    def is_doubtful(self) -> bool:
        """Whether it is wrong after a deadline so short that the machine may have stalled, and not the client."""
        return bool(self.complaints) and PATIENT_SECONDS > self.case.seconds <= self.seconds


class Bench:
    """Runs cases; the servers' certificates are made once."""

    def __init__(self, folder: Path) -> None:
        authority, stranger = Authority(folder), Authority(folder, "stranger")
        signed = {
            "good": authority.sign("hook.example"),
            "other": authority.sign("other.example"),
            "address": authority.sign(PUBLIC),
            "expired": authority.sign("hook.example", lasts=timedelta(days=-1)),
            "stranger": stranger.sign("hook.example"),
            "long": authority.sign(
                "hook.example", *[f"{number:04d}.{'x' * 30}.hook.example" for number in range(1_200)]
            ),
        }
        self._ca_file = authority.ca_file
        self._contexts = {name: server_side(each) for name, each in signed.items()}
        self._contexts["flood"] = flooding(server_side(signed["good"]), folder)

    def run(self, case: Case) -> Result:
        """One exchange."""
        result = Result(case)
        over = threading.Event()
        context = None if case.url.startswith("http:") else self._contexts[case.certificate]
        with ExitStack() as stack:
            port = stack.enter_context(serving(case.act, case.moment, context, result.seen))
            stack.callback(over.set)

            def resolve(host: str, _: int) -> Sequence[str]:
                result.lookups += 1
                answer = case.dns[min(result.lookups, len(case.dns)) - 1]
                if answer == "never":
                    over.wait(20.0)
                if isinstance(answer, str):
                    raise socket.gaierror(socket.EAI_NONAME, "no such name")
                return answer

            def dial(address: str, _: int, seconds: float) -> socket.socket:
                result.dialled.append(address)
                if address in case.dead:
                    raise ConnectionRefusedError
                if address in case.silent:
                    over.wait(seconds)
                    raise TimeoutError
                dialled = sockets.dial("127.0.0.1", port, seconds)
                dialled.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
                return dialled

            egress = Egress(case.allow, ca_file=self._ca_file, resolve=resolve, dial=dial)
            begun = time.monotonic()
            _exchange(egress, case, result)
            result.seconds = time.monotonic() - begun
        return result


def _exchange(egress: Egress, case: Case, result: Result) -> None:
    kinds: dict[type[EgressFailure], str] = {
        EgressRefused: "refused",
        EgressFailed: "failed",
        EgressUnknown: "unknown",
    }
    body = b"x" * case.payload + b"END"
    try:
        answer = egress.exchange("POST", case.url, headers={"x-lab": "1"}, body=body, seconds=case.seconds)
        result.outcome, result.kept = str(answer.status), len(answer.body)
    except EgressFailure as failure:
        result.outcome, result.text = kinds[type(failure)], str(failure)


def server_side(signed: Signed) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.certificate, signed.key)
    return context


def run_all(cases: Sequence[Case] = CASES) -> tuple[list[Result], list[Any]]:
    """All these cases, several at a time, and where this process has really connected to."""
    sys.addaudithook(_watch)
    _connected.clear()
    with tempfile.TemporaryDirectory(prefix="reminders-lab-") as folder, ThreadPoolExecutor(THREADS) as pool:
        bench = Bench(Path(folder))
        results = _repeated(bench, list(pool.map(bench.run, cases)))
    return results, list(_connected)


def _repeated(bench: Bench, results: list[Result]) -> list[Result]:
    """Doubtful cases again, one by one: the machine stalls now and then, but a client that is wrong is so each time."""
    repeated = list(results)
    for number, result in enumerate(results):
        for _ in range(REPEATS):
            if repeated[number].is_doubtful:
                repeated[number] = bench.run(result.case)
        if repeated[number].is_doubtful:
            break  # the client is wrong, and what is left would only take time
    return repeated
