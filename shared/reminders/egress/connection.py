"""One request on one connection, by urllib3. Imported when it is needed: a cold start does without urllib3."""

import http.client
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context
from urllib3.util.ssltransport import SSLTransport

from reminders.egress.failures import EgressFailed, EgressUnknown
from reminders.egress.sockets import Deadline, Limited, TooMuch
from reminders.egress.target import Target

MAX_BODY = 4_096  # bytes of an answer's body that are kept

# http.client also takes `+200`, `2_00`, HTTP/1.9, and statuses that no class of answers has.
_STATUS = re.compile(r"(HTTP/1\.[01]) ([1-5][0-9]{2})(?: ([^\r\n]*))?\r?\n", re.ASCII)
_MAX_LINE = 65_536

type Answered = tuple[int, Mapping[str, str], bytes]


def trust(ca_file: str | None) -> ssl.SSLContext:
    """TLS with the certificate and the name checked, by the system's authorities or by those in a file."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    if ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


@contextmanager
def opened(
    target: Target, dialled: socket.socket, context: ssl.SSLContext, deadline: Deadline
) -> Iterator[HTTPConnection]:
    """The connection to a target over a connected socket, with TLS for https."""
    with Limited(dialled, deadline) as limited:
        if target.scheme == "https":
            connection: HTTPConnection = HTTPSConnection(target.host, target.port)
            connection.sock = _secured(target, limited, context)
        else:
            connection = HTTPConnection(target.host, target.port)
            connection.sock = limited
        yield connection


def _secured(target: Target, limited: Limited, context: ssl.SSLContext) -> Any:
    """TLS above the limits: OpenSSL gets no byte past them."""
    try:
        return SSLTransport(limited, context, target.host)
    except (OSError, ValueError, TooMuch) as failure:
        raise EgressFailed(target.host, _why(failure)) from failure


def _why(failure: Exception) -> str:
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {failure.verify_message}"
    return f"no TLS: {type(failure).__name__}"


def ask(connection: HTTPConnection, method: str, target: Target, headers: Mapping[str, str], body: bytes) -> Answered:
    """Writes the request and reads the answer. A failure from here on leaves open whether the request has arrived."""
    try:
        # A server that has seen enough may answer and hang up before it has read everything.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, target.path, body=body or None, headers=headers)
        with closing(_Response(connection.sock, method=method)) as response:
            _read_head(response)
            received = {name.lower(): value for name, value in response.headers.items()}
            return response.status, received, _read_body(response)
    except Exception as failure:  # whatever an answer does to its reader
        raise EgressUnknown(target.host, f"no proper answer: {type(failure).__name__}") from failure


class _Response(http.client.HTTPResponse):
    """An answer whose first line is read strictly."""

    def _read_status(self) -> tuple[str, int, str]:
        line = str(self.fp.readline(_MAX_LINE), "iso-8859-1")
        match = _STATUS.fullmatch(line)
        if match is None:
            raise http.client.BadStatusLine(line)
        return match[1], int(match[2]), match[3] or ""


def _read_head(response: http.client.HTTPResponse) -> None:
    """Status and headers, after interim ones. urllib3's own reading would log the URL when a header is malformed."""
    response.begin()
    while HTTPStatus.SWITCHING_PROTOCOLS < response.status < HTTPStatus.OK:
        response.headers = response.msg = None  # type: ignore[assignment]
        response.begin()


def _read_body(response: http.client.HTTPResponse) -> bytes:
    """As much as there is of the first MAX_BODY bytes. The status is known: a body that breaks off does not change
    it."""
    content = bytearray()
    with suppress(Exception):
        while len(content) < MAX_BODY and (piece := response.read1(MAX_BODY - len(content))):
            content += piece
    return bytes(content)
