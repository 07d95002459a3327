"""Instants as they come from PostgreSQL, in whatever zone and style a session would write them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reminders.storage.database import Database
from reminders.storage.dsn import Address
from tests.world import World

# Whole hours, halves and quarters, both ends of the date line, zones whose old local mean time has seconds, and a rule
# of POSIX.
ZONES = ["UTC", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Amsterdam", "Africa/Monrovia", "America/St_Johns", "<XYZ>+3:30"]  # fmt: skip
# A day from Python's first and last: between them each is a datetime in any zone.
# naive bounds
instants = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.fixture
def database(address: Address) -> Iterator[Database]:
    opened = Database(lambda fresh: address)
    yield opened
    opened.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ZONES), instants)
@example("Europe/Amsterdam", datetime(1930, 6, 1, 12, 0, 0, 500000, tzinfo=UTC))
@example("UTC", datetime(2026, 3, 2, 9, tzinfo=UTC))
def test_an_instant_is_read_exactly_in_any_zone(database: Database, zone: str, moment: datetime) -> None:
    """What comes back is the same microsecond, in UTC, however the session's zone has it written."""
    database.run("SELECT set_config('TimeZone', :zone, false)", zone=zone)
    found = database.run("SELECT CAST(:moment AS timestamptz)", moment=moment.isoformat())[0][0]
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata"])
@pytest.mark.parametrize(
    "written",
    [
        "infinity",
        "-infinity",
        "10000-01-01 12:00Z",
        "294276-12-30 23:59:59.999999Z",
        "0044-03-15 12:00Z BC",
        "4713-01-02 00:00Z BC",
    ],
)
def test_an_instant_beyond_python_stays_the_servers_text(database: Database, zone: str, written: str) -> None:
    """What no datetime can be is neither an error nor another instant."""
    database.run("SELECT set_config('TimeZone', :zone, false)", zone=zone)
    found, text = database.run("SELECT moment, CAST(moment AS text) FROM CAST(:w AS timestamptz) moment", w=written)[0]
    assert found == text


@pytest.mark.parametrize("written, zone", [("9999-12-31 23:30-08", "America/Los_Angeles"), ("0001-01-01 01:00+05:30", "Asia/Kolkata")])  # fmt: skip
def test_an_instant_that_is_none_in_utc_stays_the_servers_text(database: Database, written: str, zone: str) -> None:
    """The last hours of a zone behind UTC lie in UTC's year 10000, and the first of one ahead before its year 1."""
    database.run("SELECT set_config('TimeZone', :zone, false)", zone=zone)
    found, text = database.run("SELECT moment, CAST(moment AS text) FROM CAST(:w AS timestamptz) moment", w=written)[0]
    assert found == text


def test_nothing_is_no_instant(database: Database) -> None:
    """NULL is None."""
    assert database.run("SELECT CAST(:nothing AS timestamptz)", nothing=None) == [[None]]


@pytest.mark.parametrize("style", ["German", "SQL, DMY", "Postgres, MDY", "ISO, YMD"])
def test_the_style_of_a_role_or_database_is_not_read_wrong(
    world: World, address: Address, database: Database, style: str
) -> None:
    """A database that writes 02.03.2026 has no say in how the engine reads dates: day and month are never exchanged."""
    world.sql(f"ALTER DATABASE {address.database} SET DateStyle = '{style}'")
    moment = datetime(2026, 3, 2, 9, 0, 0, 250000, tzinfo=UTC)
    assert database.run("SELECT CAST(:moment AS timestamptz)", moment=moment.isoformat()) == [[moment]]
