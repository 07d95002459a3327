"""What can be set for the engine as a whole, read once from the environment. What a channel can be told stands with
the channel.

Settings are named tuples: a frozen dataclass costs a cold start ten times as much. None shows what it holds, since
some of it is secret.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_MOST = {"max_workers": 15, "run_retention_days": 36_500}  # of a whole number; others are at most _LARGEST
_LEAST = {"run_retention_days": 1}  # others are at least 0
_LARGEST = 1_000_000


class BadSetting(ValueError):
    """One sentence that names a setting and what is wrong with it; never what it holds, which may be secret."""


def given_settings(types: Mapping[str, type], environment: Mapping[str, str]) -> dict[str, Any]:
    """Those settings of a class, by its annotations (texts and whole numbers), that the environment gives.

    Its names are the fields' in upper case; an empty variable counts as unset.
    """
    given = {name: environment.get(name.upper()) for name in types}
    return {name: _read(name, types[name], text) for name, text in given.items() if text}


def _read(name: str, kind: type, text: str) -> str | int:
    if kind is not int:
        return text
    least, most = _LEAST.get(name, 0), _MOST.get(name, _LARGEST)
    if not re.fullmatch("[0-9]{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise BadSetting(f"{name.upper()} is not a whole number from {least} to {most}")
    return int(text)


def read_url(name: str, text: str, *schemes: str) -> "SplitResult":
    """The parts of a URL that may hold a password. BadSetting for what two readers would take for different places."""
    from urllib.parse import urlsplit  # a cold start that reads no URL does without

    refusal = BadSetting(
        f"{name} is not a URL that can be read: {' or '.join(schemes)}://user:password@host:port/…, in which each of"
        " # / ? @ : % [ ] in a user or password is written as % and two digits"
    )
    try:
        parts = urlsplit(text)
        is_plain = parts.scheme in schemes and text.startswith(f"{parts.scheme}://") and parts.port != 0
    except ValueError:  # its text quotes the URL
        is_plain = False
    if not is_plain or "#" in text or "@" in parts.path + parts.query or parts.netloc.count("@") > 1:
        raise refusal
    return parts


def check_certificates(name: str, file: str) -> None:
    """BadSetting when no certificates can be read from a file that a setting names."""
    import ssl

    try:
        ssl.create_default_context(cafile=file)
    except OSError:  # an error of TLS is one, too
        is_readable = False
    else:
        is_readable = True
    if not is_readable:
        raise BadSetting(f"{name} names a file from which no certificates can be read")


def check_looks_like_certificates(name: str, file: str) -> None:
    """The same by a look at the text: to load a whole bundle costs a cold start a fifth of its time."""
    try:
        text = Path(file).read_bytes()
    except OSError:
        text = b""
    if b"-----BEGIN " not in text:
        raise BadSetting(f"{name} names a file from which no certificates can be read")


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
    unknown_grace_hours: int = 24  # how long what only a newer deployment knows may wait for it

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the settings; BadSetting for one that makes no sense."""
        settings = cls(**given_settings(cls.__annotations__, environment))
        if "SSL_CERT_FILE" in environment:  # OpenSSL's own, which says nothing when it cannot be read
            check_looks_like_certificates("SSL_CERT_FILE", environment["SSL_CERT_FILE"])
        if settings.punctuality not in ("minute", "second"):
            raise BadSetting("PUNCTUALITY is minute or second")
        return settings

    def __repr__(self) -> str:
        return "Settings(…)"
