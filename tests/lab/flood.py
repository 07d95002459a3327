"""A server that floods: valid TLS 1.3 records that hold nothing for their reader, so that one reading of TLS never
ends."""

import os
import socket
import ssl
import struct
import threading
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MOST = 1_500  # records, some seconds of them: a client that reads them all is found out

_TICKET = struct.pack(">II", 100, 1) + b"\0" + b"\0\1x" + b"\0\0"  # NewSessionTicket of one byte
_MESSAGE = b"\x04" + len(_TICKET).to_bytes(3, "big") + _TICKET
_RECORD = _MESSAGE * (16_000 // len(_MESSAGE)) + b"\x16"


def flooding(context: ssl.SSLContext, folder: Path) -> ssl.SSLContext:
    """The context with its keys written down, since Python's ssl sends no such record itself."""
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.keylog_filename = str(folder / "flood.keys")
    return context


def floods(connection: socket.socket, over: threading.Event) -> None:
    """Sends session tickets as fast as they are taken."""
    assert isinstance(connection, ssl.SSLSocket)
    cipher, start = _keys(connection)
    with socket.socket(fileno=os.dup(connection.fileno())) as raw:
        raw.settimeout(20.0)
        for number in range(MOST):
            if over.is_set():
                return
            header = b"\x17\x03\x03" + (len(_RECORD) + 16).to_bytes(2, "big")
            nonce = (start ^ number).to_bytes(12, "big")
            raw.sendall(header + cipher.encrypt(nonce, _RECORD, header))


def _keys(connection: ssl.SSLSocket) -> tuple[AESGCM | ChaCha20Poly1305, int]:
    """The server's cipher after the handshake, and its first nonce (RFC 8446, 7.3)."""
    name = (connection.cipher() or ("",))[0]
    lines = Path(connection.context.keylog_filename).read_text(encoding="ascii").splitlines()
    *_, secret = [bytes.fromhex(line.split()[2]) for line in lines if line.startswith("SERVER_TRAFFIC_SECRET_0 ")]
    digest = SHA384() if "SHA384" in name else SHA256()

    def expanded(label: bytes, length: int) -> bytes:
        info = struct.pack(">HB", length, 6 + len(label)) + b"tls13 " + label + b"\0"
        return HKDFExpand(algorithm=digest, length=length, info=info).derive(secret)

    key = expanded(b"key", 16 if "AES_128" in name else 32)
    return (ChaCha20Poly1305 if "CHACHA" in name else AESGCM)(key), int.from_bytes(expanded(b"iv", 12), "big")
