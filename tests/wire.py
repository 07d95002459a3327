"""A wire between a client and PostgreSQL, on loopback: it hears each statement, and can lose the answer to one."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Self

from reminders.storage.dsn import Address


class Fate(Enum):
    """What the wire does with a statement."""

    PASS = "pass"  # it is carried, and so is its answer
    CUT = "cut"  # the server carries it out; the connection breaks before the answer arrives
    SILENCE = "silence"  # the server carries it out; no answer ever comes


class Wire:
    """Listens at `address` and carries everything to a server. `statements` is what the server was sent."""

    def __init__(self, server: Address, fate: Callable[[str], Fate] = lambda sql: Fate.PASS) -> None:
        self.server = server  # where new connections are led; those that are open stay where they are
        self.fate = fate
        self.statements: list[str] = []
        self.prepared: list[str] = []  # the names under which statements were prepared: "" is none
        self.conversation = ""  # each message's letter, as the protocol has it, and a full stop where an answer ends
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = server._replace(host="127.0.0.1", port=self._listener.getsockname()[1], sslmode="disable")
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _end(self._listener)
        self._threads[0].join()
        for each in self._open:
            _end(each)
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """Ends the connections that are open, both ways."""
        while self._open:
            _end(self._open.pop())

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = _dial(self.server)
            self._open += [client, server]
            line = _Line(self, client, server)
            for pump in (line.carry_requests, line.carry_answers):
                thread = threading.Thread(target=pump)
                self._threads.append(thread)
                thread.start()


class _Line:
    """One connection."""

    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self._wire = wire
        self._client = client
        self._server = server
        self._lost = Fate.PASS

    def carry_requests(self) -> None:
        heard = b""
        started = False
        with suppress(OSError):
            while data := self._client.recv(65536):
                heard += data
                while (size := _message_size(heard, started)) is not None:
                    message, heard = heard[:size], heard[size:]
                    if started:
                        self._hear(message)
                    started = True
                    self._server.sendall(message)
        _end(self._client)
        _end(self._server)

    def carry_answers(self) -> None:
        heard = b""
        with suppress(OSError):
            while data := self._server.recv(65536):
                heard += data
                while (size := _message_size(heard, started=True)) is not None:
                    self._wire.conversation += "." if heard[:1] == b"Z" else ""
                    heard = heard[size:]
                if self._lost is Fate.CUT:
                    break
                if self._lost is Fate.PASS:
                    self._client.sendall(data)
        _end(self._client)
        _end(self._server)

    def _hear(self, message: bytes) -> None:
        kind, content = message[:1], message[5:]
        self._wire.conversation += kind.decode()
        if kind == b"P":
            name, _, content = content.partition(b"\0")
            self._wire.prepared.append(name.decode())
        if kind in (b"P", b"Q"):
            sql = content.partition(b"\0")[0].decode()
            self._wire.statements.append(sql)
            fate = self._wire.fate(sql)
            self._lost = fate if self._lost is Fate.PASS else self._lost  # what is lost stays lost


def _message_size(heard: bytes, started: bool) -> int | None:
    """How long the first message is; None while it is not whole. Only the very first has no letter before its
    length."""
    letter = 1 if started else 0
    if len(heard) < letter + 4:
        return None
    size = letter + int.from_bytes(heard[letter : letter + 4])
    return size if len(heard) >= size else None


def _dial(server: Address) -> socket.socket:
    if not server.is_socket:
        return socket.create_connection((server.host, server.port))
    dialled = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    dialled.connect(f"{server.host}/.s.PGSQL.{server.port}")
    return dialled


def _end(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
