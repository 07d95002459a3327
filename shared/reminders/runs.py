"""Runs: one message to one recipient over one channel, as a channel gets it and as the history shows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reminders.instants import Instant, to_datetime
from reminders.model import Json
from reminders.states import State


class Run(NamedTuple):
    """A run that a worker has leased, with the facts of its reminder that a channel may need."""

    id: int
    reminder_id: str
    occurrence_no: int
    step: int
    attempt: int  # the fence: 1 for the first send
    scheduled_at: Instant
    stands_for: int
    channel: str
    recipient: str | None
    message: dict[str, Json] | None  # as rendered
    entity_type: str
    entity_id: str
    event_type: str

    @property
    def key(self) -> str:
        """The receiver's id for this run, the same on each repeat."""
        return f"{self.reminder_id}_{self.occurrence_no}_{self.step}"

    @property
    def scheduled_for(self) -> datetime:
        """When the occurrence was meant, in UTC."""
        return to_datetime(self.scheduled_at)

    @property
    def subject(self) -> str | None:
        return self._text("subject")

    @property
    def body(self) -> str | None:
        return self._text("body")

    @property
    def payload(self) -> dict[str, Json]:
        payload = self._part("payload")
        return payload if isinstance(payload, dict) else {}

    def _text(self, name: str) -> str | None:
        text = self._part(name)
        return text if isinstance(text, str) else None

    def _part(self, name: str) -> Json:
        """A part of the message; what SQL has made another type than it may have counts as absent."""
        return self.message.get(name) if isinstance(self.message, dict) else None


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A row of `reminder_runs` as the history shows it."""

    key: str
    occurrence_no: int
    step: int
    cause: str
    scheduled_for: datetime
    stands_for: int
    channel: str
    recipient: str | None
    subject: str | None
    body: str | None
    state: State
    attempt: int
    attempt_at: datetime | None
    reason: str | None
    error: str | None
    provider_id: str | None
    created_at: datetime
    finished_at: datetime | None
