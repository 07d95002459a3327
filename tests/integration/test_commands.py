"""What callers ask of the engine, on real PostgreSQL."""

import threading
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import timedelta
from math import inf
from typing import Any

import pytest

from reminders.commands import Commands, Recipients
from reminders.errors import ConditionIsTrue, IllegalTransition, InvalidField, NotFound, StaleVersion
from reminders.model import Condition, Message, ReminderFilter
from reminders.model.reminder import Reminder, Schedule
from reminders.states import CompletionReason, Reason, State, Status
from tests.world import DAY, HOUR, MINUTE, NOW, World, edit, new_reminder

TWINS = 50
NOBODY = "0190a0a0-0000-7000-8000-000000000000"


def flag(world: World, key: str, value: bool = True) -> None:
    """A flag set by plain SQL, which completes nothing by itself."""
    world.sql("INSERT INTO status_flags (key, value) VALUES (:key, CAST(:value AS boolean))", key=key, value=value)


# Creating


def test_a_new_reminder_begins_one_interval_from_now(world: World) -> None:
    """Without start_at the first occurrence is an interval away, and the reminder is ACTIVE at version 1."""
    reminder, is_new = world.at(NOW).reminders.create(new_reminder())
    assert (is_new, reminder.status, reminder.version) == (True, Status.ACTIVE, 1)
    assert (reminder.next_run_at, reminder.created_at) == (NOW + HOUR, NOW)


def test_what_was_created_is_what_is_read(world: World) -> None:
    """Every field of a new reminder comes back from the database as it was answered."""
    created = world.create(
        recipient="a@example.com",
        subject='Über "alles" \\ {{entity_id}}',
        body="eins\nzwei",
        payload={"form": {"url": "https://example.com", "n": 1.5, "list": [True, None]}},
        start_at=NOW + timedelta(microseconds=1),
    )
    assert world.get(created) == created


def test_a_listed_reminder_is_the_one_that_is_read_alone(world: World) -> None:
    """A list reads its rows in another way: every column arrives where it belongs, also what only SQL would write."""
    world.create(subject="Über {{entity_id}}", payload={"n": [1.5, None]}, recipient="a@example.com")
    world.sql(
        """UPDATE reminder_jobs SET schedule = CAST(:schedule AS jsonb), message = CAST(:message AS jsonb), version = 7,
        runs_left = 3, occurrence_no = 4, status = 'COMPLETED', completed_at = 'infinity', completion_reason = 'r',
        last_error = 'e', resumed_at = '2026-01-02Z', planned_through = '2026-01-03 00:00:00.000001Z',
        created_at = '2026-01-04Z', updated_at = '12026-01-05Z', next_run_at = '2026-01-06Z', start_at =
        '2026-01-07Z'""",
        schedule='{"timezone": "Asia/Kathmandu", "max_runs": 1%s}' % ("0" * 5_000),
        message='{"payload": {"n": 1%s}, "body": "b"}' % ("0" * 5_000),
    )
    (listed,) = world.commands.reminders.page(ReminderFilter(), before=None, limit=2).items
    assert listed == world.get(listed)
    assert vars(listed).keys() == {field.name for field in fields(Reminder)}
    assert asdict(listed.schedule).keys() == {field.name for field in fields(Schedule)}
    assert (listed.schedule.timezone, listed.schedule.max_runs, listed.completed_at) == (
        "Asia/Kathmandu",
        inf,
        "infinity",
    )


def test_a_twin_is_answered_with_the_one_that_is_there_unchanged(world: World) -> None:
    """The same natural key gives the existing reminder, whatever else the second request says."""
    first = world.create()
    second, is_new = world.at(NOW + MINUTE).reminders.create(
        new_reminder(channel="other", interval_minutes=5, flag=None, subject="another", recipient="x")
    )
    assert (is_new, second) == (False, first)
    assert world.get(first) == first


