"""Rows and numbers that do not belong together, as after logical replication or a restore of one table alone."""

import pytest

from reminders.errors import DatabaseRefused
from reminders.states import State, Status
from reminders.storage.due import DueTable
from tests.world import DAY, HOUR, NOW, World

DUE = NOW + HOUR


def history(world: World, numbers: str) -> None:
    """Sent runs that each reminder has had at these occurrences."""
    world.sql(
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, finished_at) "
        "SELECT id, n, now(), 'kept', 'SENT', now() FROM reminder_jobs, unnest(CAST(:numbers AS integer[])) AS n",
        numbers=numbers,
    )


def test_a_sequence_that_is_behind_is_moved_on(world: World) -> None:
    """Logical replication copies runs and not the sequence of their ids: all fire, and nobody fails."""
    world.plant(60, due=DUE)
    history(world, "{1,2,3}")
    world.sql("UPDATE reminder_jobs SET occurrence_no = 3")
    world.sql("SELECT setval('reminder_runs_id_seq', 1)")
    summary = world.tick(DUE)
    assert (summary.error, summary.parked, summary.sent) == ("", 0, 60)
    assert world.sql("SELECT status, count(*) FROM reminder_jobs GROUP BY status") == [["ACTIVE", 60]]


def test_reminders_that_are_older_than_their_runs_go_on_after_them(world: World) -> None:
    """Where reminders alone were restored their next occurrences get numbers that no run has."""
    world.plant(60, due=DUE)
    history(world, "{1,2,3,7}")
    summary = world.tick(DUE, batch=10)
    assert (summary.error, summary.parked, summary.sent) == ("", 0, 60)
    assert world.sql("SELECT DISTINCT status, occurrence_no FROM reminder_jobs") == [["ACTIVE", 8]]


def test_an_occurrence_at_the_end_of_its_type_is_not_followed(world: World) -> None:
    """A run that somebody has given an impossible number does not take its reminder there."""
    reminder = world.create(now=NOW)
    history(world, "{1,2147483647}")
    assert world.tick(DUE).sent == 1
    assert world.get(reminder).occurrence_no == 2


@pytest.mark.parametrize("behind", ["sequence", "numbers"])
def test_a_trigger_mends_as_well(world: World, behind: str) -> None:
    """What is behind for the tick is behind for a caller, who is not to notice."""
    reminder = world.create(schedule_type="one_time", start_at=NOW + DAY)
    history(world, "{1,2,3}")
    if behind == "sequence":
        world.sql("UPDATE reminder_jobs SET occurrence_no = 3")
        world.sql("SELECT setval('reminder_runs_id_seq', 1)")
    run = world.at(NOW).reminders.trigger(reminder.id)
    assert (run.occurrence_no, run.state) == (4, State.PENDING)


def test_a_contradiction_that_cannot_be_mended_ends_no_reminder(world: World) -> None:
    """A constraint that is about other rows puts the reminder off by a minute; its neighbours fire."""
    world.plant(20, due=DUE)
    world.sql("CREATE TABLE known (id uuid PRIMARY KEY)")
    world.sql("INSERT INTO known SELECT id FROM reminder_jobs WHERE entity_id <> 'n_7'")
    world.sql("ALTER TABLE reminder_runs ADD FOREIGN KEY (reminder_id) REFERENCES known")
    summary = world.tick(DUE)
    assert (summary.error, summary.parked, summary.sent) == ("", 0, 19)
    put_off = world.sql("SELECT status, next_run_at, occurrence_no FROM reminder_jobs WHERE entity_id = 'n_7'")
    assert put_off == [[Status.ACTIVE, DUE + HOUR / 60, 0]]
    world.sql("INSERT INTO known SELECT id FROM reminder_jobs WHERE entity_id = 'n_7'")
    assert world.tick(DUE + HOUR / 60).sent == 1


def test_a_sequence_at_its_end_ends_the_tick_and_no_reminder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no more ids the tick says so, and everything stays due."""
    world.plant(20, due=DUE)
    world.sql("SELECT setval('reminder_runs_id_seq', 9223372036854775807)")
    parked: list[str] = []
    monkeypatch.setattr(DueTable, "park", lambda self, reminder_id, error: parked.append(reminder_id))
    summary = world.tick(DUE)
    assert "2200H" in summary.error
    assert not parked
    assert world.sql("SELECT count(*) FROM reminder_jobs WHERE status = 'ACTIVE'") == [[20]]


def test_a_refusal_names_its_constraint(world: World) -> None:
    """Who decides by a constraint is told which one it is, and does not read messages."""
    world.plant(1)
    with pytest.raises(DatabaseRefused) as refused:
        world.sql("INSERT INTO reminder_jobs SELECT * FROM reminder_jobs")
    assert refused.value.constraint == "reminder_jobs_pkey"
