"""Settings from the environment."""

import json

import pytest

from reminders.channels.email.settings import EmailSettings
from reminders.channels.webhook.settings import WebhookSettings
from reminders.settings import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    """What is not set is as documented: minute punctuality, ninety days, SES."""
    settings = Settings.from_environment({})
    assert (settings.punctuality, settings.run_retention_days, settings.max_workers) == ("minute", 90, 0)
    assert EmailSettings.from_environment({}).email_transport == "ses"


def test_each_setting_is_read_under_its_name_in_upper_case() -> None:
    """The environment's names are the fields'."""
    environment = {
        "DATABASE_URL": "postgresql://x",
        "EMAIL_SENDER": "a@example.com",
        "EGRESS_ALLOW": "http",
        "PUNCTUALITY": "second",
        "STAGE": "prod",
    }
    assert Settings.from_environment(environment) == Settings(
        database_url="postgresql://x", punctuality="second", stage="prod"
    )
    assert EmailSettings.from_environment(environment) == EmailSettings(email_sender="a@example.com")
    assert WebhookSettings.from_environment(environment) == WebhookSettings(egress_allow="http", stage="prod")


def test_numbers_are_numbers() -> None:
    """MAX_WORKERS and RUN_RETENTION_DAYS are read as integers."""
    settings = Settings.from_environment({"MAX_WORKERS": "8", "RUN_RETENTION_DAYS": "7"})
    assert (settings.max_workers, settings.run_retention_days) == (8, 7)


def test_an_empty_variable_counts_as_unset() -> None:
    """A template passes what was not given as an empty text."""
    empty = {"EMAIL_TRANSPORT": "", "MAX_WORKERS": "", "PUNCTUALITY": "", "STAGE": ""}
    assert Settings.from_environment(empty) == Settings()
    assert EmailSettings.from_environment(empty) == EmailSettings()
    assert WebhookSettings.from_environment(empty) == WebhookSettings()


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


def test_settings_do_not_show_secrets() -> None:
    """However they are printed."""
    secret = "hush-hush"
    shown = [
        Settings(database_url=f"postgresql://u:{secret}@localhost/x"),
        EmailSettings(email_transport=f"smtp://u:{secret}@localhost"),
        WebhookSettings(webhook_secrets=json.dumps([secret]), webhook_endpoints=json.dumps({"a": secret})),
    ]
    assert secret not in repr(shown)
