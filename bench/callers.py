"""Callers of an HTTP API, as a process of their own: each asks, waits for the answer, and asks again, on one
connection.

Takes one JSON object, prints the milliseconds of each request as a JSON list. Plain sockets, so that a caller costs the
machine little of what is to be measured.
"""

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any


def call(job: dict[str, Any], caller: int) -> list[float]:
    """Asks for so many seconds. In path and body `{n}` stands for a number that nobody uses twice."""
    taken: list[float] = []
    with socket.create_connection(("127.0.0.1", job["port"])) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until = perf_counter() + job["seconds"]
        while (began := perf_counter()) < until:
            sock.sendall(_request(job, f"{job['series']}-{caller}-{len(taken)}"))
            status = _status(sock)
            if status != job["status"]:
                raise AssertionError(f"{job['method']} {job['path']}: {status} instead of {job['status']}")
            taken.append((perf_counter() - began) * 1000)
    return taken


def _request(job: dict[str, Any], number: str) -> bytes:
    path, body = job["path"].replace("{n}", number), job["body"].replace("{n}", number)
    head = f"{job['method']} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def _status(sock: socket.socket) -> int:
    """Reads one answer whole."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += _more(sock)
    head, _, content = heard.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    (length,) = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
    missing = length - len(content)
    while missing > 0:
        missing -= len(_more(sock))
    return int(lines[0].split()[1])


def _more(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    if not data:
        raise AssertionError("the server hung up")
    return data


def main() -> int:
    job = json.loads(sys.argv[1])
    with ThreadPoolExecutor(job["callers"]) as threads:
        found = [
            each for taken in threads.map(lambda caller: call(job, caller), range(job["callers"])) for each in taken
        ]
    print(json.dumps([round(each, 3) for each in found]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
