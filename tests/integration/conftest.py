"""The API's doors: on this test's own database, and on one that stays empty because all that is tried there is
refused."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from local import postgres
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from tests.doors import Door, Reply, lambda_door, local_door

_DOORS: dict[str, Callable[[str], AbstractContextManager[Door]]] = {"lambda": lambda_door, "local": local_door}


@pytest.fixture(params=_DOORS)
def door(request: pytest.FixtureRequest, database_url: str) -> Iterator[Door]:
    """Both doors, one after the other: what holds at one holds at the other."""
    with _DOORS[request.param](database_url) as found:
        yield found


@pytest.fixture
def local(database_url: str) -> Iterator[Door]:
    with local_door(database_url) as found:
        yield found


@pytest.fixture(scope="module")
def empty(admin: Address, template: str, request: pytest.FixtureRequest) -> Iterator[Address]:
    """A database for a module's refused requests: it is empty, and each of them shows that it still is."""
    name = f"{template}_{request.module.__name__.rpartition('.')[2]}"
    postgres.drop_database(admin, name)
    postgres.create_database(admin, name, template)
    yield admin.to(name)
    postgres.drop_database(admin, name)


@pytest.fixture(scope="module", params=_DOORS)
def refusing(request: pytest.FixtureRequest, empty: Address, way: Callable[[Address], Address]) -> Iterator[Door]:
    """Both doors, for what they do not let in: asserts that the answer is a 4xx problem and that nothing was
    written."""
    tables = Database(lambda fresh: empty)
    with _DOORS[request.param](way(empty).url) as found:

        def refused(*arguments: Any, **more: Any) -> Reply:
            reply = found(*arguments, **more)
            assert 400 <= reply.status < 500, reply
            assert reply.headers["content-type"] == "application/problem+json"
            if arguments[0] != "HEAD":  # its answer has no body
                assert reply.json["status"] == reply.status
                assert reply.json["type"].startswith("/problems/")
            counts = (
                "SELECT (SELECT count(*) FROM reminder_jobs), (SELECT count(*) FROM status_flags),"
                " (SELECT count(*) FROM business_calendars)"
            )
            assert tables.run(counts) == [[0, 0, 0]]
            return reply

        yield refused
    tables.close()
