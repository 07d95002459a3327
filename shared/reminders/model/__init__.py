"""The values that everything else works with. Frozen; no behaviour beyond what follows from their own fields.

Here are named tuples, built by name. `reminder` has what must be a dataclass: a cold start pays ten times as much for
each, since its methods are compiled then, and a tick that meets only plain schedules does without.
"""

from datetime import date, datetime
from typing import NamedTuple

from reminders.instants import Instant

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None


class Message(NamedTuple):
    """What is sent, as given by the caller: `subject` and `body` may hold `{{placeholders}}`."""

    subject: str | None = None
    body: str | None = None
    payload: dict[str, Json] | None = None

    def as_object(self) -> dict[str, Json] | None:
        """As it is stored: only what was given; None for nothing."""
        given = {"subject": self.subject, "body": self.body, "payload": self.payload}
        return {name: value for name, value in given.items() if value is not None} or None


class SendWindow(NamedTuple):
    """When sending is allowed: from `opens` to before `closes`, both in minutes of the day, on these weekdays.

    A window that does not close after it opens crosses midnight, and belongs to the day on which it opens.
    """

    weekdays: frozenset[int] = frozenset(range(7))  # 0 is Monday
    opens: int = 0
    closes: int = 1440
    timezone: str | None = None  # None: the schedule's own


class BusinessCalendar(NamedTuple):
    """A shared calendar: the working weekdays (0 is Monday), and the dates that are days off all the same."""

    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()


class Condition(NamedTuple):
    """What ends a reminder: for `db_check` the key of a flag."""

    type: str
    value: str


class NaturalKey(NamedTuple):
    """Who and what: one live reminder for each."""

    entity_type: str
    entity_id: str
    event_type: str


class Due(NamedTuple):
    """A claimed reminder: what a decision needs, in the order in which `claim_due.sql` reads it.

    A tuple, since a tick makes a thousand at a time: a frozen dataclass costs six times as much.
    """

    tid: str  # the row's place, valid while it is locked
    id: str
    run_id: int  # the id that its run will get
    entity_type: str
    entity_id: str
    event_type: str
    channel: str
    recipient: str | None
    message: dict[str, Json] | None
    schedule_type: str
    interval_minutes: int | None
    start_at: Instant
    next_run_at: Instant
    planned_through: Instant | None
    occurrence_no: int
    condition_type: str | None
    condition_value: str | None
    schedule: str | None  # the schedule's other fields as JSON; None for a plain interval or instant
    runs_left: int | None

    @property
    def condition(self) -> Condition | None:
        type_, value = self.condition_type, self.condition_value
        return None if type_ is None or value is None else Condition(type_, value)


class Flag(NamedTuple):
    """A row of `status_flags`."""

    key: str
    value: bool
    created_at: datetime
    updated_at: datetime


class NamedCalendar(NamedTuple):
    """A row of `business_calendars`."""

    name: str
    days: BusinessCalendar
    created_at: datetime
    updated_at: datetime


class ReminderFilter(NamedTuple):
    """Which reminders a list shows: those that match all that is given."""

    status: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    event_type: str | None = None
    channel: str | None = None
    due_before: datetime | None = None  # next_run_at lies before it


PAGE_BYTES = (
    4_000_000  # of a page, as its rows are read and as it is answered: Lambda answers with six megabytes at most
)


class Page[T](NamedTuple):
    """A part of a list, and where the next one begins: None on the last."""

    items: tuple[T, ...]
    next_cursor: str | None
