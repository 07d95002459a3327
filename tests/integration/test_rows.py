"""Parameters as PostgreSQL reads them: what is written by `rows` comes back as it was."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reminders.storage import parameters
from reminders.storage.database import Database
from reminders.storage.dsn import Address

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
on_one_database = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def database(address: Address) -> Iterator[Database]:
    opened = Database(lambda fresh: address)
    yield opened
    opened.close()


@on_one_database
@given(st.lists(st.none() | texts | st.sampled_from(["NULL", "null", "", '"', "\\", '\\"', "{}", ",", "{a,b}", " "])))
def test_any_texts_survive_the_way_into_an_array(database: Database, values: list[str | None]) -> None:
    """Quotes, backslashes, braces, the word NULL and None arrive as what they are; only Nones make an empty array."""
    found = database.run("SELECT CAST(:values AS text[])", values=parameters.texts(values))[0][0]
    assert found == (values if any(value is not None for value in values) else [])


@on_one_database
@given(st.lists(st.none() | st.floats(-1e12, 1e12) | st.integers(-(2**53), 2**53)))
def test_any_numbers_survive_the_way_into_an_array(database: Database, values: list[float | None]) -> None:
    """Whole and broken numbers arrive exactly."""
    found = database.run("SELECT CAST(:values AS float8[])", values=parameters.numbers(values))[0][0]
    assert found == (values if any(value is not None for value in values) else [])
