"""A real PgBouncer in transaction mode in front of a server, on loopback: what many people run between the two."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest

from reminders.storage.dsn import Address

# Each transaction gets another session than the one before, where there is a choice. No start-up parameter is ignored:
# what PgBouncer does not know it refuses.
_CONFIGURATION = """
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
server_round_robin = 1
default_pool_size = {sessions}
max_client_conn = 1000
logfile = {folder}/log
"""


class PgBouncer:
    """Runs from entering to leaving; `sessions` is how many a database's transactions share."""

    def __init__(self, server: Address, *, sessions: int = 10) -> None:
        self._server = server
        self._sessions = sessions
        self._folder = Path(tempfile.mkdtemp(prefix="reminders-pgbouncer-"))

    def __enter__(self) -> Self:
        # It refuses to run as root, and a server's socket may be its owner's alone.
        user = _owner(self._server) if os.geteuid() == 0 else None
        self._configure()
        for each in (self._folder, *self._folder.iterdir()):
            if user:
                shutil.chown(each, user)
        self._process = subprocess.Popen(
            [_program(), "-q", str(self._folder / "ini")], user=user, stderr=subprocess.DEVNULL
        )
        self._wait_until_it_listens()
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def to(self, address: Address) -> Address:
        """The way to a database of the server through the pooler."""
        return address._replace(host="127.0.0.1", port=self._port, sslmode="disable")

    def _configure(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        users = f'"{self._server.user}" "{self._server.password or ""}"\n'
        (self._folder / "users.txt").write_text(users, encoding="utf-8")
        configuration = _CONFIGURATION.format(
            host=self._server.host,
            port=self._server.port,
            listen=self._port,
            folder=self._folder,
            sessions=self._sessions,
        )
        (self._folder / "ini").write_text(configuration, encoding="utf-8")

    def _wait_until_it_listens(self) -> None:
        for _ in range(1_000):
            try:
                with socket.create_connection(("127.0.0.1", self._port)):
                    return
            except ConnectionRefusedError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.01)
        raise AssertionError(f"PgBouncer did not start: {(self._folder / 'log').read_text(encoding='utf-8')}")


def _program() -> str:
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")  # Debian's place
    if found is None:
        pytest.fail("this test needs PgBouncer: apt-get install pgbouncer", pytrace=False)
    return found


def _owner(server: Address) -> str:
    return Path(server.host).owner() if server.is_socket else "nobody"
