"""Settings, read once from the environment by the composition root."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be set, with its unit. The environment's names are the fields' in upper case."""

    database_url: str = ""  # postgresql://…; may lack what the secret has
    database_secret_arn: str = ""  # Secrets Manager: JSON with username, password and perhaps host, port, dbname
    email_transport: str = "ses"  # ses · smtp://user:password@host:port · outbox:FOLDER
    email_sender: str = "reminders@localhost"
    default_email_recipient: str = ""  # where a reminder without a recipient goes
    webhook_endpoints: str = field(default="", repr=False)  # JSON: name -> {"url": "https://…", "secrets": […]}
    webhook_secrets: str = field(default="", repr=False)  # JSON: the list of what webhooks to URLs are signed with
    egress_allow: str = ""  # besides https on 443 and 8443 to public addresses: http · port:NUMBER · port:* · a network
    stage: str = "local"
    code_version: str = "dev"
    punctuality: str = "minute"  # minute: drain and end · second: stay for the minute
    max_workers: int = 0  # how many more scheduler invocations one may start
    run_retention_days: int = 90
    unknown_grace_hours: int = 24  # how long what only a newer deployment knows may wait for it

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the settings; an empty variable counts as unset."""
        given = {name: environment[name.upper()] for name in cls.__annotations__ if environment.get(name.upper())}
        for name in _WITH_SECRETS & given.keys():
            given[name] = _with_variables(given[name], environment)
        numbers = {name: int(given.pop(name)) for name in _NUMBERS if name in given}
        settings = replace(cls(), **given, **numbers)  # type: ignore[arg-type]
        if settings.punctuality not in ("minute", "second"):
            raise ValueError("PUNCTUALITY is minute or second")
        return settings


_NUMBERS = ("max_workers", "run_retention_days", "unknown_grace_hours")
_WITH_SECRETS = {"webhook_endpoints", "webhook_secrets"}
_VARIABLE = re.compile(r'"env:([A-Za-z0-9_]*)"')


def _with_variables(text: str, environment: Mapping[str, str]) -> str:
    """JSON in which each "env:NAME" is what that variable holds."""

    def value(match: re.Match[str]) -> str:
        if not environment.get(match[1]):
            raise ValueError(f"a webhook's secret is env:{match[1]}, and that variable is not set")
        return json.dumps(environment[match[1]])

    return _VARIABLE.sub(value, text)
