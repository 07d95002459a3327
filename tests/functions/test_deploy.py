"""`make deploy` migrates after it has deployed."""

import io
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from deploy.migrate import deploy_settings, lambda_client, migrate


def answers(answer: dict[str, Any], payload: bytes) -> Any:
    """A Lambda client whose next invocation gets this answer."""
    client = boto3.client("lambda", region_name="eu-west-1", aws_access_key_id="none", aws_secret_access_key="none")
    stubber = Stubber(client)
    body = StreamingBody(io.BytesIO(payload), len(payload))
    stubber.add_response(
        "invoke",
        {"StatusCode": 200, "Payload": body, **answer},
        {"FunctionName": "reminders-dev-migrate", "Payload": b"{}"},
    )
    stubber.activate()
    return client


def test_a_migration_that_went_well_is_reported() -> None:
    """The function's own answer is what the operator reads."""
    client = answers({}, b'{"schema_version": "0001"}')

    assert migrate(client, "reminders-dev-migrate") == '{"schema_version": "0001"}'


def test_a_migration_that_failed_fails_the_deployment() -> None:
    """Lambda answers 200 for a function that raised, and the deployment fails all the same."""
    client = answers({"FunctionError": "Unhandled"}, b'{"errorMessage": "column exists"}')

    with pytest.raises(SystemExit, match="column exists"):
        migrate(client, "reminders-dev-migrate")


def test_a_slow_migration_is_awaited_and_never_started_twice() -> None:
    """The client waits longer than the function may run, and does not repeat a call that it gave up."""
    config = lambda_client({"region": "eu-west-1"}).meta.config

    assert config.read_timeout > 300
    assert config.retries["total_max_attempts"] == 1


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_each_stage_names_its_stack(stage: str) -> None:
    """The stack that is migrated is the one that samconfig.toml deploys."""
    assert deploy_settings(stage)["stack_name"] == f"reminders-{stage}"
