"""The composition root: the environment in, working parts out. Nothing else builds anything."""

import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from reminders.channels import RecipientCheck, build_channels
from reminders.errors import DatabaseUnavailable
from reminders.settings import BadSetting, Settings
from reminders.storage.connection import check_trust
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider
    from botocore.config import Config

    from reminders.commands import Commands
    from reminders.engine.summary import Summary

STAY_SECONDS = 75.0  # PUNCTUALITY=second: the minute until the next tick, and an overlap, since it may come late

API_PATIENCE_SECONDS = 10.0  # for an answer of the database: a caller must get its 503 before API Gateway gives up
AWS_PATIENCE_SECONDS = 3.0  # for AWS to take a connection, and to answer: without a route it never does


type Where = Callable[[bool], Address]
"""Where the database is; asked with True it reads the secret again, as it may have been rotated."""


def build_commands(
    where: Where, recipient_checks: Mapping[str, RecipientCheck], actor: Callable[[], str]
) -> "Commands":
    """The API's verbs over a store of their own, for one thread; `recipient_checks` has every channel, and `actor` says
    on whose behalf. SchemaBehind."""
    from reminders.commands import Commands, Recipients  # the scheduler's cold start does without them

    store = Store(Database(where, API_PATIENCE_SECONDS))
    try:
        store.scheduler.require_schema()
    except BaseException:
        store.close()
        raise
    return Commands(store, Recipients(frozenset(recipient_checks), recipient_checks), actor)


class Scheduler:
    """Ticks one after the other on one connection, as a warm Lambda container or the local ticker does."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # The API's cold start does without them.
        from reminders.engine.limits import Periods
        from reminders.engine.tick import Tick

        self._tick = Tick
        self._periods = Periods
        self._settings = Settings.from_environment(environment)
        self._store = Store(Database(address_of(self._settings)))
        self._channels = build_channels(environment)

    @property
    def stage(self) -> str:
        return self._settings.stage

    def tick(
        self,
        budget_seconds: float,
        call_worker: Callable[[], None] | None = None,
        is_told_to_end: Callable[[], bool] = lambda: False,
    ) -> "Summary":
        """One tick of at most so many seconds. When more is due than it can do, `call_worker` is called MAX_WORKERS
        times."""
        settings = self._settings
        return self._tick(
            self._store,
            self._channels,
            budget_seconds=budget_seconds,
            stage=settings.stage,
            stay_seconds=STAY_SECONDS if settings.punctuality == "second" else 0.0,
            fan_out=(lambda: _repeat(call_worker, settings.max_workers)) if call_worker else None,
            is_told_to_end=is_told_to_end,
            periods=self._periods(
                settings.run_retention_days, settings.reminder_retention_days, settings.unknown_grace_hours
            ),
        ).run()

    def close(self) -> None:
        self._store.close()


def _repeat(call: Callable[[], None], times: int) -> None:
    for _ in range(times):
        call()


def invoke_worker(function_name: str) -> None:
    """Invokes the scheduler function once more, asynchronously, as a worker that calls no others."""
    # Imported here: boto3 costs a cold start three times what a tick without it does.
    import boto3

    payload = json.dumps({"fanned_out": True})
    boto3.client("lambda", config=aws_config()).invoke(
        FunctionName=function_name, InvocationType="Event", Payload=payload
    )


def aws_config() -> "Config":
    """How AWS is called: briefly, since the caller has other things to do, and with one more try."""
    from botocore.config import Config

    return Config(
        connect_timeout=AWS_PATIENCE_SECONDS,
        read_timeout=AWS_PATIENCE_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 2},
    )


def address_of(settings: Settings) -> Where:
    """Where the settings say that the database is; BadSetting when they cannot say it."""
    if not (settings.database_url or settings.database_secret_arn):
        raise BadSetting("neither DATABASE_URL nor DATABASE_SECRET_ARN is set")
    if settings.database_url:
        address = Address.from_url(settings.database_url)
        check_trust(address)
        if not settings.database_secret_arn:
            return lambda fresh: address
    if not re.fullmatch("arn:[a-z0-9-]+:secretsmanager:.+", settings.database_secret_arn):
        raise BadSetting("DATABASE_SECRET_ARN is not the ARN of a secret in Secrets Manager")
    secrets = functools.cache(_secrets)  # only when it is needed: it loads AWS's library
    return lambda fresh: _with_secret(settings, secrets(), fresh)


def _secrets() -> "SecretsProvider":
    """Reads secrets and keeps them for an hour."""
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    return SecretsProvider(boto_config=aws_config())


def _with_secret(settings: Settings, secrets: "SecretsProvider", fresh: bool) -> Address:
    """What the secret says, and for the rest what the URL says."""
    from aws_lambda_powertools.utilities import parameters

    try:
        secret: Any = secrets.get(settings.database_secret_arn, transform="json", max_age=3600, force_fetch=fresh)
    except parameters.GetParameterError as lost:
        raise DatabaseUnavailable("its secret cannot be read") from lost
    try:
        address = Address.from_url(settings.database_url or "postgresql://", host=secret.get("host"))
        return address._replace(
            user=secret["username"],
            password=secret["password"],
            port=int(secret.get("port", address.port)),
            database=secret.get("dbname", address.database),
        )
    except (KeyError, AttributeError, TypeError, ValueError):
        pass
    raise DatabaseUnavailable("its secret is not JSON with username and password")
