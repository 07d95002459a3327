"""Settings from the environment."""

import pytest

from reminders.settings import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    """What is not set is as documented: minute punctuality, SES, ninety days."""
    settings = Settings.from_environment({})
    assert (settings.punctuality, settings.email_transport, settings.run_retention_days, settings.max_workers) == (
        "minute",
        "ses",
        90,
        0,
    )


def test_each_setting_is_read_under_its_name_in_upper_case() -> None:
    """The environment's names are the fields'."""
    settings = Settings.from_environment(
        {"DATABASE_URL": "postgresql://x", "EMAIL_SENDER": "a@example.com", "PUNCTUALITY": "second", "STAGE": "prod"}
    )
    assert settings == Settings(
        database_url="postgresql://x", email_sender="a@example.com", punctuality="second", stage="prod"
    )


def test_numbers_are_numbers() -> None:
    """MAX_WORKERS and RUN_RETENTION_DAYS are read as integers."""
    settings = Settings.from_environment({"MAX_WORKERS": "8", "RUN_RETENTION_DAYS": "7"})
    assert (settings.max_workers, settings.run_retention_days) == (8, 7)


def test_an_empty_variable_counts_as_unset() -> None:
    """A template passes what was not given as an empty text."""
    assert Settings.from_environment({"EMAIL_TRANSPORT": "", "MAX_WORKERS": "", "PUNCTUALITY": ""}) == Settings()


def test_what_is_no_setting_is_ignored() -> None:
    """The rest of the environment does not disturb."""
    assert Settings.from_environment({"PATH": "/bin", "database_url": "x"}) == Settings()


@pytest.mark.parametrize(
    "name, value", [("PUNCTUALITY", "hour"), ("MAX_WORKERS", "many"), ("RUN_RETENTION_DAYS", "1.5")]
)
def test_a_setting_that_makes_no_sense_is_refused(name: str, value: str) -> None:
    """A wrong value ends the start rather than being guessed at."""
    with pytest.raises(ValueError):
        Settings.from_environment({name: value})
