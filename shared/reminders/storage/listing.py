"""`reminder_listing`: ACTIVE reminders as lists look for them, kept to what `reminder_jobs` says."""

from reminders.storage.statements import Statements


class ListingTable:
    """One method a statement of `sql/reminder_listing/` that the ticks run; those that find are in `ReminderPages`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def enter_changed(self, count: int) -> int:
        """Brings at most `count` reminders up to date that SQL or older code has written, and says how many."""
        entered: int = self._sql.value("enter_changed", count=count)
        return entered

    def check(self, count: int) -> int:
        """Goes `count` reminders further through the listing, and says how many entries were wrong."""
        wrong: int = self._sql.value("check_listing", count=count)
        return wrong
