"""Sending for real: the endpoint, its secrets, the signed message, the exchange, and what the answer means."""

from collections.abc import Callable
from datetime import datetime

from reminders.channels import PermanentFailure, UnknownOutcome
from reminders.channels.webhook.answers import judge
from reminders.channels.webhook.endpoints import ELSEWHERE, Endpoints
from reminders.channels.webhook.message import compose, signed_headers
from reminders.channels.webhook.secrets import Secrets
from reminders.channels.webhook.settings import WebhookSettings
from reminders.egress import Egress, EgressRefused, EgressUnknown
from reminders.runs import Run
from reminders.settings import BadSetting

EXCHANGE_SECONDS = 10.0  # from the name's look-up to the end of the answer


class Sender:
    """Signs and posts runs to the receivers of the settings, from several threads. Wrong settings raise BadSetting."""

    def __init__(self, settings: WebhookSettings, egress: Egress | None) -> None:
        if settings.webhook_secrets == ELSEWHERE:
            raise BadSetting(f"WEBHOOK_SECRETS is {ELSEWHERE}, and this process has to sign with them")
        self._egress = egress or Egress(settings.egress_allow)
        self._endpoints = Endpoints(settings, self._egress)
        self._secrets = Secrets()
        self._stage = settings.stage

    def send(self, run: Run, clock: Callable[[], datetime]) -> None:
        """Returns when the receiver has taken the message, which is signed with what `clock` says."""
        endpoint = self._endpoints.find(run.recipient)
        body = compose(run, self._stage)
        headers = signed_headers(run.key, body, self._secrets.live(endpoint.secrets), clock())
        try:
            answer = self._egress.exchange(
                "POST", endpoint.url, headers=headers, body=body.encode("ascii"), seconds=EXCHANGE_SECONDS
            )
        except EgressRefused as refused:
            raise PermanentFailure(str(refused)) from refused
        except EgressUnknown as silence:
            raise UnknownOutcome(str(silence)) from silence
        judge(answer, clock())
