"""Names, sockets and time: how the guard resolves and connects, and sockets that keep a deadline and a bound."""

import socket
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

MAX_RECEIVED = 49_152  # bytes that are read from a connection: handshake, headers and all

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
    """More comes than any answer needs."""


class Limited(socket.socket):
    """A connected socket each of whose operations ends with the deadline, and that receives up to a bound.

    It lies under TLS, not above it: records may hold nothing for the reader, and one read goes on over all of these.
    """

    def __init__(self, dialled: socket.socket, deadline: Deadline) -> None:
        """Takes over a connection."""
        super().__init__(fileno=dialled.detach())
        self._deadline = deadline
        self._may_receive = MAX_RECEIVED

    def recv(self, *arguments: Any, **named: Any) -> bytes:
        self._wait_to_receive()
        received = super().recv(*arguments, **named)
        self._may_receive -= len(received)
        return received

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self._wait_to_receive()
        count = super().recv_into(*arguments, **named)
        self._may_receive -= count
        return count

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        # TLS also "sends" nothing before it reads; on a connection that was reset this would hide an answer that is
        # there.
        if len(data) == 0:
            return
        self.settimeout(self._deadline.left())  # for all of it, however often the receiver takes a little
        super().sendall(data, flags)

    def _wait_to_receive(self) -> None:
        if self._may_receive <= 0:
            raise TooMuch
        self.settimeout(self._deadline.left())
