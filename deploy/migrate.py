"""Migrates a stage's database through its migrate function, and fails if that fails.

`python -m deploy.migrate STAGE --ahead` does it with what has just been built, before that is deployed: the code that
is live meets a newer schema, which it understands, and never an older one. A stage that is deployed for the first time
has no such function yet, and is migrated afterwards, without `--ahead`.
"""

import io
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

_ROOT = Path(__file__).parents[1]
SAM_CONFIG = _ROOT / "samconfig.toml"
BUILT = _ROOT / ".aws-sam" / "build"

# Longer than the function's own time-out, and once: boto3 would give up after a minute and start a second migration
# beside the first.
PATIENT = Config(read_timeout=310, retries={"total_max_attempts": 1}, tcp_keepalive=True)


def main(stage: str, *options: str) -> None:
    """Migrates the stage's database, and prints the function's answer."""
    settings = deploy_settings(stage)
    function = f"{settings['stack_name']}-migrate"
    client = lambda_client(settings)
    print(f"{function}: {migrate_ahead(client, function) if options else migrate(client, function)}")


def migrate_ahead(client: Any, function: str, built: Path = BUILT) -> str:
    """The same by a version of the function that has the new code. The deployment makes that the function's own."""
    try:
        published = client.update_function_code(FunctionName=function, ZipFile=packed(built), Publish=True)
    except client.exceptions.ResourceNotFoundException:
        return "is not there yet: this is the stage's first deployment"
    version = published["Version"]
    client.get_waiter("published_version_active").wait(FunctionName=function, Qualifier=version)
    return migrate(client, function, Qualifier=version)


def packed(built: Path) -> bytes:
    """The function and the layer as one archive, in which both lie where Python looks first."""
    folders = (built / "SharedLayer" / "python", built / "MigrateFunction")  # what both have is the function's
    found = {path.relative_to(folder): path for folder in folders for path in folder.rglob("*") if path.is_file()}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        for name, path in found.items():
            files.write(path, name)
    return archive.getvalue()


def migrate(client: Any, function: str, **which: str) -> str:
    """The function's answer. Lambda answers 200 also for a function that raised: only FunctionError tells."""
    answer = client.invoke(FunctionName=function, Payload=b"{}", **which)
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
    main(*sys.argv[1:])
