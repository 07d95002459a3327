"""When something around a tick is wrong: workers that died, slow channels, servers and helpers that fail, strange
rows."""

import threading

import pytest

from reminders.channels import PermanentFailure
from reminders.engine import limits
from reminders.engine.limits import PARKED_IN_A_ROW
from reminders.engine.planning import Planner
from reminders.instants import to_instant
from reminders.lifecycle import retries, stops
from reminders.runs import Run
from reminders.states import Reason, State, Status
from tests.world import DAY, HOUR, MINUTE, NOW, Kept, World

DUE = NOW + HOUR
AFTER_LEASE = DUE + 3 * MINUTE


class Blocked(Kept):
    """A channel whose sends hang until they are let go."""

    concurrency = 1

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def send_one(self, run: Run) -> str | None:
        self.let_go.wait(30)
        return super().send_one(run)


def orphan(world: World, attempt: int, reason: str | None) -> None:
    """Plans what is due, and leaves it to a worker that died at this attempt."""
    Planner(world.store_at(DUE), batch=1000, lease_seconds=120).plan({"kept": 10_000, "other": 10_000}, None)
    world.sql(
        "UPDATE reminder_runs SET attempt = CAST(:attempt AS smallint), reason = :reason",
        attempt=attempt,
        reason=reason,
    )


def test_a_last_attempt_that_was_not_made_alone_is_made_once_more_alone(world: World) -> None:
    """A worker may die before it begins a run's last attempt: only what was alone when its worker died ends DEAD."""
    reminder = world.create()
    orphan(world, retries.MAX_ATTEMPTS, "retry")
    world.tick(AFTER_LEASE)
    assert [run.state for run in world.runs(reminder)] == [State.SENT]


def test_a_dead_run_is_logged_alike_wherever_it_ends(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """When it is planned, when it is sent, or after its workers: one line with run, reminder, channel and reason."""
    world.sql("UPDATE scheduler_state SET incarnation = 'life'")
    world.create(entity_id="left")
    orphan(world, retries.MAX_ATTEMPTS, "unknown")
    world.create(entity_id="sent", channel="other")
    world.channels["other"] = Kept(lambda run: PermanentFailure("no"))
    world.create(entity_id="planned")
    world.sql("""UPDATE reminder_jobs SET message = '{"body": "{{unheard-of}}"}' WHERE entity_id = 'planned'""")
    world.tick(AFTER_LEASE)
    logged = {
        (line.run, line.reminder, line.channel, line.reason)
        for line in caplog.records
        if line.getMessage() == "run is dead"
    }
    ended = world.sql(
        "SELECT concat_ws('_', reminder_id, occurrence_no, step, 'life'), reminder_id::text, channel, reason"
        " FROM reminder_runs WHERE state = 'DEAD'"
    )
    assert {reason for *_, reason in logged} == {Reason.RENDER_FAILED, Reason.PERMANENT, Reason.EXHAUSTED}
    assert sorted(logged) == sorted(map(tuple, ended))


def test_what_a_dead_worker_left_on_a_slow_channel_holds_up_no_other(world: World) -> None:
    """Runs that are taken over are sent beside everything else, and not before it."""
    blocked = Blocked()
    world.channels["other"] = blocked
    world.plant(300, due=DUE, channel="other")
    orphan(world, 1, None)
    healthy = world.create(now=DUE)
    tick = threading.Thread(
        target=world.tick, args=(DUE + HOUR,), kwargs={"store": world.open_store(), "budget_seconds": 30.0}
    )
    tick.start()
    try:
        world.wait_until("SELECT FROM reminder_runs WHERE channel = 'kept' AND state = 'SENT'")
    finally:
        blocked.let_go.set()
        tick.join()
    assert [run.state for run in world.runs(healthy)] == [State.SENT]


def test_a_suspect_whose_channel_hangs_is_waited_for_no_longer_than_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is sent alone gets its part of the tick, and then everything else goes on next to it."""
    monkeypatch.setattr(limits, "ALONE_SECONDS", 0.1)
    blocked = Blocked()
    world.channels["other"] = blocked
    world.create(entity_id="suspect", channel="other", now=NOW)
    orphan(world, retries.ALONE_FROM_ATTEMPT, "unknown")
    world.create(entity_id="healthy", now=DUE, interval_minutes=1)
    tick = threading.Thread(
        target=world.tick, args=(AFTER_LEASE,), kwargs={"store": world.open_store(), "budget_seconds": 60.0}
    )
    tick.start()
    try:
        world.wait_until("SELECT FROM reminder_runs WHERE channel = 'kept' AND state = 'SENT'")
    finally:
        blocked.let_go.set()
        tick.join()
    assert world.sql("SELECT DISTINCT state FROM reminder_runs WHERE channel = 'other' AND attempt > 3") == [["SENT"]]


def test_runs_behind_a_send_that_hangs_are_handed_back(world: World) -> None:
    """When time is up, what no thread has begun goes back, also if the threads are stuck."""
    blocked = Blocked()
    blocked.timeout_seconds = 0.01
    world.channels["other"] = blocked
    world.plant(50, due=DUE, channel="other")
    summary = world.tick(DUE, budget_seconds=5.0)
    blocked.let_go.set()
    assert summary.handed_back == 49
    assert world.states() == {State.SENDING: 1, State.PENDING: 49}


def test_helpers_that_cannot_be_called_do_not_stop_the_tick(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More workers make a tick faster, but it does not need them."""
    monkeypatch.setattr("reminders.engine.limits.FAN_OUT_RUNS", 10)
    world.plant(50, due=DUE)

    def throttled() -> None:
        raise OSError("too many requests")

    world.tick(DUE, fan_out=throttled, batch=10)
    assert world.states() == {State.SENT: 50}


def test_a_fault_of_the_server_parks_nobody(world: World) -> None:
    """What the server refuses for a reason of its own is no reminder's fault: all are still due."""
    world.plant(20, due=DUE)
    refuse(world, "58030")
    summary = world.tick(DUE)
    assert "58030" in summary.error
    assert world.sql("SELECT count(*) FROM reminder_jobs WHERE status = 'ACTIVE'") == [[20]]


def test_a_fault_that_looks_like_the_rows_parks_few(world: World) -> None:
    """When each reminder's plan is refused the rows can hardly be the reason: the tick ends after a few."""
    world.plant(50, due=DUE)
    refuse(world, "23514")
    summary = world.tick(DUE)
    assert summary.parked == PARKED_IN_A_ROW
    assert world.sql("SELECT count(*) FROM reminder_jobs WHERE status = 'FAILED'") == [[PARKED_IN_A_ROW]]


def refuse(world: World, sqlstate: str) -> None:
    """Makes the server refuse each run that is inserted."""
    world.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$"
    )
    world.sql("CREATE TRIGGER refuse BEFORE INSERT ON reminder_runs FOR EACH ROW EXECUTE FUNCTION refuse()")


