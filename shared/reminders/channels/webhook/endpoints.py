"""Receivers of webhooks and their secrets, as the settings name them.

WEBHOOK_ENDPOINTS is a JSON object, name -> {"url": "https://…", "secrets": […]}; WEBHOOK_SECRETS is a JSON list, for
recipients that are URLs. A secret is `whsec_…`, `env:NAME` (`settings.py` has replaced it by then) or the ARN of
one in Secrets Manager. One secret is live, or two while they are rotated. The API, which signs nothing, may have
`elsewhere` for WEBHOOK_SECRETS.
"""

import json
import re
from dataclasses import dataclass, field

from reminders.channels import PermanentFailure
from reminders.channels.webhook.secrets import ARN, MAX_LIVE, is_secret
from reminders.channels.webhook.settings import WebhookSettings
from reminders.egress import Egress, EgressRefused
from reminders.errors import NotKnownHere
from reminders.model import Json
from reminders.settings import BadSetting
from reminders.states import Reason

ELSEWHERE = "elsewhere"  # as WEBHOOK_SECRETS, where nothing is signed: there are some, but not in this process

_ENDPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a message goes, and what it is signed with: secrets, or the ARNs of some."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


class Endpoints:
    """The receivers that the settings allow. Made at start-up, where wrong settings raise BadSetting."""

    def __init__(self, settings: WebhookSettings, egress: Egress) -> None:
        self._egress = egress
        self._named = _read_endpoints(settings.webhook_endpoints, egress)
        self._default = _read_default(settings.webhook_secrets)

    def find(self, recipient: str | None) -> Endpoint:
        """The endpoint of this name, or one for this URL; NotKnownHere for a name that the settings do not have,
        PermanentFailure for a URL that is not allowed. Asks nobody."""
        if not recipient:
            raise PermanentFailure("a webhook needs a recipient: a URL or the name of an endpoint", Reason.NO_RECIPIENT)
        if _ENDPOINT.fullmatch(recipient):
            if recipient not in self._named:
                raise NotKnownHere("endpoint", recipient)
            return self._named[recipient]
        try:
            self._egress.check(recipient)
        except EgressRefused as refused:
            raise PermanentFailure(str(refused)) from refused
        if not self._default:
            raise PermanentFailure("WEBHOOK_SECRETS is not set, and nothing is sent unsigned: name an endpoint")
        return Endpoint(url=recipient, secrets=self._default)


def _read_endpoints(text: str, egress: Egress) -> dict[str, Endpoint]:
    given = _parsed("WEBHOOK_ENDPOINTS", text) if text else {}
    if not isinstance(given, dict):
        raise BadSetting("WEBHOOK_ENDPOINTS is a JSON object of endpoints by their names")
    return {name: _read_endpoint(name, value, egress) for name, value in given.items()}


def _read_endpoint(name: str, given: Json, egress: Egress) -> Endpoint:
    if not _ENDPOINT.fullmatch(name):
        raise BadSetting("WEBHOOK_ENDPOINTS: a name has up to 100 letters, digits, dots, hyphens and underscores")
    where = f"WEBHOOK_ENDPOINTS, {name}"
    if not isinstance(given, dict) or set(given) != {"url", "secrets"} or not isinstance(given["url"], str):
        raise BadSetting(f'{where}: an endpoint is {{"url": "https://…", "secrets": […]}}')
    try:
        egress.check(given["url"])
    except EgressRefused as refused:
        raise BadSetting(f"{where}: {refused}") from None
    return Endpoint(url=given["url"], secrets=_read_secrets(where, given["secrets"]))


def _read_default(text: str) -> tuple[str, ...]:
    if text == ELSEWHERE:
        return (ELSEWHERE,)
    return _read_secrets("WEBHOOK_SECRETS", _parsed("WEBHOOK_SECRETS", text)) if text else ()


def _read_secrets(where: str, given: Json) -> tuple[str, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_LIVE:
        raise BadSetting(f"{where}: secrets are a list of one, or of two during a rotation")
    for number, secret in enumerate(given, 1):
        if not isinstance(secret, str) or not (ARN.fullmatch(secret) or is_secret(secret)):
            raise BadSetting(
                f"{where}: secret {number} is neither whsec_… (24 to 64 bytes in base64), env:NAME nor an ARN of"
                f" Secrets Manager"
            )
    return tuple(map(str, given))


def _parsed(name: str, text: str) -> Json:
    try:
        parsed: Json = json.loads(text)
    except (ValueError, RecursionError):
        raise BadSetting(f"{name} is not JSON") from None
    return parsed
