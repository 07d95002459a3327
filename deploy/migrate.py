"""Invokes a stage's migrate function and fails if it failed: `python -m deploy.migrate STAGE`."""

import sys
import tomllib
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

SAM_CONFIG = Path(__file__).parents[1] / "samconfig.toml"

# Longer than the function's own time-out, and once: boto3 would give up after a minute and start a second migration
# beside the first.
PATIENT = Config(read_timeout=310, retries={"total_max_attempts": 1}, tcp_keepalive=True)


def main(stage: str) -> None:
    """Migrates the stage's database, and prints the function's answer."""
    settings = deploy_settings(stage)
    function = f"{settings['stack_name']}-migrate"
    print(f"{function}: {migrate(lambda_client(settings), function)}")


def migrate(client: Any, function: str) -> str:
    """The function's answer. Lambda answers 200 also for a function that raised: only FunctionError tells."""
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    said: str = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        raise SystemExit(f"{function} failed: {said}")
    return said


def lambda_client(settings: dict[str, Any]) -> Any:
    """A client for the account and region that `sam deploy` has used."""
    session = boto3.Session(region_name=settings.get("region"), profile_name=settings.get("profile"))
    return session.client("lambda", config=PATIENT)


def deploy_settings(stage: str) -> dict[str, Any]:
    """The stage's section for `sam deploy` in samconfig.toml."""
    settings: dict[str, Any] = tomllib.loads(SAM_CONFIG.read_text())[stage]["deploy"]["parameters"]
    return settings


if __name__ == "__main__":
    main(sys.argv[1])
