"""Flags on real PostgreSQL: what setting one completes at once, and what the ticks do with the rest."""

from datetime import timedelta

import pytest

from reminders.commands.flags import COMPLETED_AT_ONCE
from reminders.errors import NotFound
from reminders.states import CompletionReason, Reason, State, Status
from tests.world import DAY, HOUR, MINUTE, NOW, World

KEY = "feedback_submitted"
MORE = COMPLETED_AT_ONCE + 250


def statuses(world: World) -> dict[str, int]:
    """How many reminders stand where."""
    return dict(world.sql("SELECT status, count(*) FROM reminder_jobs GROUP BY status"))


def test_a_flag_that_nobody_has_set_counts_as_false(world: World) -> None:
    """A reminder whose flag is missing fires."""
    reminder = world.create()
    world.tick(NOW + HOUR)
    assert [run.state for run in world.runs(reminder)] == [State.SENT]


def test_a_flag_is_what_it_was_set_to(world: World) -> None:
    """Setting creates and changes; reading gives the value with the instants of both."""
    world.at(NOW).flags.set(KEY, False)
    world.at(NOW + MINUTE).flags.set(KEY, True)
    flag = world.commands.flags.get(KEY)
    assert (flag.value, flag.created_at, flag.updated_at) == (True, NOW, NOW + MINUTE)


def test_setting_a_flag_to_what_it_is_does_not_touch_it(world: World) -> None:
    """updated_at is when the value changed last."""
    world.at(NOW).flags.set(KEY, True)
    world.at(NOW + MINUTE).flags.set(KEY, True)
    assert world.commands.flags.get(KEY).updated_at == NOW


@pytest.mark.parametrize("is_paused", [False, True])
def test_setting_a_flag_to_true_completes_what_it_stops(world: World, is_paused: bool) -> None:
    """A live reminder, paused ones included, is COMPLETED by its condition before the answer is given."""
    reminder = world.create()
    if is_paused:
        world.at(NOW).reminders.pause(reminder.id)
    change = world.at(NOW + MINUTE).flags.set(KEY, True)
    ended = world.get(reminder)
    assert (change.completed, change.more) == (1, False)
    assert (ended.status, ended.completion_reason) == (Status.COMPLETED, CompletionReason.STOP_CONDITION)
    assert (ended.completed_at, ended.next_run_at, ended.paused_at) == (NOW + MINUTE, None, None)


def test_a_flag_and_what_it_completes_are_one_transaction(world: World) -> None:
    """Nobody sees the flag true and its reminder live: both rows were written by the same transaction."""
    world.create()
    world.commands.flags.set(KEY, True)
    assert world.sql("SELECT f.xmin::text = j.xmin::text FROM status_flags f, reminder_jobs j") == [[True]]


def test_a_flag_stops_only_its_own(world: World) -> None:
    """Reminders that wait for another flag, or for none, stay as they are."""
    world.create(entity_id="other", flag="another")
    world.create(entity_id="none", flag=None)
    assert world.at(NOW).flags.set(KEY, True).completed == 0
    assert statuses(world) == {Status.ACTIVE: 2}


def test_a_flag_does_not_end_what_has_ended(world: World) -> None:
    """A CANCELLED reminder stays CANCELLED when its flag is set."""
    reminder = world.create()
    world.at(NOW).reminders.cancel(reminder.id)
    assert world.at(NOW).flags.set(KEY, True).completed == 0
    assert world.get(reminder).status is Status.CANCELLED


def test_a_flag_cancels_what_waits(world: World) -> None:
    """A retry of a reminder that a flag completes is CANCELLED with it."""
    reminder = world.create()
    world.kept.fail = lambda run: OSError("busy")
    world.tick(NOW + HOUR)
    world.at(NOW + HOUR).flags.set(KEY, True)
    assert [(run.state, run.reason) for run in world.runs(reminder)] == [(State.CANCELLED, Reason.STOPPED)]


def test_a_flag_stops_the_retry_of_a_reminder_that_is_complete(world: World) -> None:
    """The last run of a one_time reminder is not tried again once its condition is true."""
    reminder = world.create(schedule_type="one_time", start_at=NOW + HOUR)
    world.kept.fail = lambda run: OSError("busy")
    world.tick(NOW + HOUR)
    world.at(NOW + HOUR).flags.set(KEY, True)
    world.tick(NOW + HOUR + MINUTE)
    assert (len(world.kept.runs), world.runs(reminder)[0].state) == (1, State.CANCELLED)


# More than one transaction may complete


def test_one_call_completes_a_bounded_number_and_says_that_there_are_more(world: World) -> None:
    """Setting a flag completes at most a thousand and answers `more`."""
    world.plant(MORE, due=NOW + DAY, flag=KEY)
    change = world.at(NOW).flags.set(KEY, True)
    assert (change.completed, change.more) == (COMPLETED_AT_ONCE, True)
    assert statuses(world) == {Status.COMPLETED: COMPLETED_AT_ONCE, Status.ACTIVE: MORE - COMPLETED_AT_ONCE}