def test_a_payload_with_a_number_beyond_measure_harms_nobody(world: World) -> None:
    """jsonb takes numbers of thousands of digits, which plain SQL may have put there; the tick goes on."""
    strange = world.create(entity_id="strange", payload={"n": 1})
    fine = world.create(entity_id="fine")
    world.sql(
        'UPDATE reminder_jobs SET message = \'{"payload": {"n": 1e5000}}\' WHERE id = CAST(:id AS uuid)', id=strange.id
    )
    world.tick(DUE)
    assert [run.state for run in world.runs(fine)] == [State.SENT]
    assert [run.state for run in world.runs(strange)] == [State.SENT]


def test_a_dead_triggered_run_does_not_fail_a_reminder_that_was_delivered(world: World) -> None:
    """Only the last run of the schedule decides whether a reminder that has ended was delivered."""
    reminder = world.create(schedule_type="one_time", start_at=NOW + DAY)
    world.at(NOW).reminders.pause(reminder.id)
    world.at(NOW).reminders.trigger(reminder.id)
    world.at(NOW + 2 * DAY).reminders.resume(reminder.id)
    world.kept.fail = lambda run: PermanentFailure("no")
    world.tick(NOW + 2 * DAY)
    assert world.get(reminder).status is Status.COMPLETED


def test_a_trigger_and_an_edit_do_not_overtake_a_retry(world: World) -> None:
    """A retry is superseded by the next occurrence of its schedule, and by nothing else."""
    reminder = world.create()
    world.kept.fail = lambda run: OSError("down")
    world.tick(DUE)
    retry_at = world.runs(reminder)[0].attempt_at
    assert retry_at is not None
    world.at(DUE).reminders.trigger(reminder.id)
    world.at(DUE).reminders.patch(reminder.id, world.edit(interval_minutes=180))
    world.kept.fail = lambda run: None
    world.tick(retry_at)
    assert [run.state for run in world.runs(reminder)] == [State.SENT, State.SENT]


def test_what_a_pause_stopped_is_not_revived_by_its_end(world: World) -> None:
    """Runs that were leased and had not begun when the pause came are cancelled, also when it has ended meanwhile."""
    reminder = world.create()
    planned = Planner(world.store_at(DUE), batch=10, lease_seconds=120).plan({"kept": 10}, None)
    world.at(DUE + MINUTE).reminders.pause(reminder.id)
    world.at(DUE + MINUTE).reminders.resume(reminder.id)
    _, (facts,), flags = world.store_at(DUE + MINUTE).runs.facts(planned.leased)
    assert stops.forbids(facts, flags, to_instant(DUE + MINUTE)) == "paused"