def test_a_paused_twin_is_a_twin(world: World) -> None:
    """A PAUSED reminder holds its natural key as an ACTIVE one does."""
    first = world.create()
    world.at(NOW).reminders.pause(first.id)
    second, is_new = world.at(NOW).reminders.create(new_reminder())
    assert (is_new, second.id, second.status) == (False, first.id, Status.PAUSED)


@pytest.mark.parametrize("verb", ["complete", "cancel"])
def test_an_ended_reminder_frees_its_natural_key(world: World, verb: str) -> None:
    """After the end of a reminder the same request makes a new one."""
    first = world.create()
    getattr(world.at(NOW).reminders, verb)(first.id)
    second, is_new = world.at(NOW).reminders.create(new_reminder())
    assert (is_new, second.id != first.id) == (True, True)


def create_at_once(world: World, requests: list[Any]) -> list[tuple[Reminder, bool]]:
    """All the requests at the same moment, each by a thread with a connection of its own."""
    barrier = threading.Barrier(len(requests))
    answers: list[tuple[Reminder, bool]] = []

    def create(each: Any) -> None:
        commands = Commands(store := world.open_store(), Recipients(frozenset(world.channels)))
        store.now()
        barrier.wait()
        answers.append(commands.reminders.create(each))

    threads = [threading.Thread(target=create, args=(each,)) for each in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("is_true", [False, True])
def test_simultaneous_twins_make_one_reminder(world: World, is_true: bool) -> None:
    """Fifty at once make one row: one is told that it is new and 49 get that very one, also if the flag is true."""
    flag(world, "feedback_submitted", is_true)
    answers = create_at_once(world, [new_reminder()] * TWINS)
    assert sorted(is_new for _, is_new in answers) == [False] * (TWINS - 1) + [True]
    assert len({reminder.id for reminder, _ in answers}) == 1
    assert world.sql("SELECT count(*) FROM reminder_jobs") == [[1]]


def test_simultaneous_twins_of_a_stopped_one_replace_it_once(world: World) -> None:
    """Fifty requests with another condition find one whose condition is true: it is completed and one takes its
    place."""
    old = world.create(flag="old")
    flag(world, "old")
    answers = create_at_once(world, [new_reminder(flag="new")] * TWINS)
    assert sorted(is_new for _, is_new in answers) == [False] * (TWINS - 1) + [True]
    assert {reminder.id for reminder, _ in answers} == {
        row[0] for row in world.sql("SELECT id::text FROM reminder_jobs WHERE status = 'ACTIVE'")
    }
    assert (world.get(old).status, world.get(old).completion_reason) == (
        Status.COMPLETED,
        CompletionReason.STOP_CONDITION,
    )


def test_a_stopped_one_is_replaced_together_with_its_waiting_runs(world: World) -> None:
    """What the replaced reminder still had to send is CANCELLED in the same step."""
    old = world.create(flag="old")
    world.kept.fail = lambda run: OSError("busy")
    world.tick(NOW + HOUR)
    flag(world, "old")
    _, is_new = world.at(NOW + HOUR).reminders.create(new_reminder(flag="new"))
    assert is_new
    assert [(run.state, run.reason) for run in world.runs(old)] == [(State.CANCELLED, Reason.STOPPED)]


def test_a_twin_without_a_condition_replaces_a_stopped_one(world: World) -> None:
    """A request that has no condition is not stopped, so it takes the place of one that is."""
    old = world.create()
    flag(world, "feedback_submitted")
    new, is_new = world.at(NOW).reminders.create(new_reminder(flag=None))
    assert (is_new, new.id != old.id) == (True, True)


def test_a_stopped_one_stays_when_the_new_one_would_be_stopped_too(world: World) -> None:
    """With both conditions true nothing is replaced."""
    old = world.create(flag="old")
    flag(world, "old")
    flag(world, "new")
    again, is_new = world.at(NOW).reminders.create(new_reminder(flag="new"))
    assert (is_new, again) == (False, old)


def test_a_reminder_that_is_created_stopped_completes_unsent_when_it_is_due(world: World) -> None:
    """A condition that is already true does not keep a reminder from being created; it is ACTIVE and never fires."""
    flag(world, "feedback_submitted")
    reminder = world.create()
    assert reminder.status is Status.ACTIVE
    world.tick(NOW + HOUR)
    assert (world.get(reminder).status, world.runs(reminder)) == (Status.COMPLETED, [])


def test_a_condition_is_resolved_once_at_creation(world: World) -> None:
    """What stands in braces becomes the entity's own names, and is stored so."""
    reminder = world.create(flag="{event_type}:{entity_type}:{entity_id}")
    assert reminder.condition == Condition(type="db_check", value="feedback_form:interviewer:INT_100")


def test_a_condition_that_resolves_to_no_flag_key_is_refused(world: World) -> None:
    """An entity whose name fits into no key cannot be part of one: the field is named and nothing is written."""
    with pytest.raises(InvalidField) as refused:
        world.create(entity_id="with space", flag="done:{entity_id}")
    assert refused.value.field == "stop_condition_value"
    assert world.sql("SELECT count(*) FROM reminder_jobs") == [[0]]


def test_an_unknown_channel_is_refused_with_the_known_ones(world: World) -> None:
    """The refusal of a channel lists what there is."""
    with pytest.raises(InvalidField, match="kept, other") as refused:
        world.create(channel="fax")
    assert refused.value.field == "channel"


def test_an_unknown_placeholder_is_refused(world: World) -> None:
    """A message that could never be rendered is refused at creation."""
    with pytest.raises(InvalidField) as refused:
        world.create(body="{{payload.form_url}}")
    assert refused.value.field == "body"


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"schedule_type": "one_time"}, "start_at"),
        ({"interval_minutes": None}, "interval_minutes"),
        ({"interval_minutes": None, "start_at": NOW}, "interval_minutes"),
    ],
)
def test_a_schedule_that_is_not_whole_is_refused(world: World, changes: dict[str, Any], field: str) -> None:
    """A one_time reminder needs its instant and a recurring one its interval."""
    with pytest.raises(InvalidField) as refused:
        world.create(**changes)
    assert refused.value.field == field


