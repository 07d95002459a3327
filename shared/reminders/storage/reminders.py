"""`reminder_jobs`, as callers ask: one reminder, and those that a flag stops."""

from typing import Any

from reminders.model import NaturalKey
from reminders.model.reminder import Reminder
from reminders.storage import parameters, rows
from reminders.storage.statements import Statements


class ReminderTable:
    """One method a statement of `sql/reminder_jobs/`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def insert(self, reminder: Reminder) -> Reminder | None:
        """None when a live reminder has the same natural key."""
        return self._one(
            "insert_reminder",
            now=parameters.time(reminder.created_at),
            **rows.natural_key(reminder.key),
            **rows.columns(reminder),
        )

    def lock_twin(self, key: NaturalKey) -> Reminder | None:
        return self._one("lock_twin", **rows.natural_key(key))

    def get(self, reminder_id: str) -> Reminder | None:
        return self._one("get_reminder", id=reminder_id)

    def lock(self, reminder_id: str) -> Reminder | None:
        return self._one("lock_reminder", id=reminder_id)

    def save(self, reminder: Reminder, before: Reminder) -> None:
        """Writes a locked reminder as a caller has changed it; what is as it was `before` is not written again."""
        state = {
            "status": reminder.status,
            "paused_at": parameters.time(reminder.paused_at),
            "resumed_at": parameters.time(reminder.resumed_at),
            "completed_at": parameters.time(reminder.completed_at),
            "completion_reason": reminder.completion_reason,
            "version": reminder.version,
            "updated_at": parameters.time(reminder.updated_at),
        }
        columns = rows.columns(reminder, before)
        del columns["channel"]
        self._sql.rows("save_reminder", **columns, **rows.keeps(reminder, before), **state)

    def complete_stopped(self, key: str, count: int) -> int:
        """Completes at most `count` live reminders that this true flag stops."""
        completed: int = self._sql.value("complete_stopped", key=key, count=count)
        return completed

    def stops_any(self, key: str) -> bool:
        """Whether a live reminder waits for this flag."""
        return bool(self._sql.value("stops_any", key=key))

    def drain_stopped(self, key: str, count: int) -> int:
        """The same as `complete_stopped`, but for reminders that somebody has locked."""
        completed: int = self._sql.value("drain_stopped", key=key, count=count)
        return completed

    def _one(self, name: str, /, **parameters: Any) -> Reminder | None:
        return next((rows.to_reminder(row) for row in self._sql.records(name, **parameters)), None)
