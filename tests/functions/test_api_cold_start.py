"""What a cold start of the API function loads."""

import os
import subprocess
import sys

from tests.doors import ROOT

_NOT_NEEDED = {
    "boto3",
    "botocore.session",
    "aws_xray_sdk",
    "sqlalchemy",
    "alembic",
    "uvicorn",
    "smtplib",
    "reminders.channels.email.transports",
    "aws_lambda_powertools.event_handler.openapi.models",
}


def test_importing_the_function_loads_only_what_a_request_needs() -> None:
    """Neither the cloud's SDK nor migrations, nor what only sends or documents: each would slow every cold start."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "shared"), "DATABASE_URL": "postgresql://localhost/x"}
    script = "import app, sys; print(*sys.modules, sep='\\n')"
    imported = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "functions" / "api",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(imported.stdout.split())
    assert "reminders.api.reminders.routes" in loaded
    assert loaded & _NOT_NEEDED == set()
