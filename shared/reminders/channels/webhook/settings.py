"""What can be set for webhooks. A secret may be named as `env:NAME`, which stands for what that variable holds."""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from reminders.settings import BadSetting, Settings, given_settings


class WebhookSettings(NamedTuple):
    """What the environment says of webhooks; `endpoints.py` and `Egress` say what makes sense."""

    webhook_endpoints: str = ""  # JSON: name -> {"url": "https://…", "secrets": […]}
    webhook_secrets: str = ""  # JSON: the list of what webhooks to URLs are signed with
    # Besides https on 443 and 8443 to public addresses: http · port:NUMBER · port:* · a network · a network:port.
    egress_allow: str = ""
    stage: str = Settings().stage  # the engine's, which each message names as its source

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "WebhookSettings":
        """Reads the settings, with the secrets in their places; BadSetting when a variable is named that is not set."""
        settings = cls(**given_settings(cls.__annotations__, environment))
        return settings._replace(
            webhook_endpoints=_with_variables(settings.webhook_endpoints, environment),
            webhook_secrets=_with_variables(settings.webhook_secrets, environment),
        )

    @property
    def speak_of_webhooks(self) -> bool:
        """Also by EGRESS_ALLOW alone, so that a wrong one ends the start."""
        return bool(self.webhook_endpoints or self.webhook_secrets or self.egress_allow)

    def __repr__(self) -> str:
        return "WebhookSettings(…)"


_VARIABLE = re.compile(r'"env:([A-Za-z0-9_]*)"')


def _with_variables(text: str, environment: Mapping[str, str]) -> str:
    """JSON in which each "env:NAME" is what that variable holds."""

    def value(match: re.Match[str]) -> str:
        if not environment.get(match[1]):
            raise BadSetting(f"a webhook's secret is env:{match[1]}, and that variable is not set")
        return json.dumps(environment[match[1]])

    return _VARIABLE.sub(value, text)
