"""What callers ask of the engine: each verb is one transaction, safe to repeat where it says so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reminders.channels import RecipientCheck
from reminders.commands.calendars import Calendars
from reminders.commands.previews import Previews
from reminders.conditions import registry
from reminders.errors import ConditionIsTrue, InvalidField, NotFound, StaleVersion
from reminders.instants import to_instant
from reminders.lifecycle import edits, transitions
from reminders.lifecycle.edits import Edit, NewReminder
from reminders.messages import render
from reminders.model import Condition, Flag, Page, Reminder, RunRecord
from reminders.states import CompletionReason, Reason, Status
from reminders.storage.store import Health, Now, Store

COMPLETED_AT_ONCE = 1_000  # reminders that one PUT of a flag completes; the ticks do the rest


@dataclass(frozen=True, kw_only=True)
class FlagChange:
    """What setting a flag has done: how many reminders it completed, and whether the ticks complete more."""

    flag: Flag
    completed: int
    more: bool


type Change = Callable[[Reminder, datetime], Reminder]


class Commands:
    """The verbs of the API: for reminders and flags here, for the others under `calendars` and `previews`.

    `now` fixes the instant in tests; None is the database's clock.
    """

    def __init__(
        self, store: Store, channels: frozenset[str], recipient_checks: Mapping[str, RecipientCheck] | None = None
    ) -> None:
        """`recipient_checks`: by channel, what refuses a recipient that it could not reach."""
        self._store = store
        self._channels = channels
        self._recipient_checks = recipient_checks or {}
        self.calendars = Calendars(store)
        self.previews = Previews(store, self.calendars)

    def create(self, new: NewReminder, *, now: Now = None) -> tuple[Reminder, bool]:
        """The live reminder with this natural key, and whether it is new.

        An existing one is returned as it is, unless its condition is true and the new one's is not: then it is
        completed and the new one takes its place.
        """
        self._check_channel(new.channel)
        self._check_recipient(new.channel, new.recipient)
        condition = edits.resolved(new.condition, new.key)
        render.check(new.message, new.key, new.channel)

        mine: set[str] = set()  # when the answer to COMMIT is lost, the twin that is then found may be the caller's own

        def once() -> tuple[Reminder, bool]:
            moment = self._store.now(now)
            fresh = edits.new(new, condition, self.calendars.shared(new.schedule.business_calendar), moment)
            mine.add(fresh.id)
            while True:
                inserted = self._store.insert_reminder(fresh)
                if inserted:
                    return inserted, True
                twin = self._store.lock_twin(new.key)
                if twin is None:
                    continue
                if not self._is_met(twin.condition) or self._is_met(condition):
                    return twin, twin.id in mine
                self._end(twin, Status.COMPLETED, CompletionReason.STOP_CONDITION, Reason.STOPPED, moment)

        return self._store.atomically(once)

    def get(self, reminder_id: str) -> Reminder:
        found = self._store.get_reminder(reminder_id)
        if found is None:
            raise NotFound("reminder", reminder_id)
        return found

    def list_reminders(self, *, before: str | None, limit: int, **filters: str | None) -> Page[Reminder]:
        """Reminders that match all filters, newest first; `before` is the id after which the page begins."""
        channel = filters.get("channel")
        if channel is not None:
            self._check_channel(channel)
        found = self._store.list_reminders(before=before, count=limit + 1, **filters)
        return Page(items=tuple(found[:limit]), next_cursor=found[limit - 1].id if len(found) > limit else None)

    def list_runs(self, reminder_id: str, *, before: tuple[int, int] | None, limit: int) -> Page[RunRecord]:
        """A reminder's history, newest first; `before` is the (occurrence_no, step) after which the page begins."""
        self.get(reminder_id)
        found = self._store.list_runs(reminder_id, before=before, count=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page(items=tuple(found[:limit]), next_cursor=f"{last.occurrence_no}.{last.step}" if last else None)

    def pause(self, reminder_id: str, *, version: int | None = None, now: Now = None) -> Reminder:
        """Stops firing until it is resumed; its waiting runs are cancelled and not revived."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            self._store.cancel_waiting([(reminder.id, Reason.PAUSED)], moment)
            return replace(reminder, status=Status.PAUSED, paused_at=moment)

        return self._edit("pause", reminder_id, version, now, change)

    def resume(self, reminder_id: str, *, version: int | None = None, now: Now = None) -> Reminder:
        """Goes on at the next instant of its schedule after now and replays nothing; completes when there is none."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            return edits.resumed(reminder, self.calendars.shared(reminder.schedule.business_calendar), moment)

        return self._edit("resume", reminder_id, version, now, change)

    def complete(self, reminder_id: str, *, version: int | None = None, now: Now = None) -> Reminder:
        """Ends it as done, and cancels its waiting runs."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            self._store.cancel_waiting([(reminder.id, Reason.ENDED)], moment)
            return edits.ended(reminder, Status.COMPLETED, CompletionReason.COMPLETED_BY_CALLER, moment)

        return self._edit("complete", reminder_id, version, now, change)

    def cancel(self, reminder_id: str, *, version: int | None = None, now: Now = None) -> Reminder:
        """Ends it as not wanted any more, and cancels its waiting runs."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            self._store.cancel_waiting([(reminder.id, Reason.ENDED)], moment)
            return edits.ended(reminder, Status.CANCELLED, None, moment)

        return self._edit("cancel", reminder_id, version, now, change)

    def patch(self, reminder_id: str, edit: Edit, *, version: int | None = None, now: Now = None) -> Reminder:
        """Changes schedule, recipient, message or condition; a new schedule begins at its first instant after now."""

        def change(reminder: Reminder, moment: datetime) -> Reminder:
            if "recipient" in edit.given:
                self._check_recipient(reminder.channel, edit.recipient)
            names = {reminder.schedule.business_calendar, edit.schedule.business_calendar}
            return edits.edited(reminder, edit, self.calendars.shared(*names), moment)

        return self._edit("patch", reminder_id, version, now, change)

    def trigger(self, reminder_id: str, *, version: int | None = None, now: Now = None) -> RunRecord:
        """One run beside the cadence, which the next tick sends. Not repeated when its outcome is unknown."""

        def once() -> RunRecord:
            moment = self._store.now(now)
            reminder = self._locked(reminder_id, version)
            transitions.permits("trigger", reminder.status)
            if self._is_met(reminder.condition):
                raise ConditionIsTrue(reminder.id)
            render.check(reminder.message, reminder.key, reminder.channel)
            values = render.values(
                reminder.key, reminder.channel, reminder.id, reminder.occurrence_no + 1, to_instant(moment), 1
            )
            message = reminder.message.as_object()
            rendered = message and render.render(message, values)
            return self._store.insert_triggered_run(reminder.id, rendered, moment)

        return self._store.atomically(once, repeatable=False)

    def get_flag(self, key: str) -> Flag:
        found = self._store.get_flag(key)
        if found is None:
            raise NotFound("flag", key)
        return found

    def set_flag(self, key: str, value: bool, *, now: Now = None) -> FlagChange:
        """Creates or sets a flag. True completes what it stops, at most COMPLETED_AT_ONCE here and the rest by the ticks."""

        counted = 0  # by the first try, when the answer to its COMMIT was lost

        def once() -> FlagChange:
            nonlocal counted
            flag = self._store.put_flag(key, value, now)
            completed = self._store.complete_stopped(key, COMPLETED_AT_ONCE, now) if value else 0
            more = completed == COMPLETED_AT_ONCE and self._store.stops_any(key)
            self._store.set_draining(key, more)
            counted = max(counted, completed)
            return FlagChange(flag=flag, completed=counted, more=more)

        return self._store.atomically(once)

    def delete_flag(self, key: str) -> None:
        if not self._store.atomically(lambda: self._store.delete_flag(key), repeatable=False):
            raise NotFound("flag", key)

    def list_flags(self, *, after: str | None, limit: int) -> Page[Flag]:
        """Flags in the order of their keys; `after` is the key after which the page begins."""
        found = self._store.list_flags(after=after, count=limit + 1)
        return Page(items=tuple(found[:limit]), next_cursor=found[limit - 1].key if len(found) > limit else None)

    def health(self) -> Health:
        """Whether the engine keeps up, as an operator asks."""
        return self._store.health()

    def close(self) -> None:
        """Closes the connection; the next command opens another."""
        self._store.close()

    def _check_channel(self, channel: str) -> None:
        if channel not in self._channels:
            raise InvalidField("channel", f"unknown; known channels: {', '.join(sorted(self._channels))}")

    def _check_recipient(self, channel: str, recipient: str | None) -> None:
        check = self._recipient_checks.get(channel)
        if check is not None:
            check(recipient)

    def _is_met(self, condition: Condition | None) -> bool:
        if condition is None:
            return False
        return registry.is_met(condition.type, condition.value, self._store.facts([condition.value]))

    def _edit(
        self,
        verb: str,
        reminder_id: str,
        version: int | None,
        now: Now,
        change: Change,
    ) -> Reminder:
        def once() -> Reminder:
            moment = self._store.now(now)
            reminder = self._locked(reminder_id, version)
            if not transitions.permits(verb, reminder.status):
                return reminder
            changed = change(reminder, moment)
            if changed == reminder:
                return reminder
            saved = replace(changed, version=reminder.version + 1, updated_at=moment)
            self._store.save_reminder(saved)
            return saved

        # Repeated with a version, an edit would be refused because of its own first time.
        return self._store.atomically(once, repeatable=version is None)

    def _locked(self, reminder_id: str, version: int | None) -> Reminder:
        reminder = self._store.lock_reminder(reminder_id)
        if reminder is None:
            raise NotFound("reminder", reminder_id)
        if version is not None and version != reminder.version:
            raise StaleVersion(reminder.version)
        return reminder

    def _end(self, reminder: Reminder, status: Status, why: CompletionReason, reason: Reason, moment: datetime) -> None:
        self._store.cancel_waiting([(reminder.id, reason)], moment)
        self._store.save_reminder(replace(edits.ended(reminder, status, why, moment), updated_at=moment))