def refuse_change(world: World, condition: str) -> None:
    """Makes the server refuse each change of a reminder for which the condition holds."""
    world.sql(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION 'refused' USING ERRCODE = '23514'; END IF; RETURN NEW; END $$"
    )
    world.sql(
        "CREATE TRIGGER refuse_change BEFORE UPDATE ON reminder_jobs FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def test_one_that_cannot_be_completed_does_not_hold_up_what_its_flag_stops(world: World) -> None:
    """A flag's reminders are completed in smaller batches until the one that is refused is alone; the tick goes on."""
    world.plant(40, due=NOW + DAY, flag="done")
    innocent = world.create(flag=None, now=NOW)
    refuse_change(world, "NEW.status = 'COMPLETED' AND NEW.entity_id = 'n_40'")
    world.sql("INSERT INTO status_flags (key, value, draining) VALUES ('done', true, true)")
    summary = world.tick(DUE)
    assert summary.error == ""
    assert [run.state for run in world.runs(innocent)] == [State.SENT]
    assert world.sql("SELECT count(*) FROM reminder_jobs WHERE status = 'COMPLETED'") == [[39]]


def test_one_that_cannot_be_replanned_keeps_its_instants_and_the_others_follow(world: World) -> None:
    """New zones are applied to all but the one whose change is refused."""
    for number in range(20):
        key = f"n_{number}"
        world.create(entity_id=key, schedule_type="cron", cron="0 12 * * *", timezone="Europe/Berlin", flag=None)
    world.sql("UPDATE reminder_jobs SET next_run_at = next_run_at + interval '7 minutes'")
    world.sql("UPDATE scheduler_state SET zones_version = '1999a'")
    refuse_change(world, "NEW.entity_id = 'n_7'")
    assert world.tick(NOW).error == ""
    found = world.sql("SELECT entity_id FROM reminder_jobs WHERE extract(minute FROM next_run_at) = 7")
    assert found == [["n_7"]]
    assert world.sql("SELECT zones_replan_after FROM scheduler_state") == [[None]]


def refuse_lease(world: World, condition: str) -> None:
    """Makes the server refuse each change of a run for which the condition holds."""
    world.sql(
        "CREATE FUNCTION refuse_lease() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION 'refused' USING ERRCODE = '22003'; END IF; RETURN NEW; END $$"
    )
    world.sql("CREATE TRIGGER refuse_lease BEFORE UPDATE ON reminder_runs FOR EACH ROW EXECUTE FUNCTION refuse_lease()")


@pytest.mark.parametrize("refused", ["NEW.state = 'SENDING' AND", ""])
@pytest.mark.parametrize("state, attempt", [("PENDING", 0), ("SENDING", 1), ("SENDING", 4)])
def test_a_run_that_cannot_be_leased_is_ended_or_passed_over(
    world: World, state: str, attempt: int, refused: str
) -> None:
    """Of the runs that wait or were left behind, one is refused: it is DEAD, or stays as it is; the others are sent."""
    world.plant(40, due=NOW + DAY, schedule_type="one_time")
    world.sql(
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, state, attempt, attempt_at) "
        f"SELECT id, 1, now(), 'kept', '{state}', {attempt}, '2026-03-01Z' FROM reminder_jobs"
    )
    culprit = world.sql("SELECT id FROM reminder_jobs WHERE entity_id = 'n_7'")[0][0]
    refuse_lease(world, f"{refused} NEW.reminder_id = '{culprit}'")
    for _ in range(3):
        assert world.tick(NOW).error == ""
    assert world.states() == {"SENT": 39, "DEAD" if refused else state: 1}


def test_many_that_have_no_run_left_or_no_number_hold_up_nobody(world: World) -> None:
    """What SQL has counted to an end is ended without a try: more of them in a row than may be refused are no fault."""
    world.plant(60, due=DUE)
    world.sql("UPDATE reminder_jobs SET runs_left = 0 WHERE right(entity_id, 1) IN ('0', '2', '4', '6', '8')")
    world.sql("UPDATE reminder_jobs SET occurrence_no = 2147483647 WHERE runs_left IS NULL")
    innocent = world.create(now=DUE - HOUR + MINUTE, flag=None)
    summary = world.tick(DUE + MINUTE)
    assert (summary.error, [run.state for run in world.runs(innocent)]) == ("", [State.SENT])
    assert dict(world.sql("SELECT status, count(*) FROM reminder_jobs GROUP BY status")) == {
        Status.COMPLETED: 30,
        Status.FAILED: 30,
        Status.ACTIVE: 1,
    }


@pytest.mark.parametrize("gaps", ["[-5]", "[0]", "[5, -5]", "[5, 0]", "[9223372036854775807]"])
def test_a_gap_that_goes_back_is_not_followed(world: World, gaps: str) -> None:
    """A schedule that would never advance is parked at once, and its neighbour fires."""
    strange, innocent = world.create(entity_id="strange", flag=None), world.create(entity_id="innocent", flag=None)
    world.sql(
        "UPDATE reminder_jobs SET interval_minutes = NULL, schedule = jsonb_build_object('backoff_minutes', "
        "CAST(:gaps AS jsonb)) WHERE id = CAST(:id AS uuid)",
        gaps=gaps,
        id=strange.id,
    )
    world.tick(DUE)
    assert world.get(strange).status is Status.FAILED
    assert "backoff_minutes" in str(world.get(strange).last_error)
    assert [run.state for run in world.runs(innocent)] == [State.SENT]
