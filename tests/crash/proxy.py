"""A proxy on loopback in front of PostgreSQL, which loses what a network can lose."""

import socket
import threading
from contextlib import suppress
from typing import Self

from reminders.storage.dsn import Address


class Proxy:
    """Forwards bytes both ways until it is told otherwise. Each fault holds for the connections that are open then."""

    def __init__(self, target: Address) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._muted: set[socket.socket] = set()
        self._swallowing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.reset()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def reset(self) -> None:
        """Ends every connection at once, both ways."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _end(*pair)

    def black_hole(self) -> None:
        """Lets the open connections be, but nothing comes through any more, in neither direction."""
        with self._lock:
            self._muted |= {sock for pair in self._pairs for sock in pair}

    def swallow_commit(self) -> None:
        """The next COMMIT reaches the server; its answer, and the connection, do not come back."""
        with self._lock:
            self._swallowing = True

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = self._connect()
            except OSError:
                client.close()
                continue
            with self._lock:
                self._pairs.append((client, server))
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _connect(self) -> socket.socket:
        if self._target.is_socket:
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                server.connect(f"{self._target.host}/.s.PGSQL.{self._target.port}")
            except OSError:
                server.close()
                raise
            return server
        return socket.create_connection((self._target.host, self._target.port))

    def _pump(self, source: socket.socket, sink: socket.socket, to_server: bool) -> None:
        try:
            while data := source.recv(65536):
                if source in self._muted:
                    continue
                sink.sendall(data)
                if to_server and self._swallowing and b"COMMIT" in data:
                    with self._lock:
                        self._swallowing = False
                        self._muted |= {source, sink}
                    source.recv(1)  # the client waits for its answer until it gives up
        except OSError:
            pass
        _end(source, sink)


def _end(*socks: socket.socket) -> None:
    """Shut down, not just closed: a thread that still reads from a socket keeps it open otherwise."""
    for sock in socks:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()
