"""What can go wrong, each with its facts as attributes. `api/problems.py` says which status each becomes."""

from collections.abc import Mapping


class ReminderError(Exception):
    """The root of the engine's own errors."""


class NotFound(ReminderError):
    """There is no such thing."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"there is no {kind} with this id" if kind == "reminder" else f"there is no such {kind}")
        self.kind = kind
        self.key = key


class InvalidField(ReminderError):
    """A field of the request cannot be accepted."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class IllegalTransition(ReminderError):
    """The reminder's status forbids this verb."""

    def __init__(self, verb: str, status: str) -> None:
        super().__init__(f"a reminder that is {status} cannot be {_PAST.get(verb, verb)}")
        self.verb = verb
        self.status = status


_PAST = {
    "pause": "paused",
    "resume": "resumed",
    "complete": "completed",
    "cancel": "cancelled",
    "trigger": "triggered",
    "patch": "edited",
}


class ConditionIsTrue(ReminderError):
    """The reminder's stop condition is true, so it does not fire."""

    def __init__(self, reminder_id: str) -> None:
        super().__init__("the stop condition is true: the reminder no longer fires")
        self.reminder_id = reminder_id


class CalendarInUse(ReminderError):
    """A live reminder uses this business calendar, so it cannot be removed."""

    def __init__(self, name: str) -> None:
        super().__init__("a live reminder uses this calendar: end it, or give it another calendar, first")
        self.name = name


class StaleVersion(ReminderError):
    """Somebody else has edited the reminder since the caller read it."""

    def __init__(self, actual: int) -> None:
        super().__init__(f"the reminder is at version {actual}")
        self.actual = actual


class Unhealthy(ReminderError):
    """The engine does not do its work at the moment; `troubles` says of each part that is not well why."""

    def __init__(self, troubles: Mapping[str, str]) -> None:
        super().__init__("; ".join(troubles.values()))
        self.troubles = dict(troubles)


class DatabaseUnavailable(ReminderError):
    """The database cannot be reached, or refuses for the moment. Nothing is known to have changed."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the database is not available: {why}")
        self.why = why


class DatabaseBusy(DatabaseUnavailable):
    """Somebody has held a lock for too long."""


class DatabaseRefused(ReminderError):
    """The server's own error about a statement; `sqlstate` says which."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(f"{message} ({sqlstate})")
        self.sqlstate = sqlstate


class PlanRefused(ReminderError):
    """One reminder could not be planned; it is parked with this text."""
