"""The database's password from Secrets Manager, and its rotation. moto plays AWS; the database is real elsewhere."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from botocore.exceptions import ClientError
from moto import mock_aws

from reminders.settings import Settings
from reminders.storage.dsn import Address
from reminders.wiring import address_of, invoke_worker
from tests.authority import Authority

SECRET = {"username": "app", "password": "first", "host": "db.example.com", "port": 5433, "dbname": "reminders"}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Secrets Manager as moto plays it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    parameters.clear_caches()
    with mock_aws():
        yield boto3.client("secretsmanager")
    parameters.clear_caches()


def keep(secrets: Any, value: dict[str, Any]) -> str:
    """Keeps the secret and returns its ARN."""
    arn: str = secrets.create_secret(Name="database", SecretString=json.dumps(value))["ARN"]
    return arn


def test_the_secret_says_where_the_database_is(secrets: Any) -> None:
    """Host, port, database, user and password come from the secret, and TLS is verified."""
    address = address_of(Settings(database_secret_arn=keep(secrets, SECRET)))(False)
    assert address == Address(
        host="db.example.com",
        port=5433,
        database="reminders",
        user="app",
        password="first",
        sslmode="verify-full",
        sslrootcert=None,
    )


def test_the_url_says_what_the_secret_does_not(secrets: Any, tmp_path: Path) -> None:
    """A secret with no more than user and password is completed by DATABASE_URL."""
    arn = keep(secrets, {"username": "app", "password": "first"})
    ca_file = Authority(tmp_path).ca_file
    url = f"postgresql://other.example.com:6000/x?sslrootcert={ca_file}"
    address = address_of(Settings(database_secret_arn=arn, database_url=url))(False)
    assert (address.host, address.port, address.database, address.user) == ("other.example.com", 6000, "x", "app")
    assert (address.sslmode, address.sslrootcert) == ("verify-full", ca_file)


def test_the_secrets_host_wins_and_is_not_trusted_for_being_local(secrets: Any) -> None:
    """A URL for this machine does not switch TLS off for the host that the secret names."""
    arn = keep(secrets, SECRET)
    address = address_of(Settings(database_secret_arn=arn, database_url="postgresql://localhost/x"))(False)
    assert (address.host, address.sslmode) == ("db.example.com", "verify-full")


def test_the_secret_is_read_once(secrets: Any) -> None:
    """A secret is not fetched for each connection: the old one is used until it is refused."""
    where = address_of(Settings(database_secret_arn=keep(secrets, SECRET)))
    where(False)
    secrets.put_secret_value(SecretId="database", SecretString=json.dumps(SECRET | {"password": "second"}))
    assert where(False).password == "first"


def test_a_rotated_secret_is_read_when_the_old_one_is_refused(secrets: Any) -> None:
    """Asked for a fresh one, the secret is read again, and the new password is kept from then on."""
    where = address_of(Settings(database_secret_arn=keep(secrets, SECRET)))
    where(False)
    secrets.put_secret_value(SecretId="database", SecretString=json.dumps(SECRET | {"password": "second"}))
    assert (where(True).password, where(False).password) == ("second", "second")


def test_without_a_secret_the_url_is_all() -> None:
    """DATABASE_URL alone needs no AWS."""
    assert address_of(Settings(database_url="postgresql://app:pw@localhost/x"))(True).password == "pw"


def test_aws_is_not_waited_for_longer_than_a_caller_waits(secrets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a network without a route to AWS a call ends within seconds: both clients have time-outs and few tries."""
    configs: list[Any] = []
    client = boto3.session.Session.client

    def spied(self: Any, name: str, *arguments: Any, config: Any = None, **more: Any) -> Any:
        configs.append(config)
        return client(self, name, *arguments, config=config, **more)

    monkeypatch.setattr(boto3.session.Session, "client", spied)
    address_of(Settings(database_secret_arn=keep(secrets, SECRET)))(False)
    with suppress(ClientError):  # there is no function of this name
        invoke_worker("reminders-dev-scheduler")
    assert len(configs) == 2
    for config in configs:
        seconds = (config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"]
        assert 0 < seconds <= 12
