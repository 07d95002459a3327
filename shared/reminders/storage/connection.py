"""How the database is reached: socket, TLS, time-outs, what is said at the start, and how values are read."""

import socket
import ssl
from collections.abc import Callable

from pg8000.core import CoreConnection
from pg8000.exceptions import DatabaseError, InterfaceError

from reminders.settings import check_certificates
from reminders.storage import jsonb, timestamptz
from reminders.storage.dsn import Address

CONNECT_TIMEOUT_SECONDS = 5.0
# Longer than the role's statement_timeout: the server speaks first, and a silent network is noticed in the end.
READ_TIMEOUT_SECONDS = 20.0

# What the other side's kernel has not acknowledged for so long never arrives: the network has forgotten the connection.
# Where a system has no such option it is left out. A connection that waits for a long answer is asked now and then
# whether it is still there, which also keeps address translators from forgetting it.
_SOCKET_OPTIONS = {"TCP_USER_TIMEOUT": 5_000, "TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3}

# Said with the connection's first message, not by SET: poolers know these, since other drivers always say them. A role
# or a server may prefer another style, in which dates would be read with day and month exchanged, or an encoding that
# has not every character.
_STARTUP = {"DateStyle": "ISO", "client_encoding": "UTF8"}

# By the types' numbers: json, jsonb, timestamptz, uuid. A UUID is written as we write ids, so its text is what we want.
_READERS: dict[int, Callable[[str], object]] = {114: jsonb.parse, 3802: jsonb.parse, 1184: timestamptz.parse, 2950: str}


def connect[C: CoreConnection](address: Address, connection: Callable[..., C], read_timeout: float | None = None) -> C:
    """A connection of one of pg8000's kinds, over a socket with TCP_NODELAY: without it larger statements wait 40 ms.

    `read_timeout` in seconds is how long an answer may take; READ_TIMEOUT_SECONDS unless it is given.
    """
    sock = _connected_socket(address)
    try:
        made = connection(
            user=address.user,
            password=address.password,
            database=address.database,
            host=address.host,
            sock=sock,
            ssl_context=_tls(address),
            application_name="reminders",
            startup_params=_STARTUP,
        )
        made._usock.settimeout(read_timeout or READ_TIMEOUT_SECONDS)
        for type_number, read in _READERS.items():
            made.register_in_adapter(type_number, read)
        return made
    except InterfaceError as lost:
        sock.close()
        refusal = _what_the_server_said(lost)
        if refusal is None:
            raise
    except BaseException:
        sock.close()
        raise
    raise DatabaseError(refusal)


def _what_the_server_said(lost: BaseException) -> object | None:
    """A server that refuses us hangs up; the driver then fails to say goodbye, and that error hides the refusal."""
    error: BaseException | None = lost
    while error is not None and not isinstance(error, DatabaseError):
        error = error.__context__
    return error.args[0] if error and error.args else None


def _connected_socket(address: Address) -> socket.socket:
    if address.is_socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(CONNECT_TIMEOUT_SECONDS)
        try:
            sock.connect(f"{address.host}/.s.PGSQL.{address.port}")
        except OSError:
            sock.close()
            raise
    else:
        sock = socket.create_connection((address.host, address.port), CONNECT_TIMEOUT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _SOCKET_OPTIONS.items():
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return sock


def _tls(address: Address) -> ssl.SSLContext | bool:
    if address.sslmode == "disable" or address.is_socket:
        return False
    return ssl.create_default_context(cafile=address.sslrootcert)


def check_trust(address: Address) -> None:
    """BadSetting when the certificates that the address names cannot be read."""
    if address.sslrootcert is not None:
        check_certificates("DATABASE_URL: sslrootcert", address.sslrootcert)