# Editing

EDITS: list[tuple[dict[str, Any], Callable[[Reminder], Any], Any]] = [
    ({"recipient": "b@example.com"}, lambda r: r.recipient, "b@example.com"),
    ({"recipient": None}, lambda r: r.recipient, None),
    ({"subject": "new"}, lambda r: r.message.subject, "new"),
    ({"subject": None}, lambda r: r.message, Message(body="body", payload={"a": "b"})),
    ({"body": "new"}, lambda r: r.message.body, "new"),
    ({"body": None}, lambda r: r.message.body, None),
    ({"payload": {"c": 1}}, lambda r: r.message.payload, {"c": 1}),
    ({"payload": None}, lambda r: r.message.payload, None),
    ({"stop_condition_value": "other:{entity_id}"}, lambda r: r.condition, Condition(type="db_check", value="other:INT_100")),
    ({"stop_condition_type": None}, lambda r: r.condition, None),
    ({"stop_condition_type": None, "stop_condition_value": None}, lambda r: r.condition, None),
    ({"start_at": NOW + DAY}, lambda r: (r.schedule.start_at, r.next_run_at), (NOW + DAY, NOW + DAY)),
    ({"interval_minutes": 5}, lambda r: (r.schedule.interval_minutes, r.next_run_at), (5, NOW + HOUR)),
    (
        {"schedule_type": "one_time", "start_at": NOW + DAY},
        lambda r: (r.schedule.schedule_type, r.schedule.interval_minutes, r.next_run_at),
        ("one_time", None, NOW + DAY),
    ),
]  # fmt: skip


@pytest.mark.parametrize("changes, read, expected", EDITS, ids=[repr(changes) for changes, *_ in EDITS])
def test_an_edit_changes_its_field(
    world: World, changes: dict[str, Any], read: Callable[[Reminder], Any], expected: Any
) -> None:
    """A PATCH writes what it gives, a null removes what may be absent, and the version counts it."""
    reminder = world.create(recipient="a@example.com", subject="subject", body="body", payload={"a": "b"})
    answered = world.at(NOW).reminders.patch(reminder.id, edit(**changes))
    assert read(world.get(reminder)) == expected
    assert (answered, answered.version) == (world.get(reminder), 2)


