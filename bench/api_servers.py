"""The two servers that `bench.api` compares, each a process of its own: ours, and FastAPI with SQLAlchemy on psycopg.

One uvicorn worker each, with the same event loop and parser; the rival's libraries are installed for it alone.
"""

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it comes with the embedded PostgreSQL

from local import server as local_server
from reminders.storage.dsn import Address

ROOT = Path(__file__).parent.parent
RIVAL = Path(__file__).parent / "rival"
RIVAL_HOME = ROOT / ".local" / "rival"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two servers."""

    name: str
    port: int
    process: psutil.Process


def our_app() -> local_server.App:
    """The application of `make run`, for uvicorn; without its ticker."""
    return local_server.build_app(os.environ)


@contextmanager
def serving(name: str, address: Address) -> Iterator[Side]:
    """The API of `ours` or `theirs` as a process of its own, until the block ends."""
    port = _free_port()
    uvicorn = ("-m", "uvicorn", "--port", str(port), "--loop", "asyncio", "--http", "h11", "--no-access-log")
    quiet = ("--log-level", "warning")
    if name == "ours":
        command = [sys.executable, *uvicorn, *quiet, "--factory", "bench.api_servers:our_app"]
        where, environment = ROOT, {"DATABASE_URL": address.url, "PYTHONPATH": f"{ROOT / 'shared'}:{ROOT}"}
    else:
        command = [str(_rivals_python()), *uvicorn, *quiet, "app:app"]
        url = address.url.replace("postgresql://", "postgresql+psycopg://")
        where, environment = RIVAL, {"RIVAL_DATABASE_URL": url, "PYTHONPATH": ""}
    process = subprocess.Popen(command, cwd=where, env=os.environ | environment, stdout=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield Side(name=name, port=port, process=psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("a server did not start: see above")


def _rivals_python() -> Path:
    """The rival's own Python, made when its lock has changed: its libraries meet none of the project's."""
    lock, stamp, python = RIVAL / "requirements.txt", RIVAL_HOME / "installed", RIVAL_HOME / "venv" / "bin" / "python"
    wanted = f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {sys.version}"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        print("installing the rival into .local/rival …", file=sys.stderr, flush=True)
        venv, pip = (sys.executable, "-m", "venv", "--clear", "--without-pip"), (sys.executable, "-m", "pip")
        subprocess.run([*venv, str(RIVAL_HOME / "venv")], check=True)
        options = ("--python", str(python), "--quiet", "--disable-pip-version-check")
        install = ("install", "--no-deps", "--require-hashes", "-r", str(lock))
        subprocess.run([*pip, *options, *install], check=True, stdout=sys.stderr)
        stamp.write_text(wanted, encoding="utf-8")
    return python
