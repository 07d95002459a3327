"""What the tests share: one PostgreSQL for the session, and for each test an empty migrated database of its own."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import postgres
from reminders.settings import Settings
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from reminders.wiring import address_of
from tests.databases import Databases
from tests.pooler import PgBouncer
from tests.world import World

# A test's data need not survive the machine: without fsync a commit costs the tests nothing. Los Angeles makes it show
# when something depends on the session's time zone.
_SERVER = {"fsync": "off", "max_connections": "200", "timezone": "America/Los_Angeles", "shared_buffers": "256MB"}
# Tests run in several processes at once; where DATABASE_URL leads them all to one server, each has a template of its
# own.
_TEMPLATE = "reminders_template" + os.environ.get("PYTEST_XDIST_WORKER", "")


@pytest.fixture(scope="session")
def admin() -> Iterator[Address]:
    """A server on which databases can be made: DATABASE_URL's, or an embedded one."""
    if os.environ.get("DATABASE_URL"):
        yield address_of(Settings.from_environment(os.environ))(False)
        return
    folder = Path(tempfile.mkdtemp(prefix="reminders-"))
    server = postgres.start(folder / "postgres", _SERVER, keep=False)
    yield postgres.address_of(server, "postgres")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(admin: Address) -> str:
    """The name of a migrated database that tests copy."""
    postgres.drop_database(admin, _TEMPLATE)
    postgres.create_database(admin, _TEMPLATE)
    postgres.migrate(admin.to(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture(scope="session")
def databases(admin: Address, template: str) -> Iterator[Databases]:
    """What lends databases to the tests."""
    lender = Databases(admin, template)
    yield lender
    lender.close()


@pytest.fixture
def address(databases: Databases) -> Iterator[Address]:
    """An empty migrated database of this test's own."""
    with databases.lent() as address:
        yield address


@pytest.fixture(scope="session")
def way(admin: Address) -> Iterator[Callable[[Address], Address]]:
    """How stores and the API reach a database: directly, or with POOLER=pgbouncer through one in transaction mode."""
    if not os.environ.get("POOLER"):
        yield lambda address: address
        return
    with PgBouncer(admin) as pooler:
        yield pooler.to


@pytest.fixture
def database_url(address: Address, way: Callable[[Address], Address]) -> str:
    """The same as a URL, for the API."""
    return way(address).url


@pytest.fixture
def open_store(address: Address, way: Callable[[Address], Address]) -> Iterator[Callable[[], Store]]:
    """Opens stores on this test's database; they are closed when it ends."""
    stores: list[Store] = []

    def open_one() -> Store:
        stores.append(Store(Database(lambda fresh: way(address))))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def world(open_store: Callable[[], Store], address: Address) -> Iterator[World]:
    """The engine on this test's database, with a channel that keeps what it is given."""
    with World(open_store, address) as made:
        yield made
