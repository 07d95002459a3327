"""`reminder_jobs`, as re-planning asks: which reminders follow a zone or a calendar, and their new instants."""

from collections.abc import Collection, Sequence

from reminders.model.reminder import Reminder
from reminders.schedules import stored
from reminders.storage import parameters, rows
from reminders.storage.statements import Statements


class ReplanningTable:
    """One method a statement of `sql/reminder_jobs/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def find_zoned(self, after: str, count: int) -> tuple[str | None, list[str]]:
        """The last of the next so many ids, None when there are no more, and those whose schedule reads a clock."""
        last, ids = self._sql.rows("find_zoned", after=after, count=count)[0]
        return None if last is None else str(last), [str(each) for each in ids or ()]

    def find_by_calendar(self, name: str, after: str, count: int) -> list[str]:
        return [str(row[0]) for row in self._sql.rows("find_by_calendar", name=name, after=after, count=count)]

    def lock_for_replanning(self, ids: Collection[str]) -> list[Reminder]:
        """Those of them that are live and that nobody else has locked."""
        return [rows.to_reminder(row) for row in self._sql.records("lock_for_replanning", ids=parameters.words(ids))]

    def replan(self, reminders: Sequence[Reminder]) -> None:
        """Writes the instants of locked reminders."""
        self._sql.rows(
            "replan",
            ids=parameters.words([each.id for each in reminders]),
            start_at=parameters.texts([parameters.time(each.schedule.start_at) for each in reminders]),
            schedules=parameters.texts([stored.to_text(each.schedule) for each in reminders]),
            next_run_at=parameters.texts([parameters.time(each.next_run_at) for each in reminders]),
        )
