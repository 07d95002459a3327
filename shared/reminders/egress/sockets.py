"""Names, sockets and time: how the guard resolves and connects, and sockets that keep a deadline and a bound."""

import socket
import ssl
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

MAX_RECEIVED = 32_768  # bytes that are read of an answer, headers and all

type Resolve = Callable[[str, int], Sequence[str]]
"""Name and port to all addresses as text; OSError when there are none."""

type Dial = Callable[[str, int, float], socket.socket]
"""Address, port and seconds to a connected socket; OSError when there is none."""


class Deadline:
    """When an exchange has to be over, by the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._at = monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left, more than 0; TimeoutError when none are."""
        seconds = self._at - monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds


def look_up(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, as the system's resolver orders them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to an address; a name is not taken, so that nothing is resolved twice."""
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(seconds)
        opened.connect((address, port))
    except BaseException:
        opened.close()
        raise
    return opened


class TooMuch(Exception):
    """The answer is longer than anybody needs."""


class Limited(socket.socket):
    """A socket each of whose operations ends with the deadline: one time-out for each would let a drip go on for ever."""

    deadline: Deadline
    may_receive = MAX_RECEIVED

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        if self.may_receive <= 0:
            raise TooMuch
        self.settimeout(self.deadline.left())
        count = super().recv_into(*arguments, **named)
        self.may_receive -= count
        return count

    def send(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(self.deadline.left())
        return super().send(*arguments, **named)

    def sendall(self, *arguments: Any, **named: Any) -> None:
        self.settimeout(self.deadline.left())
        super().sendall(*arguments, **named)


class LimitedTls(Limited, ssl.SSLSocket):
    """The same over TLS. The handshake is one operation, so the time-out that it begins with bounds it."""
