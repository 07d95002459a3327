"""Webhook: a signed CloudEvent, posted to an https URL or to an endpoint of the settings through the guarded client.

Where no setting speaks of webhooks none can be sent, and a cold start does without what would send them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from reminders.channels import Channel, PermanentFailure, RecipientCheck, channel
from reminders.channels.webhook.settings import WebhookSettings
from reminders.errors import InvalidField, NotKnownHere
from reminders.runs import Run
from reminders.states import Reason

if TYPE_CHECKING:
    from reminders.channels.webhook.sender import Sender
    from reminders.egress import Egress

_NOT_SET_UP = "neither WEBHOOK_SECRETS nor WEBHOOK_ENDPOINTS is set, and nothing is sent unsigned"


@channel("webhook")
class WebhookChannel(Channel):
    concurrency = 20
    timeout_seconds = 20.0  # the exchange, before it perhaps the reading of secrets, and a margin

    def __init__(self, settings: WebhookSettings, egress: "Egress | None" = None) -> None:
        self._sender = _build_sender(settings, egress) if settings.speak_of_webhooks else None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        return cls(WebhookSettings.from_environment(environment))

    def send_one(self, run: Run) -> None:
        if self._sender is None:
            raise PermanentFailure(_NOT_SET_UP, Reason.PERMANENT if run.recipient else Reason.NO_RECIPIENT)
        self._sender.send(run, self.clock)

    @classmethod
    def recipient_check(cls, environment: Mapping[str, str]) -> RecipientCheck:
        """Refuses a recipient that no message could reach; it resolves no name."""
        settings = WebhookSettings.from_environment(environment)
        if not settings.speak_of_webhooks:
            return _refuse
        # Here and below: urllib.parse, ipaddress and what is built on them cost a cold start a twelfth of its time.
        from reminders.channels.webhook.endpoints import Endpoints
        from reminders.egress import Egress

        endpoints = Endpoints(settings, Egress(settings.egress_allow))

        def check(recipient: str | None) -> None:
            try:
                endpoints.find(recipient)
            except NotKnownHere as unknown:
                raise InvalidField("recipient", "there is no endpoint of this name in the settings") from unknown
            except PermanentFailure as refused:
                raise InvalidField("recipient", str(refused)) from refused

        return check


def _build_sender(settings: WebhookSettings, egress: "Egress | None") -> "Sender":
    from reminders.channels.webhook.sender import Sender

    return Sender(settings, egress)


def _refuse(recipient: str | None) -> None:
    raise InvalidField("recipient", _NOT_SET_UP)
