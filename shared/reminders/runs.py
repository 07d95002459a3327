"""Runs: one message to one recipient over one channel, as a channel gets it and as the history shows it."""

from datetime import datetime
from typing import NamedTuple

from reminders.instants import Instant, to_datetime
from reminders.model import Json
from reminders.states import Reason, State


def run_key(reminder_id: str, occurrence_no: int, step: int, incarnation: str | None) -> str:
    """The receiver's id for a run, the same on each repeat; the history and the log name it by this, too.

    `incarnation` is the life of the database in which the run was planned, None the first. After a restore the numbers
    that were lost are given again, and without it a receiver would take what is new for a repeat.
    """
    key = f"{reminder_id}_{occurrence_no}_{step}"
    return key if incarnation is None else f"{key}_{incarnation}"


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
    incarnation: str | None = None  # of the database, when the run was planned

    @property
    def key(self) -> str:
        return run_key(self.reminder_id, self.occurrence_no, self.step, self.incarnation)

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


class LostRun(NamedTuple):
    """An unfinished run that nobody will send."""

    id: int
    key: str
    reminder_id: str
    channel: str
    reason: Reason
    condition_type: str | None  # its reminder's


class RunRecord(NamedTuple):
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
