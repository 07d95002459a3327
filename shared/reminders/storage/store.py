"""PostgreSQL in the words of the domain: one attribute a table, one method a statement."""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from reminders.storage.calendars import CalendarTable
from reminders.storage.database import Database
from reminders.storage.flags import FlagTable
from reminders.storage.listing import ListingTable
from reminders.storage.runs import RunTable
from reminders.storage.scheduler import SchedulerTable
from reminders.storage.statements import Clock, Statements, database_clock

if TYPE_CHECKING:
    from reminders.storage.due import DueTable
    from reminders.storage.pages import ReminderPages
    from reminders.storage.reminders import ReminderTable
    from reminders.storage.replanning import ReplanningTable


class Store:
    """All tables over one connection. Belongs to one thread, as its connection does."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        """`clock` says what now is; tests stop it, in production it is the database's."""
        self._database = database
        self._clock = clock
        self._sql = Statements(database, clock)
        self.runs = RunTable(self._sql.of("reminder_runs"))
        self.flags = FlagTable(self._sql.of("status_flags"))
        self.calendars = CalendarTable(self._sql.of("business_calendars"))
        self.listing = ListingTable(self._sql.of("reminder_listing"))
        self.scheduler = SchedulerTable(self._sql.of("scheduler_state"))

    # `reminder_jobs` in four: each is imported by whoever asks it, so that the cold start of a tick does without whole
    # reminders, and that of the API without plans.

    @cached_property
    def reminders(self) -> "ReminderTable":
        from reminders.storage.reminders import ReminderTable

        return ReminderTable(self._sql.of("reminder_jobs"))

    @cached_property
    def pages(self) -> "ReminderPages":
        from reminders.storage.lists import ListTable
        from reminders.storage.pages import ReminderPages

        return ReminderPages(ListTable(self._sql.of("reminder_jobs")), self.listing)

    @cached_property
    def due(self) -> "DueTable":
        from reminders.storage.due import DueTable

        return DueTable(self._sql.of("reminder_jobs"))

    @cached_property
    def replanning(self) -> "ReplanningTable":
        from reminders.storage.replanning import ReplanningTable

        return ReplanningTable(self._sql.of("reminder_jobs"))

    def another(self) -> "Store":
        """A store on the same database, with a connection of its own, for another thread."""
        return Store(self._database.another(), self._clock)

    def by(self, clock: Clock) -> "Store":
        """The same store, over the same connection, by another clock."""
        return Store(self._database, clock)

    def now(self) -> datetime:
        """What now is; within a transaction always the same instant."""
        moment: datetime = self._sql.value("now")
        return moment

    def atomically[T](self, work: Callable[[], T], *, repeatable: bool = True) -> T:
        """Runs `work` in one transaction; see `Database.atomically`."""
        return self._database.atomically(work, repeatable=repeatable)

    def mend(self, reminder_ids: Collection[str]) -> None:
        """Moves on what lags behind the rows, as after a partial restore: the ids of runs, and these reminders'
        numbers."""

        def work() -> None:
            self.runs.mend_ids()
            self.due.renumber(reminder_ids)

        self.atomically(work)

    def close(self) -> None:
        self._database.close()
