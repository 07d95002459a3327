"""PostgreSQL in the words of the domain: one attribute a table, one method a statement."""

from collections.abc import Callable
from datetime import datetime

from reminders.storage.calendars import CalendarTable
from reminders.storage.database import Database
from reminders.storage.due import DueTable
from reminders.storage.flags import FlagTable
from reminders.storage.reminders import ReminderTable
from reminders.storage.runs import RunTable
from reminders.storage.scheduler import SchedulerTable
from reminders.storage.statements import Clock, Statements, database_clock


class Store:
    """All tables over one connection. Belongs to one thread, as its connection does."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        """`clock` says what now is; tests stop it, in production it is the database's."""
        self._database = database
        self._clock = clock
        self._sql = Statements(database, clock)
        self.reminders = ReminderTable(self._sql.of("reminder_jobs"), self._sql.of("reminder_listing"))
        self.due = DueTable(self._sql.of("reminder_jobs"))
        self.runs = RunTable(self._sql.of("reminder_runs"))
        self.flags = FlagTable(self._sql.of("status_flags"))
        self.calendars = CalendarTable(self._sql.of("business_calendars"))
        self.scheduler = SchedulerTable(self._sql.of("scheduler_state"))

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

    def close(self) -> None:
        self._database.close()