def test_exactly_as_many_as_one_call_completes_are_not_more(world: World) -> None:
    """A thousand of a thousand leave nothing for the ticks."""
    world.plant(COMPLETED_AT_ONCE, due=NOW + DAY, flag=KEY)
    change = world.at(NOW).flags.set(KEY, True)
    assert (change.completed, change.more) == (COMPLETED_AT_ONCE, False)


@pytest.mark.parametrize("due", [NOW - HOUR, NOW + DAY], ids=["due", "not due"])
def test_the_ticks_complete_the_rest_and_send_nothing(world: World, due: timedelta) -> None:
    """What one call has left over is completed by the next tick in batches, due or not, and nothing of it is sent."""
    world.plant(MORE, due=due, flag=KEY)  # type: ignore[arg-type]
    world.at(NOW).flags.set(KEY, True)
    summary = world.tick(NOW, batch=100)
    assert (summary.completed, summary.planned, world.kept.runs) == (MORE - COMPLETED_AT_ONCE, 0, [])
    assert statuses(world) == {Status.COMPLETED: MORE}


def test_a_waiting_run_of_the_rest_is_not_sent(world: World) -> None:
    """A retry of a reminder that no call has reached yet ends CANCELLED when its time comes."""
    world.plant(MORE, due=NOW - HOUR, flag=KEY)
    world.kept.fail = lambda run: OSError("busy")
    world.tick(NOW)
    sent = len(world.kept.runs)
    world.at(NOW).flags.set(KEY, True)
    world.tick(NOW + MINUTE)
    assert (len(world.kept.runs), world.states()) == (sent, {State.CANCELLED: MORE})


def test_setting_the_flag_back_ends_the_draining(world: World) -> None:
    """Once the flag is false again the reminders that nobody has completed yet stay live and fire."""
    world.plant(MORE, due=NOW, flag=KEY)
    world.at(NOW).flags.set(KEY, True)
    world.at(NOW).flags.set(KEY, False)
    summary = world.tick(NOW)
    assert (summary.completed, summary.sent) == (0, MORE - COMPLETED_AT_ONCE)


def test_repeating_the_call_completes_the_next_thousand(world: World) -> None:
    """A caller may set the flag again instead of waiting for a tick."""
    world.plant(MORE, due=NOW + DAY, flag=KEY)
    world.at(NOW).flags.set(KEY, True)
    change = world.at(NOW).flags.set(KEY, True)
    assert (change.completed, change.more) == (MORE - COMPLETED_AT_ONCE, False)


def test_several_flags_drain_in_one_tick(world: World) -> None:
    """A tick completes what is left of each flag that stops more than one call may."""
    for key in ("a", "b"):
        world.plant(MORE, due=NOW + DAY, flag=key)
        world.sql("UPDATE reminder_jobs SET entity_type = :key WHERE entity_type = 'thing'", key=key)
        world.at(NOW).flags.set(key, True)
    world.tick(NOW)
    assert statuses(world) == {Status.COMPLETED: 2 * MORE}


# Deleting, listing, plain SQL


def test_a_deleted_flag_counts_as_false(world: World) -> None:
    """Deleting a true flag lets a reminder that was made meanwhile fire."""
    world.at(NOW).flags.set(KEY, True)
    reminder = world.create()
    world.commands.flags.delete(KEY)
    world.tick(NOW + HOUR)
    assert [run.state for run in world.runs(reminder)] == [State.SENT]


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_a_flag_that_is_not_there_is_not_found(world: World, verb: str) -> None:
    """Reading or deleting an unknown flag says that there is none."""
    with pytest.raises(NotFound):
        getattr(world.commands.flags, verb)(KEY)


def test_flags_are_listed_by_key_in_pages(world: World) -> None:
    """Pages follow each other in the order of the keys' bytes."""
    for key in ("b", "a", "B", "a:1"):
        world.at(NOW).flags.set(key, False)
    first = world.commands.flags.page(after=None, limit=3)
    second = world.commands.flags.page(after=first.next_cursor, limit=3)
    assert [flag.key for flag in first.items + second.items] == ["B", "a", "a:1", "b"]
    assert second.next_cursor is None


def test_plain_sql_stops_a_paused_reminder_when_it_is_resumed_and_due(world: World) -> None:
    """A flag set by SQL while its reminder slept completes it, unsent, when it is next due."""
    reminder = world.create()
    world.at(NOW).reminders.pause(reminder.id)
    world.sql(f"INSERT INTO status_flags (key, value) VALUES ('{KEY}', true)")
    world.at(NOW).reminders.resume(reminder.id)
    world.tick(NOW + HOUR)
    assert (world.get(reminder).status, world.kept.runs) == (Status.COMPLETED, [])
