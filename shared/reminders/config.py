"""Settings, read once from the environment by the composition root."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be set, with its unit. The environment's names are the fields' in upper case."""

    database_url: str = ""  # postgresql://…; may lack what the secret has
    database_secret_arn: str = ""  # Secrets Manager: JSON with username, password and perhaps host, port, dbname
    email_transport: str = "ses"  # ses · smtp://user:password@host:port · outbox:FOLDER
    email_sender: str = "reminders@localhost"
    default_email_recipient: str = ""  # where a reminder without a recipient goes
    stage: str = "local"
    code_version: str = "dev"
    punctuality: str = "minute"  # minute: drain and end · second: stay for the minute
    max_workers: int = 0  # how many more scheduler invocations one may start
    run_retention_days: int = 90

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the settings; an empty variable counts as unset."""
        given = {name: environment[name.upper()] for name in cls.__annotations__ if environment.get(name.upper())}
        numbers = {name: int(given.pop(name)) for name in _NUMBERS if name in given}
        settings = replace(cls(), **given, **numbers)  # type: ignore[arg-type]
        if settings.punctuality not in ("minute", "second"):
            raise ValueError("PUNCTUALITY is minute or second")
        return settings


_NUMBERS = ("max_workers", "run_retention_days")
