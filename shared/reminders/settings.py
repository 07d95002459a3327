"""What can be set for the engine as a whole, read once from the environment. What a channel can be told stands with
the channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def read_settings[S: "DataclassInstance"](kind: type[S], environment: Mapping[str, str]) -> S:
    """A dataclass of settings, texts and whole numbers, from the environment, whose names are the fields' in upper
    case. An empty variable counts as unset."""
    given: dict[str, str | int] = {}
    for setting in fields(kind):
        text = environment.get(setting.name.upper())
        if text:
            given[setting.name] = int(text) if setting.type is int else text
    return kind(**given)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be set, with its unit."""

    database_url: str = field(default="", repr=False)  # postgresql://…; may lack what the secret has
    database_secret_arn: str = ""  # Secrets Manager: JSON with username, password and perhaps host, port, dbname
    stage: str = "local"
    code_version: str = "dev"
    punctuality: str = "minute"  # minute: drain and end · second: stay for the minute
    max_workers: int = 0  # how many more scheduler invocations one may start
    run_retention_days: int = 90

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the settings; ValueError for one that makes no sense."""
        settings = read_settings(cls, environment)
        if settings.punctuality not in ("minute", "second"):
            raise ValueError("PUNCTUALITY is minute or second")
        return settings
