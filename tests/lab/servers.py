"""Servers on loopback that answer well or badly, one for each case, and what each of them has seen."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

type Act = Callable[[socket.socket, threading.Event], None]
"""What a server does with a connection; the event says that the case is over."""

type Moment = Literal["connected", "secured", "asked"]
"""When a server begins with it: before TLS, after its handshake, or once it has read the request."""

DRIP_SECONDS = 0.2
BUFFER_BYTES = 65_536  # of the kernel on each side; left to itself it takes megabytes, and whoever writes need not wait
DROPS = 40  # eight seconds of them: a client without a deadline ends some time, and is found out


@dataclass
class Seen:
    """What reached a server."""

    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def serving(act: Act, moment: Moment, context: ssl.SSLContext | None, seen: Seen) -> Iterator[int]:
    """A server that does `act` at this moment; yields its port."""
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(20.0)
            if moment == "connected":
                act(connection, over)
                return
            secured = context.wrap_socket(connection, server_side=True) if context else connection
            with secured:
                if moment == "asked":
                    seen.requests.append(_request(secured))
                act(secured, over)

    def accept() -> None:
        while not over.is_set():
            with suppress(OSError):
                connection, _ = listener.accept()
                seen.connections += 1
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield listener.getsockname()[1]
        over.set()
        accepting.join()


def _request(connection: socket.socket) -> bytes:
    """A request with the body that its length announces."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    (length,) = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")] or [0]
    while len(body) < length:
        body += _some(connection)
    return head + b"\r\n\r\n" + body


def _some(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    if not received:
        raise ConnectionResetError
    return received


# What a server may do


def says(text: str | bytes) -> Act:
    """Sends this and hangs up."""
    data = text.encode("latin-1") if isinstance(text, str) else text

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(data)

    return act


def answers(status: str, *headers: str, body: str = "") -> Act:
    """A whole, well-formed answer."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", body]
    return says("\r\n".join(lines))


def drips(first: str, drop: str) -> Act:
    """Sends the first part at once, then drop after drop, far longer than a case may last."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(first.encode("latin-1"))
        for _ in range(DROPS):
            if over.wait(DRIP_SECONDS):
                return
            connection.sendall(drop.encode("latin-1"))

    return act


def pours(first: str, more: str) -> Act:
    """Sends the first part, then more and more as fast as it is taken."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(first.encode("latin-1"))
        while not over.is_set():
            connection.sendall(more.encode("latin-1"))

    return act


def waits(connection: socket.socket, over: threading.Event) -> None:
    """Keeps the connection and says nothing."""
    over.wait(20.0)


def hangs_up(connection: socket.socket, over: threading.Event) -> None:
    """Ends the connection."""


def answers_early(status: str) -> Act:
    """Answers, and hangs up a moment later on a message that is still being written."""
    answer = answers(status)

    def act(connection: socket.socket, over: threading.Event) -> None:
        answer(connection, over)
        over.wait(0.3)

    return act


def sips(size: int, seconds: float, status: str = "200 OK") -> Act:
    """Reads this much at a time, with a pause after each, until a message has ended; then answers."""
    answer = answers(status)

    def act(connection: socket.socket, over: threading.Event) -> None:
        while not connection.recv(size).endswith(b"END"):
            if over.wait(seconds):
                return
        answer(connection, over)

    return act