def test_an_edit_leaves_what_it_does_not_give(world: World) -> None:
    """A PATCH of one field leaves all others as they were."""
    reminder = world.create(recipient="a@example.com", subject="subject", body="body", payload={"a": "b"})
    later = NOW + MINUTE
    edited = world.at(later).reminders.patch(reminder.id, edit(subject="new"))
    message = reminder.message._replace(subject="new")
    assert edited == replace(reminder, message=message, version=2, updated_at=later)


@pytest.mark.parametrize("changes", [{}, {"recipient": "a@example.com"}, {"interval_minutes": 60}, {"body": None}])
def test_an_edit_that_changes_nothing_keeps_the_version(world: World, changes: dict[str, Any]) -> None:
    """A PATCH to what already holds writes nothing."""
    reminder = world.create(recipient="a@example.com")
    assert world.at(NOW + MINUTE).reminders.patch(reminder.id, edit(**changes)) == reminder
    assert world.get(reminder) == reminder


def test_a_new_interval_counts_from_the_anchor_and_begins_after_now(world: World) -> None:
    """A schedule edit goes to the first grid instant after now, and what lies before is not missed."""
    reminder = world.create()
    world.tick(NOW + HOUR)
    moment = NOW + 90 * MINUTE
    edited = world.at(moment).reminders.patch(reminder.id, edit(interval_minutes=25))
    world.tick(NOW + 110 * MINUTE)
    assert edited.next_run_at == NOW + 110 * MINUTE
    assert world.runs(reminder)[-1].stands_for == 1


def test_a_schedule_edit_skips_what_was_overdue(world: World) -> None:
    """Occurrences that were due and not planned yet lie before now: after the edit they do not fire."""
    reminder = world.create()
    moment = NOW + 5 * HOUR + MINUTE
    world.at(moment).reminders.patch(reminder.id, edit(interval_minutes=120))
    world.tick(moment)
    assert world.runs(reminder) == []


def test_a_one_time_that_is_edited_into_the_past_is_due_at_once(world: World) -> None:
    """A one_time reminder's new instant may have passed: it fires with the next tick."""
    reminder = world.create(schedule_type="one_time", start_at=NOW + DAY)
    world.at(NOW).reminders.patch(reminder.id, edit(start_at=NOW - DAY))
    world.tick(NOW)
    assert [run.scheduled_for for run in world.runs(reminder)] == [NOW - DAY]


