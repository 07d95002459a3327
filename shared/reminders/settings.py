"""What can be set for the engine as a whole, read once from the environment. What a channel can be told stands with
the channel.

Settings are named tuples: a frozen dataclass costs a cold start ten times as much. None shows what it holds, since
some of it is secret.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


def given_settings(types: Mapping[str, type], environment: Mapping[str, str]) -> dict[str, Any]:
    """Those settings of a class, by its annotations (texts and whole numbers), that the environment gives.

    Its names are the fields' in upper case; an empty variable counts as unset.
    """
    given = {name: environment.get(name.upper()) for name in types}
    return {name: types[name](text) for name, text in given.items() if text}


class Settings(NamedTuple):
    """What can be set, with its unit."""

    database_url: str = ""  # postgresql://…; may lack what the secret has
    database_secret_arn: str = ""  # Secrets Manager: JSON with username, password and perhaps host, port, dbname
    stage: str = "local"
    code_version: str = "dev"
    punctuality: str = "minute"  # minute: drain and end · second: stay for the minute
    max_workers: int = 0  # how many more scheduler invocations one may start
    run_retention_days: int = 90
    reminder_retention_days: int = 400

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the settings; ValueError for one that makes no sense."""
        settings = cls(**given_settings(cls.__annotations__, environment))
        if settings.punctuality not in ("minute", "second"):
            raise ValueError("PUNCTUALITY is minute or second")
        return settings

    def __repr__(self) -> str:
        return "Settings(…)"
