"""The tick on real PostgreSQL: what fires, when, and what ends."""

from datetime import timedelta

import pytest

from reminders.states import CompletionReason, State, Status
from tests.world import DAY, HOUR, MINUTE, NOW, World


def test_a_due_reminder_fires_once_and_moves_on_along_its_grid(world: World) -> None:
    """A reminder whose condition is false gets one run, and its next instant is one interval later, to the
    microsecond."""
    reminder = world.create(now=NOW)
    late = NOW + HOUR + timedelta(minutes=7, microseconds=123)

    world.tick(late)
    world.tick(late)

    (run,) = world.runs(reminder)
    assert (run.state, run.scheduled_for, run.stands_for) == (State.SENT, NOW + HOUR, 1)
    assert world.get(reminder).next_run_at == NOW + 2 * HOUR


def test_nothing_fires_before_it_is_due(world: World) -> None:
    """A tick a microsecond before the instant plans nothing."""
    reminder = world.create(now=NOW)
    world.tick(NOW + HOUR - timedelta(microseconds=1))
    assert world.runs(reminder) == []


def test_downtime_makes_one_run_that_says_how_many_it_stands_for(world: World) -> None:
    """After an outage the latest missed occurrence fires, marked with how many it replaces; then the grid goes on."""
    reminder = world.create(now=NOW)
    back = NOW + 6 * HOUR + 30 * MINUTE

    world.tick(back)

    (run,) = world.runs(reminder)
    assert (run.scheduled_for, run.stands_for) == (NOW + 6 * HOUR, 6)
    assert world.get(reminder).next_run_at == NOW + 7 * HOUR


def test_a_true_flag_completes_a_due_reminder_without_sending(world: World) -> None:
    """Plain SQL on status_flags stops a reminder at the latest when it is next due; it gets no run."""
    reminder = world.create(now=NOW)
    world.sql("INSERT INTO status_flags (key, value) VALUES ('feedback_submitted', false)")
    world.tick(NOW + HOUR)
    world.sql("UPDATE status_flags SET value = true WHERE key = 'feedback_submitted'")

    world.tick(NOW + 2 * HOUR)

    ended = world.get(reminder)
    assert (ended.status, ended.completion_reason) == (Status.COMPLETED, CompletionReason.STOP_CONDITION)
    assert [run.state for run in world.runs(reminder)] == [State.SENT]


def test_a_one_time_reminder_completes_when_its_occurrence_is_planned(world: World) -> None:
    """A one_time reminder ends as schedule_ended, and its run is delivered."""
    reminder = world.create(schedule_type="one_time", start_at=NOW + HOUR)
    world.tick(NOW + HOUR)
    ended = world.get(reminder)
    assert (ended.status, ended.completion_reason) == (Status.COMPLETED, CompletionReason.SCHEDULE_ENDED)
    assert [run.state for run in world.runs(reminder)] == [State.SENT]


def test_a_one_time_reminder_in_the_past_is_due_at_once(world: World) -> None:
    """A start_at that has passed fires with the next tick, for the instant that was asked."""
    reminder = world.create(schedule_type="one_time", start_at=NOW - DAY)
    world.tick(NOW)
    assert [run.scheduled_for for run in world.runs(reminder)] == [NOW - DAY]


def test_a_recurring_reminder_with_a_past_start_begins_after_now(world: World) -> None:
    """A start_at in the past gives the grid; its first instant after now is the first to fire, and none is missed."""
    reminder = world.create(start_at=NOW - 90 * MINUTE, now=NOW)
    assert reminder.next_run_at == NOW + 30 * MINUTE
    world.tick(NOW + 30 * MINUTE)
    assert [run.stands_for for run in world.runs(reminder)] == [1]


@pytest.mark.parametrize("back", [timedelta(0), MINUTE, DAY, 400 * DAY])
def test_an_operator_who_sets_next_run_at_back_makes_it_fire_once_more(world: World, back: timedelta) -> None:
    """Setting next_run_at by SQL to now or to any past instant fires one extra occurrence; the grid is untouched."""
    reminder = world.create(now=NOW)
    moment = NOW + HOUR + 5 * MINUTE
    world.tick(moment)
    world.sql("UPDATE reminder_jobs SET next_run_at = CAST(:at AS timestamptz)", at=(moment - back).isoformat())

    later = moment + timedelta(seconds=1)  # a claim that was slow may keep the ticks of the next second to newer ones
    world.tick(later)
    world.tick(later)

    assert [run.occurrence_no for run in world.runs(reminder)] == [1, 2]
    assert world.get(reminder).next_run_at == NOW + 2 * HOUR


def test_an_update_without_where_does_no_harm_to_ended_reminders(world: World) -> None:
    """An operator may set next_run_at on every row: what has ended stays ended and does not fire."""
    ended = world.create(entity_id="ended")
    world.at(NOW).reminders.complete(ended.id)
    world.sql("UPDATE reminder_jobs SET next_run_at = now()")
    world.tick(None)
    assert world.runs(ended) == []


def test_the_message_is_rendered_once_and_kept_as_a_snapshot(world: World) -> None:
    """A run carries the text as it was when it was planned; a PATCH changes only later runs."""
    reminder = world.create(
        subject="{{event_type}} of {{entity_id}}, no {{occurrence_no}}",
        body="Go to {{payload.form.url}}\n",
        payload={"form": {"url": "https://example.com/f"}},
    )
    world.tick(NOW + HOUR)
    (run,) = world.runs(reminder)
    assert (run.subject, run.body) == ("feedback_form of INT_100, no 1", "Go to https://example.com/f\n")
    assert world.kept.runs[0].subject == "feedback_form of INT_100, no 1"


def test_a_triggered_run_is_sent_by_the_next_tick_and_leaves_the_cadence(world: World) -> None:
    """A trigger makes one run beside the grid, also of a paused reminder."""
    reminder = world.create(now=NOW)
    world.at(NOW).reminders.pause(reminder.id)
    world.at(NOW + MINUTE).reminders.trigger(reminder.id)
    world.tick(NOW + MINUTE)
    assert [(run.cause, run.state) for run in world.runs(reminder)] == [("trigger", State.SENT)]
    assert world.get(reminder).next_run_at == reminder.next_run_at


def test_one_reminder_that_cannot_be_planned_is_parked_alone(world: World) -> None:
    """A batch that the database refuses is halved until the culprit is alone; its neighbours fire in the same tick."""
    reminders = [world.create(entity_id=f"INT_{n}") for n in range(20)]
    culprit = reminders[7]
    world.sql(f"ALTER TABLE reminder_runs ADD CONSTRAINT not_this_one CHECK (reminder_id <> '{culprit.id}')")
    world.tick(NOW + HOUR)
    assert world.get(culprit).status is Status.FAILED
    assert world.get(culprit).last_error
    assert {run.entity_id for run in world.kept.runs} == {r.key.entity_id for r in reminders} - {culprit.key.entity_id}


def test_a_paused_reminder_does_not_fire_and_resumes_at_the_next_instant(world: World) -> None:
    """Resuming goes on at the first grid instant after now and replays nothing."""
    reminder = world.create(now=NOW)
    world.at(NOW).reminders.pause(reminder.id)
    world.tick(NOW + 5 * HOUR)
    assert world.runs(reminder) == []
    resumed = world.at(NOW + 5 * HOUR + MINUTE).reminders.resume(reminder.id)
    assert resumed.next_run_at == NOW + 6 * HOUR
    world.tick(NOW + 6 * HOUR)
    assert [run.stands_for for run in world.runs(reminder)] == [1]
