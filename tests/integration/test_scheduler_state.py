"""What a tick leaves for the next one may be missing, wrong, or of a time that never came: the engine goes on."""

import pytest

from tests.world import DAY, HOUR, MINUTE, NOW, World

DUE = NOW + HOUR


def sent(world: World) -> list[int]:
    return [run.occurrence_no for run in world.kept.runs]


def test_a_missing_row_is_made_again(world: World) -> None:
    """Without the scheduler's own row ticks fire, and leave one."""
    world.create()
    world.tick(NOW, stage="prod")
    world.sql("DELETE FROM scheduler_state")
    assert world.tick(DUE, stage="prod").error == ""
    assert sent(world) == [1]
    assert world.sql(
        "SELECT stage, last_tick_at = CAST(:at AS timestamptz) FROM scheduler_state", at=DUE.isoformat()
    ) == [["prod", True]]


def test_a_missing_row_was_perhaps_a_later_lifes(world: World) -> None:
    """Nobody knows which life it was: what is planned has ids of a new one."""
    world.create()
    world.tick(DUE)
    world.sql("DELETE FROM scheduler_state")
    world.tick(DUE + HOUR)
    assert [len(run.key.split("_")) for run in world.kept.runs] == [3, 4]


def test_a_row_that_goes_missing_within_a_tick_harms_nothing(world: World) -> None:
    """Whatever a tick does after its beginning gets by without the row."""
    world.create()
    lost: list[object] = []
    world.kept.fail = lambda run: lost.append(world.sql("DELETE FROM scheduler_state"))
    assert world.tick(DUE).error == ""
    assert world.sql("SELECT count(*) FROM scheduler_state") == [[0]]
    assert world.tick(DUE + MINUTE).error == ""
    assert world.sql("SELECT count(*) FROM scheduler_state") == [[1]]
    assert sent(world) == [1]


def test_a_missing_row_follows_todays_time_zones_again(world: World) -> None:
    """Which edition of the zones the schedules follow is lost as well, so they are worked out anew."""
    reminder = world.create(schedule_type="calendar", unit="day", timezone="Europe/Berlin", start_at=NOW + DAY, now=NOW)
    world.sql(
        "UPDATE reminder_jobs SET start_at = start_at - interval '1 hour', next_run_at = next_run_at - interval '1 hour'"
    )
    world.sql("DELETE FROM scheduler_state")
    world.tick(NOW)
    assert world.get(reminder).next_run_at == NOW + DAY


@pytest.mark.parametrize("version", ["zzzz", "latest", "9999z", "", "2030-01-01", "ünsinn"])
def test_an_edition_that_is_none_counts_as_old(world: World, version: str) -> None:
    """A time-zone edition that no release has had does not keep schedules from following today's."""
    reminder = world.create(schedule_type="calendar", unit="day", timezone="Europe/Berlin", start_at=NOW + DAY, now=NOW)
    world.sql(
        "UPDATE reminder_jobs SET start_at = start_at - interval '1 hour', next_run_at = next_run_at - interval '1 hour'"
    )
    world.sql("UPDATE scheduler_state SET zones_version = :version", version=version)
    world.tick(NOW)
    assert world.get(reminder).next_run_at == NOW + DAY
    assert world.sql("SELECT zones_version ~ '^20[0-9]{2}[a-z]$' FROM scheduler_state") == [[True]]


def test_a_newer_edition_of_a_newer_worker_stays(world: World) -> None:
    """During a deployment an older worker leaves a newer one's zones alone."""
    world.sql("UPDATE scheduler_state SET zones_version = '2029c'")
    world.tick(NOW)
    assert world.sql("SELECT zones_version FROM scheduler_state") == [["2029c"]]


@pytest.mark.parametrize(
    "wrong",
    [
        "claim_floor = NULL, sweep_after = NULL, last_tick_at = NULL, stage = NULL, identity = NULL, incarnation = NULL",
        "claim_floor = '2026-03-02 11:00Z', sweep_after = '2026-03-02 11:00Z', last_tick_at = '2026-03-02 11:00Z'",
        "claim_floor = 'infinity', sweep_after = 'infinity', last_tick_at = 'infinity'",
        "claim_floor = '-infinity', sweep_after = '2026-03-02 11:00Z', last_tick_at = '-infinity'",
        "claim_floor = '200000-01-01Z', sweep_after = '200000-01-01Z', last_tick_at = '200000-01-01Z'",
        "claim_floor = '4000-01-01 BC', sweep_after = '200000-01-01Z', last_tick_at = '4000-01-01 BC'",
        "identity = '', incarnation = 'abc', zones_replan_after = 'ffffffff-ffff-ffff-ffff-ffffffffffff'",
    ],
)
def test_a_row_that_holds_nonsense_is_mended(world: World, wrong: str) -> None:
    """Bounds of a future that has not come, and values that nobody has written, hold up nothing."""
    world.create()
    world.sql(f"UPDATE scheduler_state SET {wrong}")
    assert world.tick(DUE).error == ""
    assert sent(world) == [1]
    ((floor, sweep, last),) = world.sql(
        "SELECT claim_floor <= CAST(:now AS timestamptz), sweep_after <= CAST(:now AS timestamptz) + interval '1 second', "
        "last_tick_at = CAST(:now AS timestamptz) FROM scheduler_state",
        now=DUE.isoformat(),
    )
    assert (floor, sweep, last) == (True, True, True)
