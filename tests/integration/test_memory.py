"""A worker's memory, whatever is due: batches are bounded by bytes as well as by rows."""

import os
from pathlib import Path

import pytest

from bench import worker
from bench.worker import Orders, Receiver, Report
from reminders.storage.due import DueTable
from tests.world import World

ROOT = Path(__file__).parents[2]
MOST_MB = 256.0
EMOJI = "repeat('😀', 1000)"
LEGAL = {
    # about 260,000 emoji once it is filled
    "filled": f"jsonb_build_object('body', repeat('{{{{payload.e}}}}', 260), 'payload', jsonb_build_object('e', {EMOJI}))",
    "lists": "('{\"payload\": {\"x\": [' || repeat('[],', 20000) || '[]]}}')::jsonb",
    "long": "jsonb_build_object('body', repeat('x', 32000) || '😀')",
    "controls": "jsonb_build_object('body', '{{payload.c}}{{payload.c}}', 'payload', jsonb_build_object('c', repeat(E'\\x01', 10000)))",
    "random": "jsonb_build_object('body', (SELECT string_agg(md5(n::text || random()), '') FROM generate_series(1, 1000) n))",
}
HUGE = {
    "a run of a megabyte": f"jsonb_build_object('body', repeat({EMOJI}, 260))",
    "a run of many lists": "('{\"payload\": {\"x\": [' || repeat('[],', 90000) || '[]]}}')::jsonb",
}


def plant(world: World, message: str, count: int) -> None:
    """Reminders with such a message, and after them one without."""
    for many, text, after in ((count, message, "2 minutes"), (1, "NULL", "1 minute")):
        world.sql(
            "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, message, schedule_type, start_at, "
            f"next_run_at) SELECT 'thing', '{after}' || n, 'event', 'null', {text}, 'one_time', "
            f"now() - interval '{after}', now() - interval '{after}' FROM generate_series(1, {many}) AS n"
        )


def worked(world: World) -> Report:
    """What came of one worker's tick, in a process of its own."""
    channels = {"null": Receiver(notes=False)}
    return worker.finish(worker.start(Orders(url=world.address.url, channels=channels, budget_seconds=60.0)))


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the process find what this one has on its path."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT / "shared"), str(ROOT))))


@pytest.mark.parametrize("kind", LEGAL)
def test_long_messages_take_little_memory_and_all_are_sent(world: World, kind: str) -> None:
    """Hundreds of the longest messages that a caller may send, due at once: they are sent, and so is what comes after."""
    count = 100 if kind in ("filled", "controls") else 400
    plant(world, LEGAL[kind], count)
    report = worked(world)
    assert (report.error, report.sent) == ("", count + 1)
    assert report.peak_mb < MOST_MB


@pytest.mark.parametrize("state", ["'PENDING', 0", "'SENDING', 1"])
@pytest.mark.parametrize("kind", HUGE)
def test_long_runs_that_wait_or_were_left_take_little_memory(world: World, kind: str, state: str) -> None:
    """The same of what is leased again: a backlog's overflow, retries, and what dead workers had in hand."""
    plant(world, "NULL", 1)
    world.sql(
        "INSERT INTO reminder_runs (reminder_id, occurrence_no, scheduled_for, channel, message, state, attempt, attempt_at) "
        f"SELECT (SELECT min(id::text)::uuid FROM reminder_jobs), 1000 + n, now(), 'null', {HUGE[kind]}, {state}, "
        "now() - interval '1 minute' FROM generate_series(1, 150) AS n"
    )
    world.sql("UPDATE reminder_jobs SET schedule_type = 'recurring', interval_minutes = 5000, schedule = '{\"misfire_policy\": \"fire_all\"}'")  # fmt: skip
    report = worked(world)
    assert report.error == ""
    assert report.peak_mb < MOST_MB
    assert world.sql("SELECT DISTINCT state FROM reminder_runs WHERE occurrence_no < 1000") == [["SENT"]]
    assert world.sql("SELECT count(*) FROM reminder_runs WHERE state = 'SENT'")[0][0] > 20


def test_a_claim_that_is_cut_finds_the_rest_next(world: World) -> None:
    """At least one reminder is claimed however long its message is, and none that is left out is taken for done."""
    plant(world, LEGAL["random"], 200)
    table: DueTable = world.store.due
    claim = world.store.atomically(lambda: table.claim(1000, None))
    assert 0 < len(claim.due) < claim.locked == 201


def test_thousands_of_long_schedules_are_not_remembered(world: World) -> None:
    """What is read of schedules is remembered for those that share it, and not for those that are long."""
    world.sql(
        "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, schedule, start_at, next_run_at) "
        "SELECT 'thing', 'n_' || n, 'event', 'null', 'rrule', jsonb_build_object('rrule', 'FREQ=YEARLY', 'exdates_local', "
        "(SELECT jsonb_agg('2030-01-01T00:00:00.' || lpad((n * 500 + d)::text, 6, '0')) FROM generate_series(1, 500) d)), "
        "now() - interval '1 minute', now() - interval '1 minute' FROM generate_series(1, 1500) AS n"
    )
    report = worked(world)
    assert report.error == ""
    assert report.peak_mb < MOST_MB / 2
