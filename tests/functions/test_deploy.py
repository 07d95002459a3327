"""`make deploy` migrates before the new code goes live."""

import io
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from deploy.migrate import deploy_settings, lambda_client, migrate, migrate_ahead, packed


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


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What `make build` leaves, in small."""
    for name, text in {
        "SharedLayer/python/reminders/__init__.py": "layer",
        "SharedLayer/python/typing_extensions.py": "layer",
        "MigrateFunction/app.py": "function",
        "MigrateFunction/typing_extensions.py": "function",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_new_code_migrates_before_it_is_deployed(built: Path) -> None:
    """A version of the migrate function gets the new code and is invoked; nothing else of the stage is touched."""
    client = boto3.client("lambda", region_name="eu-west-1", aws_access_key_id="none", aws_secret_access_key="none")
    said = b'{"schema_version": "0007"}'
    stubber, name = Stubber(client), "reminders-dev-migrate"
    stubber.add_response(
        "update_function_code", {"Version": "8"}, {"FunctionName": name, "ZipFile": packed(built), "Publish": True}
    )
    stubber.add_response("get_function_configuration", {"State": "Active"}, {"FunctionName": name, "Qualifier": "8"})
    stubber.add_response(
        "invoke",
        {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(said), len(said))},
        {"FunctionName": name, "Payload": b"{}", "Qualifier": "8"},
    )
    with stubber:
        assert migrate_ahead(client, name, built) == said.decode()
    stubber.assert_no_pending_responses()


def test_a_first_deployment_has_nothing_to_migrate_ahead(built: Path) -> None:
    """Without the function there is no code that an older schema could hurt."""
    client = boto3.client("lambda", region_name="eu-west-1", aws_access_key_id="none", aws_secret_access_key="none")
    stubber = Stubber(client)
    stubber.add_client_error("update_function_code", "ResourceNotFoundException")
    with stubber:
        assert "first deployment" in migrate_ahead(client, "reminders-dev-migrate", built)


def test_what_layer_and_function_both_have_is_the_functions(built: Path) -> None:
    """The archive holds each file once, where Python finds it first."""
    with zipfile.ZipFile(io.BytesIO(packed(built))) as archive:
        assert sorted(archive.namelist()) == ["app.py", "reminders/__init__.py", "typing_extensions.py"]
        assert archive.read("typing_extensions.py") == b"function"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_each_stage_names_its_stack(stage: str) -> None:
    """The stack that is migrated is the one that samconfig.toml deploys."""
    assert deploy_settings(stage)["stack_name"] == f"reminders-{stage}"
