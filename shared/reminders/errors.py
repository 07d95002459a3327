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


class SchemaBehind(DatabaseUnavailable):
    """The database has an older schema than this code needs."""

    def __init__(self, found: str, needed: str) -> None:
        is_at = f"is at {found}" if found else "has not been migrated"
        super().__init__(f"the database {is_at}, and this code needs {needed}")
        self.found = found
        self.needed = needed


class ForeignStage(DatabaseUnavailable):
    """The database belongs to another stage: it is a copy, and what is due there is due to real people."""

    def __init__(self, owner: str, stage: str) -> None:
        super().__init__(f"it belongs to stage {owner} and this is {stage}: until `make restored` nothing is sent")
        self.owner = owner
        self.stage = stage


TIMED_OUT = frozenset({"57014", "25P03"})
"""Why the database is not available when it has ended a statement, or an idle transaction, that took too long."""


class DatabaseBusy(DatabaseUnavailable):
    """Somebody has held a lock for too long."""


class DatabaseRefused(ReminderError):
    """The server's own error about a statement: `sqlstate` says which, `constraint` which constraint is violated."""

    def __init__(self, sqlstate: str, message: str, constraint: str | None = None) -> None:
        super().__init__(f"{message} ({sqlstate})")
        self.sqlstate = sqlstate
        self.constraint = constraint

    @property
    def is_about_the_data(self) -> bool:
        """Whether the data is to blame (classes 22, 23, 54, P0), and not the server or its permissions."""
        return self.sqlstate[:2] in _ABOUT_THE_DATA

    @property
    def is_about_other_rows(self) -> bool:
        """Whether a row contradicts others, and not itself: after a restore a sequence or a number may lag behind."""
        return self.sqlstate in _ABOUT_OTHER_ROWS


_ABOUT_THE_DATA = frozenset({"22", "23", "54", "P0"})
_ABOUT_OTHER_ROWS = frozenset({"23503", "23505", "23P01"})  # foreign, unique and exclusion constraints


class RowRefused(ReminderError):
    """What SQL has put into the reminder's row does not permit this change."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(f"the reminder's row holds what does not permit this change ({sqlstate})")
        self.sqlstate = sqlstate


class NotKnownHere(ReminderError):
    """A word that this engine does not know, and perhaps a newer one does: a channel, an endpoint, a condition's or a
    schedule's type."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"this engine knows no {kind} {name!r}")
        self.kind = kind
        self.name = name


class NeedsNewerEngine(ReminderError):
    """The reminder was made by a newer deployment, and this one leaves it alone."""

    def __init__(self, needs: int) -> None:
        super().__init__("a newer deployment has made this reminder, and this one does not understand it")
        self.needs = needs


class PlanRefused(ReminderError):
    """One reminder could not be planned; it is parked with this text."""