def test_a_paused_reminder_can_be_edited_and_stays_paused(world: World) -> None:
    """A PATCH does not resume."""
    reminder = world.create()
    world.at(NOW).reminders.pause(reminder.id)
    edited = world.at(NOW).reminders.patch(reminder.id, edit(interval_minutes=5))
    world.tick(NOW + DAY)
    assert (edited.status, world.runs(reminder)) == (Status.PAUSED, [])


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"body": "{{nobody}}"}, "body"),
        ({"payload": None}, "body"),
        ({"stop_condition_value": "no key"}, "stop_condition_value"),
        ({"stop_condition_value": None}, "stop_condition_value"),
        ({"schedule_type": "one_time"}, "start_at"),
        ({"schedule_type": "one_time", "start_at": NOW, "interval_minutes": 5}, "interval_minutes"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(world: World, changes: dict[str, Any], field: str) -> None:
    """A PATCH that would leave an impossible reminder names the field and changes nothing."""
    reminder = world.create(body="{{payload.a}}", payload={"a": "b"})
    with pytest.raises(InvalidField) as refused:
        world.at(NOW).reminders.patch(reminder.id, edit(**changes))
    assert refused.value.field == field
    assert world.get(reminder) == reminder


def test_a_condition_needs_its_type(world: World) -> None:
    """A PATCH cannot give a value to a reminder that has no condition's type."""
    reminder = world.create(flag=None)
    with pytest.raises(InvalidField) as refused:
        world.at(NOW).reminders.patch(reminder.id, edit(stop_condition_value="done"))
    assert refused.value.field == "stop_condition_type"


# Verbs


def in_status(world: World, status: Status) -> Reminder:
    """A reminder that stands there."""
    reminder = world.create()
    if status is Status.PAUSED:
        world.at(NOW).reminders.pause(reminder.id)
    elif status is Status.COMPLETED:
        world.at(NOW).reminders.complete(reminder.id)
    elif status is Status.CANCELLED:
        world.at(NOW).reminders.cancel(reminder.id)
    elif status is Status.FAILED:
        world.store_at(NOW).due.park(reminder.id, "cannot be planned")
    return world.get(reminder)


@pytest.mark.parametrize(
    "verb, status",
    [
        ("pause", Status.PAUSED),
        ("resume", Status.ACTIVE),
        ("complete", Status.COMPLETED),
        ("cancel", Status.CANCELLED),
    ],
)
def test_a_verb_whose_result_already_holds_changes_nothing(world: World, verb: str, status: Status) -> None:
    """Repeating a verb answers with the reminder as it is."""
    reminder = in_status(world, status)
    assert getattr(world.at(NOW + DAY).reminders, verb)(reminder.id) == reminder
    assert world.get(reminder) == reminder


@pytest.mark.parametrize(
    "verb, status",
    [
        (verb, status)
        for status in (Status.COMPLETED, Status.CANCELLED, Status.FAILED)
        for verb in ("pause", "resume", "complete", "cancel", "trigger", "patch")
        if (verb, status) not in (("complete", Status.COMPLETED), ("cancel", Status.CANCELLED))
    ],
)
def test_an_ended_reminder_refuses_verbs_and_says_its_status(world: World, verb: str, status: Status) -> None:
    """A verb that the status forbids names both, and nothing changes."""
    reminder = in_status(world, status)
    arguments = [edit(recipient="x")] if verb == "patch" else []
    with pytest.raises(IllegalTransition) as refused:
        getattr(world.at(NOW).reminders, verb)(reminder.id, *arguments)
    assert (refused.value.verb, refused.value.status) == (verb, status)
    assert world.get(reminder) == reminder


@pytest.mark.parametrize("verb", ["pause", "resume", "complete", "cancel", "trigger", "patch"])
def test_a_verb_needs_a_reminder(world: World, verb: str) -> None:
    """A verb on an id that nobody has is NotFound."""
    arguments = [edit(recipient="x")] if verb == "patch" else []
    with pytest.raises(NotFound):
        getattr(world.commands.reminders, verb)(NOBODY, *arguments)


@pytest.mark.parametrize("verb", ["pause", "complete", "cancel", "trigger", "patch"])
def test_a_stale_version_is_refused(world: World, verb: str) -> None:
    """A caller who names an older version than the reminder's is told the actual one, and nothing changes."""
    reminder = world.create()
    edited = world.at(NOW).reminders.patch(reminder.id, edit(recipient="x"), version=1)
    arguments = [edit(recipient="y")] if verb == "patch" else []
    with pytest.raises(StaleVersion) as refused:
        getattr(world.at(NOW).reminders, verb)(reminder.id, *arguments, version=1)
    assert refused.value.actual == 2
    assert (world.get(reminder), world.runs(reminder)) == (edited, [])


def test_two_edits_of_the_same_version_do_not_both_win(world: World) -> None:
    """Of simultaneous edits that name the same version one is written and the other refused."""
    reminder = world.create()
    barrier = threading.Barrier(2)
    refused: list[StaleVersion] = []

    def patch(recipient: str) -> None:
        commands = Commands(world.open_store(), Recipients(frozenset(world.channels)))
        commands.reminders.get(reminder.id)
        barrier.wait()
        try:
            commands.reminders.patch(reminder.id, edit(recipient=recipient), version=1)
        except StaleVersion as stale:
            refused.append(stale)

    threads = [threading.Thread(target=patch, args=(name,)) for name in ("x", "y")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(refused), world.get(reminder).version) == (1, 2)


def test_the_engine_does_not_count_as_an_editor(world: World) -> None:
    """Firing leaves the version alone, so that a caller's ETag survives it."""
    reminder = world.create()
    world.tick(NOW + HOUR)
    assert world.get(reminder).version == reminder.version


# Pausing and resuming


def test_a_pause_cancels_what_waits(world: World) -> None:
    """A retry that waits when its reminder is paused is CANCELLED, and resuming does not revive it."""
    reminder = world.create()
    world.kept.fail = lambda run: OSError("busy")
    world.tick(NOW + HOUR)
    world.at(NOW + HOUR).reminders.pause(reminder.id)
    paused = [(run.state, run.reason) for run in world.runs(reminder)]
    world.at(NOW + HOUR).reminders.resume(reminder.id)
    world.tick(NOW + HOUR + 2 * MINUTE)
    assert paused == [(State.CANCELLED, Reason.PAUSED)]
    assert (len(world.kept.runs), world.runs(reminder)[0].state) == (1, State.CANCELLED)


def test_a_pause_shows_since_when(world: World) -> None:
    """paused_at is the instant of the pause, and gone after resuming."""
    reminder = world.create()
    paused = world.at(NOW + MINUTE).reminders.pause(reminder.id)
    resumed = world.at(NOW + 2 * MINUTE).reminders.resume(reminder.id)
    assert (paused.paused_at, resumed.paused_at) == (NOW + MINUTE, None)


def test_resuming_a_one_time_that_has_passed_completes_it(world: World) -> None:
    """A one_time reminder that slept through its instant has nothing left to do, and sends nothing."""
    reminder = world.create(schedule_type="one_time", start_at=NOW + HOUR)
    world.at(NOW).reminders.pause(reminder.id)
    resumed = world.at(NOW + HOUR).reminders.resume(reminder.id)
    world.tick(NOW + DAY)
    assert (resumed.status, resumed.completion_reason) == (Status.COMPLETED, CompletionReason.SCHEDULE_ENDED)
    assert world.runs(reminder) == []


def test_resuming_a_one_time_before_its_instant_lets_it_fire(world: World) -> None:
    """A one_time reminder that is resumed in time fires when it is due."""
    reminder = world.create(schedule_type="one_time", start_at=NOW + HOUR)
    world.at(NOW).reminders.pause(reminder.id)
    world.at(NOW + HOUR - MINUTE).reminders.resume(reminder.id)
    world.tick(NOW + HOUR)
    assert [run.scheduled_for for run in world.runs(reminder)] == [NOW + HOUR]


# Triggering


def test_a_trigger_makes_a_waiting_run(world: World) -> None:
    """The answer to a trigger is the run that the next tick sends, rendered as it will be sent."""
    reminder = world.create(subject="No {{occurrence_no}} at {{scheduled_for}}")
    run = world.at(NOW).reminders.trigger(reminder.id)
    assert (run.state, run.cause, run.occurrence_no, run.scheduled_for) == (State.PENDING, "trigger", 1, NOW)
    assert run.subject == "No 1 at 2026-03-02T09:00:00Z"
    world.tick(NOW)
    assert [sent.key for sent in world.kept.runs] == [run.key]


def test_a_trigger_leaves_the_cadence(world: World) -> None:
    """The grid goes on as if nobody had triggered, with the next number."""
    reminder = world.create()
    world.at(NOW).reminders.trigger(reminder.id)
    world.tick(NOW)
    world.tick(NOW + HOUR)
    assert [(run.occurrence_no, run.scheduled_for) for run in world.runs(reminder)] == [(1, NOW), (2, NOW + HOUR)]


def test_a_stopped_reminder_cannot_be_triggered(world: World) -> None:
    """A trigger of a reminder whose condition is true is refused and makes no run."""
    reminder = world.create()
    flag(world, "feedback_submitted")
    with pytest.raises(ConditionIsTrue):
        world.at(NOW).reminders.trigger(reminder.id)
    assert world.runs(reminder) == []


def test_a_trigger_before_a_pause_is_cancelled_by_it(world: World) -> None:
    """A triggered run that waits when the reminder is paused is not sent."""
    reminder = world.create()
    world.at(NOW).reminders.trigger(reminder.id)
    world.at(NOW + MINUTE).reminders.pause(reminder.id)
    world.tick(NOW + MINUTE)
    assert [(run.state, run.reason) for run in world.runs(reminder)] == [(State.CANCELLED, Reason.PAUSED)]


# Ending


@pytest.mark.parametrize("verb", ["complete", "cancel"])
def test_ending_a_reminder_cancels_what_waits(world: World, verb: str) -> None:
    """A retry that waits when its reminder ends is CANCELLED."""
    reminder = world.create()
    world.kept.fail = lambda run: OSError("busy")
    world.tick(NOW + HOUR)
    getattr(world.at(NOW + HOUR).reminders, verb)(reminder.id)
    assert [(run.state, run.reason) for run in world.runs(reminder)] == [(State.CANCELLED, Reason.ENDED)]


def test_an_ended_reminder_says_when_and_by_what(world: World) -> None:
    """COMPLETED by a caller shows the instant and the reason."""
    ended = world.at(NOW + MINUTE).reminders.complete(world.create().id)
    assert (ended.completed_at, ended.completion_reason) == (NOW + MINUTE, CompletionReason.COMPLETED_BY_CALLER)


# Reading


def test_reminders_are_listed_newest_first_in_pages(world: World) -> None:
    """Pages follow each other without a gap or an overlap, and the last one says that it is."""
    ids = [world.create(entity_id=f"INT_{n}", now=NOW + timedelta(seconds=n)).id for n in range(5)]
    found, before = [], None
    for size in (2, 2, 1):
        page = world.commands.reminders.page(ReminderFilter(), before=before, limit=2)
        assert len(page.items) == size
        found += [reminder.id for reminder in page.items]
        before = page.next_cursor
    assert (found, before) == (ids[::-1], None)


@pytest.mark.parametrize(
    "filters, expected",
    [
        ({"status": "ACTIVE"}, {"a", "b"}),
        ({"status": "CANCELLED"}, {"c"}),
        ({"entity_type": "interviewer"}, {"a", "c"}),
        ({"entity_type": "interviewer", "entity_id": "c"}, {"c"}),
        ({"entity_id": "a"}, {"a"}),
        ({"event_type": "approval"}, {"b"}),
        ({"channel": "other"}, {"b"}),
        ({"due_before": NOW + 90 * MINUTE}, {"a"}),
        ({"status": "ACTIVE", "channel": "kept"}, {"a"}),
    ],
)
def test_a_list_can_be_filtered(world: World, filters: dict[str, Any], expected: set[str]) -> None:
    """All filters hold at once."""
    world.create(entity_id="a")
    world.create(entity_type="manager", entity_id="b", event_type="approval", channel="other", interval_minutes=120)
    world.at(NOW).reminders.cancel(world.create(entity_id="c").id)
    page = world.commands.reminders.page(ReminderFilter(**filters), before=None, limit=10)
    assert {reminder.key.entity_id for reminder in page.items} == expected


def test_runs_are_listed_newest_first_in_pages(world: World) -> None:
    """The history of a reminder comes in pages, each continuing where the last one ended."""
    reminder = world.create()
    for hour in range(1, 6):
        world.tick(NOW + hour * HOUR)
    first = world.commands.reminders.runs(reminder.id, before=None, limit=3)
    assert first.next_cursor == "3.0"
    second = world.commands.reminders.runs(reminder.id, before=(3, 0), limit=3)
    assert [run.occurrence_no for run in first.items + second.items] == [5, 4, 3, 2, 1]
    assert second.next_cursor is None


def test_the_history_of_nobody_is_not_found(world: World) -> None:
    """Listing the runs of an unknown reminder is NotFound and not an empty list."""
    with pytest.raises(NotFound):
        world.commands.reminders.runs(NOBODY, before=None, limit=3)
