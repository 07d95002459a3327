"""The one way out: requests to URLs that users supply, guarded, within one deadline.

The name is resolved once. If any of its addresses may not be reached, nothing is connected; otherwise the connection
goes to one of these very addresses, so that a second, different answer of the DNS is never asked for. Redirects are
answers like any other, there are no proxies and no cookies, and a response is read up to a bound.
"""

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from reminders.egress.failures import EgressFailed, EgressFailure, EgressRefused, EgressUnknown
from reminders.egress.side_calls import Crowded, SideCalls
from reminders.egress.sockets import Deadline, Dial, Resolve, dial, look_up
from reminders.egress.target import Permissions, Target, target_of

__all__ = ["Answer", "Egress", "EgressFailed", "EgressFailure", "EgressRefused", "EgressUnknown"]

_CONNECT_SECONDS = 3.0  # for one of several addresses, so that a dead one leaves time for the next
_MAX_DIALLED = 4  # of the addresses of one name
_MAX_LOOK_UPS = 64  # at a time: three times a channel's threads, since those that hang stay behind


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back from a host: header names in lower case, and the first bytes of the body as they were sent, never
    unpacked."""

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Egress:
    """The guarded client. Safe to use from several threads."""

    def __init__(
        self, allow: str = "", *, ca_file: str | None = None, resolve: Resolve = look_up, dial: Dial = dial
    ) -> None:
        """`allow` is the setting EGRESS_ALLOW; without `ca_file` the system's authorities are trusted."""
        self._permissions = Permissions.parse(allow)
        self._ca_file = ca_file
        self._resolve = resolve
        self._dial = dial
        self._look_ups = SideCalls("look-up of a name", _MAX_LOOK_UPS)
        self._trust: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def check(self, url: str) -> None:
        """EgressRefused when this URL is never let through, as far as that can be told without resolving its name."""
        target_of(url, self._permissions)

    def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", seconds: float
    ) -> Answer:
        """One request and its answer, all of it within `seconds`; an EgressFailure says how far it got without one."""
        deadline = Deadline(seconds)
        from reminders.egress import connection  # urllib3 is not loaded by a scheduler that sends no webhook

        target = target_of(url, self._permissions)
        trust = self._trusted()
        addresses = self._addresses(target, deadline)
        with connection.opened(target, self._dialled(target, addresses, deadline), trust, deadline) as opened:
            status, received, content = connection.ask(opened, method, target, headers, body)
        return Answer(host=target.host, status=status, headers=received, body=content)

    def _trusted(self) -> ssl.SSLContext:
        from reminders.egress import connection

        with self._lock:
            if self._trust is None:
                self._trust = connection.trust(self._ca_file)
            return self._trust

    def _addresses(self, target: Target, deadline: Deadline) -> Sequence[str]:
        """All addresses of the target, each of which may be reached."""
        if target.address is not None:
            return [str(target.address)]
        try:
            found = [ip_address(str(text)) for text in self._resolved(target, deadline)]
        except ValueError:
            raise EgressFailed(target.host, "its name leads to something that is not an address") from None
        if not found:
            raise EgressFailed(target.host, "its name has no address")
        # Not refused for good: a name may lead astray for a moment, while its owner or a filter makes the DNS say so.
        if not all(self._permissions.may_reach(address, target.port) for address in found):
            raise EgressFailed(target.host, "its name leads to an address that is not allowed")
        return list(map(str, found))

    def _resolved(self, target: Target, deadline: Deadline) -> Sequence[str]:
        try:
            return self._look_ups.call(partial(self._resolve, target.host, target.port), deadline.left())
        except TimeoutError as silence:
            raise EgressFailed(target.host, "its name was not resolved in time") from silence
        except Crowded as crowded:
            raise EgressFailed(target.host, "too many look-ups of names hang") from crowded
        except Exception as failure:
            raise EgressFailed(target.host, "its name does not resolve") from failure

    def _dialled(self, target: Target, addresses: Sequence[str], deadline: Deadline) -> socket.socket:
        failure: OSError | None = None
        for address in addresses[:_MAX_DIALLED]:
            try:
                return self._dial(address, target.port, min(_CONNECT_SECONDS, deadline.left()))
            except OSError as failed:
                failure = failed
        raise EgressFailed(target.host, f"cannot be connected to: {type(failure).__name__}") from failure
