"""Clocks that are wrong: those of a PostgreSQL server and of a worker, both real, under libfaketime."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from local import postgres
from reminders.storage.dsn import Address

# Time-outs go by the monotonic clock, which no change of the time of day moves.
_MONOTONIC = {"DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def library() -> Path:
    """libfaketime, of Debian's package faketime."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "libfaketime is not there: install Debian's package faketime"
    return found[0]


def off_by(offset: str) -> Mapping[str, str]:
    """The environment of a process whose clock is wrong by `offset`, as in `+10m`."""
    return {"LD_PRELOAD": str(library()), "FAKETIME": offset, **_MONOTONIC}


class FakedServer:
    """An embedded PostgreSQL whose clock can be set while it runs."""

    def __init__(self, address: Address, file: Path) -> None:
        self.address = address
        self._file = file

    def set_clock(self, offset: str) -> None:
        """By how much it is wrong, as in `+2h`; it counts from the next look at it."""
        self._file.write_text(f"{offset}\n", encoding="utf-8")


@contextmanager
def faked_server(settings: Mapping[str, str]) -> Iterator[FakedServer]:
    """One with a migrated database, as long as it is needed."""
    folder = Path(tempfile.mkdtemp(prefix="reminders-clock-"))
    folder.chmod(0o755)
    file = folder / "clock"
    file.write_text("+0\n", encoding="utf-8")
    faked = {"LD_PRELOAD": str(library()), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1", **_MONOTONIC}
    with mock.patch.dict(os.environ, faked):
        server = postgres.start(folder / "postgres", settings, keep=False)
    admin = postgres.address_of(server, "postgres")
    postgres.create_database(admin, "reminders_clock")
    postgres.migrate(admin.to("reminders_clock"))
    yield FakedServer(admin.to("reminders_clock"), file)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
