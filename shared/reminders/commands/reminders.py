"""Reminders, as callers create, read, change and end them."""

from dataclasses import replace
from datetime import datetime

from reminders import conditions
from reminders.commands.calendars import Calendars
from reminders.commands.recipients import Recipients
from reminders.errors import ConditionIsTrue, DatabaseRefused, NotFound
from reminders.instants import to_instant
from reminders.lifecycle import edits, transitions
from reminders.lifecycle.edits import Edit, NewReminder
from reminders.messages import render
from reminders.model import Condition, Page, ReminderFilter
from reminders.model.reminder import Reminder
from reminders.runs import RunRecord
from reminders.states import CompletionReason, Reason, Status
from reminders.storage.changes import Changes, must_understand, rows_to_blame
from reminders.storage.store import Store


class Reminders:
    """The verbs for reminders and their runs."""

    def __init__(self, store: Store, changes: Changes, calendars: Calendars, recipients: Recipients) -> None:
        self._store = store
        self._changes = changes
        self._calendars = calendars
        self._recipients = recipients

    def create(self, new: NewReminder) -> tuple[Reminder, bool]:
        """The live reminder with this natural key, and whether it is new.

        An existing one is returned as it is, unless its condition is true and the new one's is not: then it is
        completed and the new one takes its place.
        """
        self._recipients.check_channel(new.channel)
        self._recipients.check(new.channel, new.recipient)
        condition = conditions.resolved(new.condition, new.key)
        render.check(new.message, new.key, new.channel)

        mine: set[str] = set()  # when the answer to COMMIT is lost, the twin that is then found may be the caller's own

        def once() -> tuple[Reminder, bool]:
            moment = self._store.now()
            fresh = edits.new(new, condition, self._calendars.shared(new.schedule.business_calendar), moment)
            mine.add(fresh.id)
            while True:
                inserted = self._store.reminders.insert(fresh)
                if inserted:
                    return inserted, True
                twin = self._store.reminders.lock_twin(new.key)
                if twin is None:
                    continue
                if not self._is_met(twin.condition) or self._is_met(condition):
                    return twin, twin.id in mine
                must_understand(twin)
                self._end_stopped(twin, moment)

        reminder, is_new = self._store.atomically(once)
        if is_new:
            self._changes.tell("create", reminder.id)
        return reminder, is_new

    def get(self, reminder_id: str) -> Reminder:
        found = self._store.reminders.get(reminder_id)
        if found is None:
            raise NotFound("reminder", reminder_id)
        return found

    def page(self, matching: ReminderFilter, *, before: str | None, limit: int) -> Page[Reminder]:
        """Reminders that match, newest first; `before` is the id after which the page begins."""
        if matching.channel is not None:
            self._recipients.check_channel(matching.channel)
        return self._store.pages.page(matching, before=before, limit=limit)

    def runs(self, reminder_id: str, *, before: tuple[int, int] | None, limit: int) -> Page[RunRecord]:
        """A reminder's history, newest first; `before` is the (occurrence_no, step) after which the page begins."""
        self.get(reminder_id)
        found, are_more = self._store.runs.page(reminder_id, before=before, count=limit)
        last = found[-1] if are_more else None
        return Page(items=tuple(found), next_cursor=f"{last.occurrence_no}.{last.step}" if last else None)

    def pause(self, reminder_id: str, *, version: int | None = None) -> Reminder:
        """Stops firing until it is resumed; its waiting runs are cancelled and not revived."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            self._store.runs.cancel_waiting([(reminder.id, Reason.PAUSED)])
            return replace(reminder, status=Status.PAUSED, paused_at=moment)

        return self._changes.make("pause", reminder_id, version, change)

    def resume(self, reminder_id: str, *, version: int | None = None) -> Reminder:
        """Goes on at the next instant of its schedule after now and replays nothing; completes when there is none."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            return edits.resumed(reminder, self._calendars.shared(reminder.schedule.business_calendar), moment)

        return self._changes.make("resume", reminder_id, version, change)

    def complete(self, reminder_id: str, *, version: int | None = None) -> Reminder:
        """Ends it as done, and cancels its waiting runs."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            self._store.runs.cancel_waiting([(reminder.id, Reason.ENDED)])
            return edits.ended(reminder, Status.COMPLETED, CompletionReason.COMPLETED_BY_CALLER, moment)

        return self._changes.make("complete", reminder_id, version, change)

    def cancel(self, reminder_id: str, *, version: int | None = None) -> Reminder:
        """Ends it as no longer wanted, and cancels its waiting runs."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            self._store.runs.cancel_waiting([(reminder.id, Reason.ENDED)])
            return edits.ended(reminder, Status.CANCELLED, None, moment)

        return self._changes.make("cancel", reminder_id, version, change)

    def patch(self, reminder_id: str, edit: Edit, *, version: int | None = None) -> Reminder:
        """Changes schedule, recipient, message or condition; a new schedule begins at its first instant after now."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            if "recipient" in edit.given:
                self._recipients.check(reminder.channel, edit.recipient)
            names = {reminder.schedule.business_calendar, edit.schedule.business_calendar}
            return edits.edited(reminder, edit, self._calendars.shared(*names), moment)

        return self._changes.make("patch", reminder_id, version, change)

    def trigger(self, reminder_id: str, *, version: int | None = None) -> RunRecord:
        """One run in addition to the schedule, which the next tick sends. Not repeated when its outcome is unknown."""

        def once() -> RunRecord:
            moment = self._store.now()
            reminder = self._changes.lock(reminder_id, version)
            transitions.permits("trigger", reminder.status)
            if self._is_met(reminder.condition):
                raise ConditionIsTrue(reminder.id)
            render.check(reminder.message, reminder.key, reminder.channel)
            values = render.values(
                reminder.key, reminder.channel, reminder.id, reminder.occurrence_no + 1, to_instant(moment), 1
            )
            message = reminder.message.as_object()
            rendered = message and render.render(message, values)
            return self._store.runs.insert_triggered(reminder.id, rendered)

        self._store.scheduler.recognize()  # after a restore this may come before the first tick
        with rows_to_blame():
            try:
                run = self._store.atomically(once, repeatable=False)
            except DatabaseRefused as refused:
                if not refused.is_about_other_rows:
                    raise
                self._store.mend([reminder_id])  # numbers lag behind the rows, as after a partial restore
                run = self._store.atomically(once, repeatable=False)
        self._changes.tell("trigger", reminder_id)
        return run

    def _is_met(self, condition: Condition | None) -> bool:
        if condition is None:
            return False
        return conditions.is_met(condition, self._store.flags.facts(conditions.watched(condition)))

    def _end_stopped(self, twin: Reminder, moment: datetime) -> None:
        """Completes a reminder whose condition is true."""
        self._store.runs.cancel_waiting([(twin.id, Reason.STOPPED)])
        ended = edits.ended(twin, Status.COMPLETED, CompletionReason.STOP_CONDITION, moment)
        self._store.reminders.save(replace(ended, updated_at=moment), twin)
