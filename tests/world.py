"""The engine as tests use it: commands, ticks at fixed instants, a channel that keeps what it is given, and SQL."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from reminders.channels import Channel
from reminders.commands import Commands, Recipients
from reminders.engine.summary import Summary
from reminders.engine.tick import Tick
from reminders.instants import Instant, to_instant
from reminders.lifecycle.edits import SPEC_FIELDS, Edit, NewReminder
from reminders.model import Condition, Due, Message, NaturalKey
from reminders.model.reminder import Reminder, Schedule, ScheduleSpec
from reminders.runs import Run, RunRecord
from reminders.schedules import stored
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday, nine o'clock."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Kept(Channel):
    """A channel that keeps the runs it is given, and fails as it is told to."""

    concurrency = 4
    timeout_seconds = 1.0

    def __init__(self, fail: Callable[[Run], Exception | None] = lambda run: None) -> None:
        self.runs: list[Run] = []
        self.fail = fail
        self._lock = threading.Lock()

    def send_one(self, run: Run) -> str | None:
        with self._lock:
            self.runs.append(run)
        failure = self.fail(run)
        if failure is not None:
            raise failure
        return f"kept-{run.key}"


class World:
    """One database with one engine on it."""

    def __init__(self, open_store: Callable[[], Store], address: Address) -> None:
        self.open_store = open_store
        self.address = address
        self.kept = Kept()
        self.channels: dict[str, Channel] = {"kept": self.kept, "other": self.kept}
        self.store = open_store()
        self.commands = Commands(self.store, Recipients(frozenset(self.channels)))
        self._sql = Database(lambda fresh: address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sql.close()

    def sql(self, statement: str, **parameters: Any) -> list[list[Any]]:
        """Runs one statement on a connection of its own, as an operator would."""
        return self._sql.run(statement, **parameters)

    def store_at(self, now: datetime | None, store: Store | None = None) -> Store:
        """This test's store, or another one, at a fixed instant; None is the database's clock."""
        return (store or self.store).by(lambda: now)

    def at(self, now: datetime | None) -> Commands:
        """The verbs at a fixed instant."""
        return Commands(self.store_at(now), Recipients(frozenset(self.channels)))

    def another_caller(self) -> Commands:
        """Commands on a connection of their own."""
        return Commands(self.open_store(), Recipients(frozenset(self.channels)))

    def create(self, *, now: datetime = NOW, **changes: Any) -> Reminder:
        """A reminder made through the commands."""
        reminder, _ = self.at(now).reminders.create(new_reminder(**changes))
        return reminder

    def plant(
        self,
        count: int,
        *,
        due: datetime = NOW,
        channel: str = "kept",
        flag: str | None = None,
        schedule_type: str = "recurring",
    ) -> None:
        """Makes many hourly reminders by plain SQL, all due at one instant; `{n}` in the flag's key is their number."""
        self.sql(
            "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes, "
            "start_at, next_run_at, stop_condition_type, stop_condition_value) "
            "SELECT 'thing', 'n_' || n, 'event', CAST(:channel AS text), CAST(:type AS text), "
            "CASE WHEN CAST(:type AS text) = 'recurring' THEN 60 END, "
            "CAST(:due AS timestamptz), CAST(:due AS timestamptz), "
            "CASE WHEN CAST(:flag AS text) IS NOT NULL THEN 'db_check' END, "
            "replace(CAST(:flag AS text), '{n}', n::text) "
            "FROM generate_series(1, CAST(:count AS integer)) AS n",
            count=count,
            due=due.isoformat(),
            channel=channel,
            flag=flag,
            type=schedule_type,
        )

    def plant_in(self, *seconds: float) -> None:
        """Makes reminders that are due so many seconds from the database's now."""
        self.sql(
            "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes, start_at, next_run_at) "
            "SELECT 'thing', gen_random_uuid(), 'event', 'kept', 'recurring', 60, at, at "
            "FROM unnest(CAST(:seconds AS float8[])) AS after, LATERAL (SELECT now() + after * interval '1 second' AS at) soon",
            seconds=list(seconds),
        )

    def states(self) -> dict[str, int]:
        """How many runs are in each state."""
        return dict(self.sql("SELECT state, count(*) FROM reminder_runs GROUP BY state"))

    def tick(self, now: datetime | None = NOW, **settings: Any) -> Summary:
        """One tick at a fixed instant."""
        settings = {"budget_seconds": 30.0, "store": self.store} | settings
        store = self.store_at(now, settings.pop("store"))
        return Tick(store, self.channels, **settings).run()

    def wait_until(self, statement: str) -> None:
        """Returns when the statement has a row."""
        for _ in range(2000):
            if self.sql(statement):
                return
            threading.Event().wait(0.01)
        raise AssertionError(f"never came true: {statement}")

    def wait_until_blocked(self) -> None:
        """Returns when some session of this database waits for a lock."""
        self.wait_until("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

    def edit(self, **changes: Any) -> Edit:
        """A caller's change of these fields."""
        return edit(**changes)

    def runs(self, reminder: Reminder) -> list[RunRecord]:
        """A reminder's runs, the oldest first."""
        return list(reversed(self.commands.reminders.runs(reminder.id, before=None, limit=200).items))

    def get(self, reminder: Reminder) -> Reminder:
        return self.commands.reminders.get(reminder.id)


def new_reminder(
    *,
    entity_type: str = "interviewer",
    entity_id: str = "INT_100",
    event_type: str = "feedback_form",
    channel: str = "kept",
    schedule_type: str = "recurring",
    interval_minutes: int | None = 60,
    flag: str | None = "feedback_submitted",
    subject: str | None = None,
    body: str | None = None,
    payload: dict[str, Any] | None = None,
    **others: Any,
) -> NewReminder:
    """What a caller asks for, with the values of the README's example."""
    schedule = {name: others.pop(name) for name in SPEC_FIELDS & others.keys()}
    if schedule_type != "recurring" or "backoff_minutes" in schedule:
        interval_minutes = None
    return NewReminder(
        key=NaturalKey(entity_type=entity_type, entity_id=entity_id, event_type=event_type),
        channel=channel,
        schedule=ScheduleSpec(schedule_type=schedule_type, interval_minutes=interval_minutes, **schedule),
        message=Message(subject=subject, body=body, payload=payload),
        condition=None if flag is None else Condition(type="db_check", value=flag),
        **others,
    )


def edit(**changes: Any) -> Edit:
    """A caller's change of these fields."""
    schedule = {name: changes[name] for name in SPEC_FIELDS & changes.keys()}
    others = {name: value for name, value in changes.items() if name not in schedule}
    return Edit(given=frozenset(changes), schedule=ScheduleSpec(**schedule), **others)


def claimed(schedule: Schedule, cursor: Instant | None, /, **changes: Any) -> Due:
    """A reminder with this schedule, planned through the cursor, as a claim reads it."""
    given: dict[str, Any] = {
        "tid": "(0,1)",
        "id": "01990000-0000-7000-8000-000000000000",
        "run_id": 1,
        "entity_type": "e",
        "entity_id": "i",
        "event_type": "v",
        "channel": "kept",
        "recipient": None,
        "message": None,
        "schedule_type": schedule.schedule_type,
        "interval_minutes": schedule.interval_minutes,
        "start_at": to_instant(schedule.start_at),
        "next_run_at": 0,
        "planned_through": cursor,
        "occurrence_no": 0,
        "condition_type": None,
        "condition_value": None,
        "schedule": stored.to_text(schedule),
        "runs_left": schedule.max_runs,
    }
    return Due(**given | changes)


def leased(**changes: Any) -> Run:
    """A leased run as a channel gets it."""
    given: dict[str, Any] = {
        "id": 1,
        "reminder_id": "019cadc6-9a80-7b6e-bb6e-b2dd302e529e",
        "occurrence_no": 2,
        "step": 0,
        "attempt": 1,
        "scheduled_at": to_instant(NOW),
        "stands_for": 1,
        "channel": "kept",
        "recipient": None,
        "message": None,
        "entity_type": "interviewer",
        "entity_id": "INT_100",
        "event_type": "feedback_form",
    }
    return Run(**given | changes)
