"""Schedules through the whole engine, on real PostgreSQL: downtime, windows, anchors, the nights on which clocks
change."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from reminders.engine import planning
from reminders.errors import CalendarInUse, DatabaseRefused
from reminders.model import BusinessCalendar, SendWindow
from reminders.model.reminder import Reminder
from tests.world import DAY, HOUR, MINUTE, NOW, World, edit

BERLIN = "Europe/Berlin"
OFFICE = SendWindow(weekdays=frozenset(range(5)), opens=9 * 60, closes=17 * 60, timezone=BERLIN)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def history(world: World, reminder: Reminder) -> list[tuple[str, str | None, str, int]]:
    """State, reason, when it was meant, and for how many it stands: the oldest first."""
    return [
        (run.state, run.reason, f"{run.scheduled_for.astimezone(UTC):%m-%d %H:%M}", run.stands_for)
        for run in world.runs(reminder)
    ]


def hourly(world: World, **fields: Any) -> Reminder:
    """Fires at each full hour in Berlin, from Monday the 2nd at 09:00 UTC on."""
    return world.create(
        schedule_type="cron", cron="0 0-23 * * *", timezone=BERLIN, now=NOW - MINUTE, flag="done", **fields
    )


def test_after_a_day_of_downtime_one_run_stands_for_all(world: World) -> None:
    """fire_once, the default: the latest missed occurrence, with how many it stands for; then the schedule goes on."""
    reminder = hourly(world)
    world.tick(NOW + DAY + 30 * MINUTE)
    assert history(world, reminder) == [("SENT", None, "03-03 09:00", 25)]
    assert world.get(reminder).next_run_at == NOW + DAY + HOUR


def test_after_a_day_of_downtime_skip_sends_nothing_late(world: World) -> None:
    """skip: one row records all that were missed, nothing is sent, and the next one is on time."""
    reminder = hourly(world, misfire_policy="skip")
    summary = world.tick(NOW + DAY + 30 * MINUTE)
    assert history(world, reminder) == [("SKIPPED", "misfire", "03-03 09:00", 25)]
    assert (summary.skipped, summary.planned, summary.sent) == (1, 0, 0)
    world.tick(NOW + DAY + HOUR)
    assert history(world, reminder)[1:] == [("SENT", None, "03-03 10:00", 1)]


def test_after_a_day_of_downtime_fire_all_makes_up_for_the_latest(world: World) -> None:
    """fire_all: each of the latest max_catchup fires, in one tick; one row records the older ones."""
    reminder = hourly(world, misfire_policy="fire_all", max_catchup=3)
    summary = world.tick(NOW + DAY + 30 * MINUTE)
    assert history(world, reminder) == [
        ("SKIPPED", "max_catchup", "03-03 06:00", 22),
        ("SENT", None, "03-03 07:00", 1),
        ("SENT", None, "03-03 08:00", 1),
        ("SENT", None, "03-03 09:00", 1),
    ]
    assert (summary.skipped, summary.planned, summary.sent) == (1, 3, 3)
    assert world.get(reminder).next_run_at == NOW + DAY + HOUR


def test_after_a_day_of_downtime_the_grace_bounds_what_is_sent(world: World) -> None:
    """misfire_grace_minutes: what is later is recorded as skipped, and one run stands for the rest."""
    reminder = hourly(world, misfire_grace_minutes=120)
    world.tick(NOW + DAY + 30 * MINUTE)
    assert history(world, reminder) == [
        ("SKIPPED", "misfire", "03-03 07:00", 23),
        ("SENT", None, "03-03 09:00", 2),
    ]


def test_a_year_at_one_minute_is_two_rows(world: World) -> None:
    """A year of downtime at one occurrence a minute costs two rows, whatever the policy makes of it."""
    reminder = world.create(
        schedule_type="cron", cron="* * * * *", misfire_grace_minutes=60, now=NOW - timedelta(seconds=1)
    )
    world.tick(NOW + 365 * DAY)
    assert [(state, count) for state, _, _, count in history(world, reminder)] == [
        ("SKIPPED", 365 * 1_440 - 60),
        ("SENT", 61),
    ]


def test_an_interval_obeys_a_policy_as_well(world: World) -> None:
    """A plain interval with a policy beside it is planned by the same rules."""
    reminder = world.create(interval_minutes=60, start_at=NOW, misfire_policy="skip", now=NOW - MINUTE)
    world.tick(NOW + 2 * HOUR + 30 * MINUTE)
    world.tick(NOW + 3 * HOUR)
    assert history(world, reminder) == [("SKIPPED", "misfire", "03-02 11:00", 3), ("SENT", None, "03-02 12:00", 1)]


def test_a_weekend_is_waited_out(world: World) -> None:
    """What falls due while the window is closed waits for its opening as one run, which stands for all of them."""
    friday = at("2026-03-06T15:00:00")
    reminder = world.create(interval_minutes=60, start_at=friday, send_window=OFFICE, flag="done", now=friday - MINUTE)
    world.tick(friday)
    assert history(world, reminder) == [("SENT", None, "03-06 15:00", 1)]
    assert world.get(reminder).next_run_at == at("2026-03-09T08:00:00")
    world.tick(at("2026-03-07T12:00:00"))
    world.tick(at("2026-03-09T08:00:00"))
    assert history(world, reminder)[1:] == [("SENT", None, "03-09 08:00", 65)]
    assert world.get(reminder).next_run_at == at("2026-03-09T09:00:00")


def test_what_waits_for_a_window_is_checked_again(world: World) -> None:
    """A condition that comes true during the weekend completes the reminder on Monday, and nothing is sent."""
    friday = at("2026-03-06T17:00:00")
    reminder = world.create(interval_minutes=60, start_at=friday, send_window=OFFICE, flag="done", now=friday - MINUTE)
    world.sql("INSERT INTO status_flags (key, value) VALUES ('done', true)")
    world.tick(at("2026-03-09T08:00:00"))
    assert history(world, reminder) == []
    assert world.get(reminder).completion_reason == "stop_condition"


def test_a_window_that_skips_records_what_it_passes_over(world: World) -> None:
    """window_policy skip: one row for the weekend, written when the next allowed occurrence comes."""
    friday = at("2026-03-06T15:00:00")
    reminder = world.create(
        interval_minutes=60, start_at=friday, send_window=OFFICE, window_policy="skip", now=friday - MINUTE
    )
    world.tick(friday)
    assert world.get(reminder).next_run_at == at("2026-03-09T08:00:00")
    world.tick(at("2026-03-09T08:00:00"))
    assert history(world, reminder) == [
        ("SENT", None, "03-06 15:00", 1),
        ("SKIPPED", "window", "03-09 07:00", 64),
        ("SENT", None, "03-09 08:00", 1),
    ]


def test_a_person_cannot_wake_a_closed_window(world: World) -> None:
    """next_run_at set by SQL while the window is closed fires once, when it opens."""
    reminder = world.create(schedule_type="one_time", start_at=NOW + 30 * DAY, send_window=OFFICE, now=NOW)
    night = at("2026-03-02T22:00:00")
    world.sql("UPDATE reminder_jobs SET next_run_at = :at", at=night.isoformat())
    world.tick(night)
    assert history(world, reminder) == []
    world.tick(at("2026-03-03T08:00:00"))
    assert history(world, reminder) == [("SENT", None, "03-03 08:00", 1)]
    assert world.get(reminder).next_run_at == NOW + 30 * DAY


def test_downtime_that_ends_at_night_waits_for_the_morning(world: World) -> None:
    """What was missed by day and is found when the window is closed is sent when it opens."""
    reminder = world.create(interval_minutes=60, start_at=NOW, send_window=OFFICE, now=NOW - MINUTE)
    world.tick(at("2026-03-02T22:00:00"))
    assert history(world, reminder) == []
    world.tick(at("2026-03-03T08:00:00"))
    assert history(world, reminder) == [("SENT", None, "03-03 08:00", 24)]


INTERVIEW = at("2026-03-10T10:00:00")


def interview(world: World, **fields: Any) -> Reminder:
    return world.create(
        schedule_type="anchored", anchor_at=INTERVIEW, offsets=("-P3D", "-PT1H", "P1D"), now=NOW, **fields
    )


def test_a_moved_anchor_replans_what_has_not_fired(world: World) -> None:
    """The offset that has fired does not fire again; the others follow the anchor."""
    reminder = interview(world)
    world.tick(INTERVIEW - 3 * DAY)
    moved = INTERVIEW + 7 * DAY
    world.at(INTERVIEW - 2 * DAY).reminders.patch(reminder.id, edit(anchor_at=moved))
    assert world.get(reminder).next_run_at == moved - HOUR
    world.tick(moved - HOUR)
    world.tick(moved + DAY)
    assert history(world, reminder) == [
        ("SENT", None, "03-07 10:00", 1),
        ("SENT", None, "03-17 09:00", 1),
        ("SENT", None, "03-18 10:00", 1),
    ]
    assert world.get(reminder).completion_reason == "schedule_ended"


def test_an_offset_that_was_passed_over_fires_once_the_anchor_is_late_enough(world: World) -> None:
    """Created a day before the interview, three days before is skipped; moved by a week, it fires."""
    reminder = world.create(
        schedule_type="anchored", anchor_at=NOW + DAY, offsets=("-P3D", "-PT1H"), now=NOW, flag="done"
    )
    assert world.get(reminder).next_run_at == NOW + DAY - HOUR
    world.at(NOW + HOUR).reminders.patch(reminder.id, edit(anchor_at=NOW + 8 * DAY))
    assert world.get(reminder).next_run_at == NOW + 5 * DAY


def test_past_offsets_fire_when_they_are_told_to(world: World) -> None:
    """past_offset fire: those that have passed at creation are one run, at once."""
    reminder = world.create(
        schedule_type="anchored",
        anchor_at=NOW + DAY,
        offsets=("-P3D", "-P2D", "-PT1H"),
        past_offset="fire",
        now=NOW,
    )
    world.tick(NOW)
    assert history(world, reminder) == [("SENT", None, "03-01 09:00", 2)]
    assert world.get(reminder).next_run_at == NOW + DAY - HOUR


@pytest.mark.parametrize(
    "night, gap, expected",
    [
        ("2026-03-29T00:30:00", "first_valid", "2026-03-29T01:00:00"),  # 02:30 is missing: 03:00 summer time
        ("2026-03-29T00:30:00", "shift", "2026-03-29T01:30:00"),  # 03:30
        ("2026-03-29T00:30:00", "skip", "2026-03-30T00:30:00"),  # 02:30 on the next day
        ("2026-10-24T23:30:00", "first_valid", "2026-10-25T00:30:00"),  # the first of two 02:30
        ("2026-10-25T00:45:00", "first_valid", "2026-10-26T01:30:00"),  # between the two: the second does not count
    ],
)
def test_a_paused_reminder_is_resumed_on_the_night_on_which_clocks_change(
    world: World, night: str, gap: str, expected: str
) -> None:
    """It goes on at the next instant that its schedule means, and replays nothing."""
    reminder = world.create(
        schedule_type="cron", cron="30 2 * * *", timezone=BERLIN, dst_gap=gap, now=at("2026-02-01T00:00:00")
    )
    world.at(at("2026-02-02T00:00:00")).reminders.pause(reminder.id)
    resumed = world.at(at(night)).reminders.resume(reminder.id)
    assert resumed.next_run_at == at(expected)
    world.tick(at(expected))
    assert [run.scheduled_for for run in world.runs(reminder)] == [at(expected)]


def test_it_ends_when_it_has_fired_as_often_as_it_may(world: World) -> None:
    """max_runs counts what fires: neither what is skipped nor what a person triggers."""
    reminder = world.create(interval_minutes=60, start_at=NOW, max_runs=2, misfire_policy="skip", now=NOW - MINUTE)
    world.at(NOW - MINUTE).reminders.trigger(reminder.id)
    world.tick(NOW + 30 * MINUTE)
    assert world.get(reminder).runs_left == 2
    world.tick(NOW + HOUR)
    world.tick(NOW + 2 * HOUR)
    ended = world.get(reminder)
    assert (ended.status, ended.completion_reason, ended.runs_left) == ("COMPLETED", "max_runs", 0)
    assert [state for state, *_ in history(world, reminder)] == ["SENT", "SKIPPED", "SENT", "SENT"]


def test_the_last_run_is_still_retried(world: World) -> None:
    """A reminder that has used up max_runs is complete, and its last run is delivered all the same."""
    reminder = world.create(interval_minutes=60, start_at=NOW, max_runs=1, now=NOW - MINUTE)
    world.kept.fail = lambda run: ConnectionError("not now") if run.attempt == 1 else None
    world.tick(NOW)
    world.tick(NOW + 10 * MINUTE)
    assert [run.state for run in world.runs(reminder)] == ["SENT"]


def test_it_ends_with_end_at(world: World) -> None:
    """The occurrence at end_at fires, and it was the last."""
    reminder = world.create(interval_minutes=60, start_at=NOW, end_at=NOW + HOUR, now=NOW - MINUTE)
    world.tick(NOW)
    assert world.get(reminder).next_run_at == NOW + HOUR
    world.tick(NOW + HOUR)
    ended = world.get(reminder)
    assert (ended.status, ended.completion_reason) == ("COMPLETED", "schedule_ended")
    assert len(world.runs(reminder)) == 2


def test_gaps_grow_and_the_last_one_repeats(world: World) -> None:
    """backoff_minutes: the instants are the start plus the gaps added up."""
    reminder = world.create(backoff_minutes=(60, 120, 240), start_at=NOW, now=NOW)
    found = []
    for _ in range(4):
        due = world.get(reminder).next_run_at
        assert due is not None
        found.append(due)
        world.tick(due)
    assert [moment - NOW for moment in found] == [1 * HOUR, 3 * HOUR, 7 * HOUR, 11 * HOUR]
    assert len(world.runs(reminder)) == 4


def test_many_at_nine_do_not_fire_at_nine(world: World) -> None:
    """jitter_seconds spreads them over that time, each always by the same; what was meant is the same for all."""
    reminders = [
        world.create(entity_id=f"INT_{n}", schedule_type="cron", cron="0 9 * * *", jitter_seconds=600, now=NOW + HOUR)
        for n in range(50)
    ]
    due = {reminder.next_run_at for reminder in reminders}
    nine = NOW + DAY
    assert len(due) > 40
    assert all(moment is not None and nine <= moment <= nine + timedelta(seconds=600) for moment in due)
    world.tick(nine + timedelta(seconds=600))
    for reminder in reminders:
        (run,) = world.runs(reminder)
        assert run.scheduled_for == reminder.next_run_at
        assert world.get(reminder).next_run_at == run.scheduled_for + DAY


def holidays(*days: str) -> BusinessCalendar:
    return BusinessCalendar(holidays=frozenset(map(date.fromisoformat, days)))


def test_a_holiday_is_waited_out(world: World) -> None:
    """A business calendar closes weekends and holidays; the run waits for the next working day."""
    world.store_at(NOW).calendars.put("berlin", holidays("2026-03-03"))
    reminder = world.create(
        schedule_type="cron", cron="0 9 * * *", timezone=BERLIN, business_calendar="berlin", now=NOW
    )
    assert reminder.next_run_at == at("2026-03-03T23:00:00")  # midnight in Berlin, when the 4th begins
    world.tick(at("2026-03-03T23:00:00"))
    assert history(world, reminder) == [("SENT", None, "03-03 23:00", 1)]


def test_a_changed_calendar_replans_its_reminders(world: World) -> None:
    """The next tick moves what waits: a holiday that is taken away is no reason to wait any more."""
    world.store_at(NOW).calendars.put("berlin", holidays("2026-03-03", "2026-03-04"))
    world.store_at(NOW).calendars.put("paris", holidays("2026-03-03"))
    fields: dict[str, Any] = {"schedule_type": "cron", "cron": "0 9 * * *"}
    berlin = [
        world.create(entity_id=f"INT_{n}", business_calendar="berlin", now=NOW + MINUTE, **fields) for n in range(3)
    ]
    paris = world.create(entity_id="PAR_1", business_calendar="paris", now=NOW + MINUTE, **fields)
    world.store_at(NOW).calendars.put("berlin", holidays("2026-03-04"))
    world.tick(NOW + 2 * MINUTE)
    assert {world.get(reminder).next_run_at for reminder in berlin} == {NOW + DAY}
    assert world.get(paris).next_run_at == at("2026-03-04T00:00:00")
    assert [world.get(reminder).version for reminder in berlin] == [1, 1, 1]


def test_a_calendar_that_is_gone_parks_only_its_reminder(world: World) -> None:
    """SQL may remove a calendar that is in use: its reminder is FAILED and says why, its neighbour fires."""
    world.store_at(NOW).calendars.put("berlin", holidays())
    lost = world.create(interval_minutes=60, start_at=NOW, business_calendar="berlin", now=NOW - MINUTE)
    neighbour = world.create(entity_id="INT_2", interval_minutes=60, start_at=NOW, now=NOW - MINUTE)
    world.sql("DELETE FROM business_calendars")
    world.tick(NOW)
    assert world.get(lost).status == "FAILED"
    assert "berlin" in (world.get(lost).last_error or "")
    assert history(world, neighbour) == [("SENT", None, "03-02 09:00", 1)]


@pytest.mark.parametrize(
    "schedule",
    [
        '{"cron": "61 * * * *"}',  # no such minute
        '{"cron": "0 9 * * *", "timezone": "Nowhere/Land"}',
        '{"cron": "0 9 * * *", "end_at": 5}',
        '{"cron": "0 9 * * *", "send_window": {"days": 5}}',
    ],
)
def test_a_schedule_that_cannot_be_read_parks_only_its_reminder(world: World, schedule: str) -> None:
    """What SQL has put there harms nobody else, can still be listed, and its error is shown."""
    neighbour = world.create(entity_id="INT_2", interval_minutes=60, start_at=NOW, now=NOW - MINUTE)
    world.sql(
        "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, schedule, next_run_at) "
        "VALUES ('thing', 'n', 'event', 'kept', 'cron', CAST(:schedule AS jsonb), CAST(:now AS timestamptz))",
        schedule=schedule,
        now=NOW.isoformat(),
    )
    world.tick(NOW)
    ((bad, error),) = world.sql("SELECT id, last_error FROM reminder_jobs WHERE status = 'FAILED'")
    assert error
    assert world.commands.reminders.get(str(bad)).key.entity_id == "n"
    assert history(world, neighbour) == [("SENT", None, "03-02 09:00", 1)]


def test_newer_time_zones_replan_what_is_to_come(world: World) -> None:
    """Wall times are what was meant: with another edition of the time zones their instants are worked out again."""
    reminder = world.create(
        schedule_type="calendar", unit="day", start_at=at("2026-03-03T08:00:00"), timezone=BERLIN, now=NOW
    )
    plain = world.create(entity_id="INT_2", interval_minutes=60, now=NOW)
    # As if the edition of then had taken Berlin for an hour further east.
    world.sql(
        "UPDATE reminder_jobs SET start_at = start_at - interval '1 hour', next_run_at = next_run_at - interval '1 hour' "
        "WHERE schedule_type = 'calendar'"
    )
    world.sql("UPDATE scheduler_state SET zones_version = '2001a'")
    world.tick(NOW)
    found = world.get(reminder)
    assert (found.schedule.start_at, found.next_run_at) == (at("2026-03-03T08:00:00"), at("2026-03-03T08:00:00"))
    assert world.get(plain).next_run_at == plain.next_run_at
    assert world.sql("SELECT zones_version > '2001a', zones_replan_after FROM scheduler_state") == [[True, None]]


def test_a_locked_reminder_is_replanned_by_the_next_tick(world: World) -> None:
    """Re-planning passes over what somebody has locked, and does not forget it."""
    world.store_at(NOW).calendars.put("berlin", holidays("2026-03-03"))
    reminders = [
        world.create(
            entity_id=f"INT_{n}",
            schedule_type="cron",
            cron="0 9 * * *",
            business_calendar="berlin",
            now=NOW + n * MINUTE,
        )
        for n in range(1, 4)
    ]
    world.store_at(NOW).calendars.put("berlin", holidays())
    other = world.open_store()
    other.atomically(
        lambda: (other.reminders.lock(reminders[1].id), world.tick(NOW + HOUR)),
    )
    moved = [world.get(reminder).next_run_at == NOW + DAY for reminder in reminders]
    assert moved == [True, False, True]
    world.tick(NOW + HOUR)
    assert [world.get(reminder).next_run_at for reminder in reminders] == [NOW + DAY] * 3
    assert world.sql("SELECT replan_after FROM business_calendars") == [[None]]
    other.close()


def broken(world: World, schedule: str, kind: str = "cron") -> None:
    """A reminder due tomorrow, of which SQL has made something that cannot be read."""
    world.sql(
        "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, schedule, next_run_at) "
        "VALUES ('thing', 'n', 'event', 'kept', :kind, CAST(:schedule AS jsonb), CAST(:at AS timestamptz))",
        kind=kind,
        schedule=schedule,
        at=(NOW + DAY).isoformat(),
    )


@pytest.mark.parametrize(
    "schedule",
    [
        '{"cron": "0 9 * * *", "timezone": "Nowhere/Land"}',
        '{"cron": "0 9 * * *", "timezone": 5}',
        '{"cron": 5, "timezone": "Europe/Berlin"}',
        '{"cron": "0 9 * * *", "timezone": "Europe/Berlin", "jitter_seconds": "a"}',
        '{"cron": "0 9 * * *", "timezone": "Europe/Berlin", "end_at": "2026-03-02T09:00:00"}',
        '{"cron": "0 9 * * *", "send_window": {"weekdays": [0], "opens": "a", "timezone": "Europe/Berlin"}}',
    ],
)
def test_a_schedule_that_cannot_be_read_holds_up_no_replanning(world: World, schedule: str) -> None:
    """Newer time zones are applied to all others, and the tick goes on."""
    neighbour = world.create(entity_id="INT_2", interval_minutes=60, start_at=NOW, now=NOW - MINUTE)
    broken(world, schedule)
    before = world.sql("SELECT schedule, next_run_at FROM reminder_jobs WHERE entity_id = 'n'")
    world.sql("UPDATE scheduler_state SET zones_version = '2001a'")
    world.tick(NOW)
    assert history(world, neighbour) == [("SENT", None, "03-02 09:00", 1)]
    assert world.sql("SELECT schedule, next_run_at FROM reminder_jobs WHERE entity_id = 'n'") == before
    assert world.sql("SELECT zones_version > '2001a' FROM scheduler_state") == [[True]]


def test_a_day_that_does_not_exist_never_comes(world: World) -> None:
    """Put into a calendar by SQL, it counts as absent, for those that keep to the calendar and for all others."""
    world.store_at(NOW).calendars.put("berlin", holidays())
    kept = world.create(interval_minutes=60, start_at=NOW, business_calendar="berlin", now=NOW - MINUTE)
    neighbour = world.create(entity_id="INT_2", interval_minutes=60, start_at=NOW, now=NOW - MINUTE)
    world.sql(
        """UPDATE business_calendars SET days = '{"weekdays": [0], "holidays": ["2026-02-30"]}',
        replan_after = '00000000-0000-0000-0000-000000000000'"""
    )
    world.tick(NOW)
    assert history(world, kept) == history(world, neighbour) == [("SENT", None, "03-02 09:00", 1)]


@pytest.mark.parametrize(
    "days",
    [
        '{"weekdays": null, "holidays": []}',
        '{"weekdays": [0], "holidays": ["25.12.2026"]}',
        '{"weekdays": [7], "holidays": []}',
        '{"weekdays": ["mon"], "holidays": []}',
        '{"holidays": []}',
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(world: World, days: str) -> None:
    """The table takes weekdays from 0 to 6 and dates, and nothing else."""
    with pytest.raises(DatabaseRefused) as refused:
        world.sql("INSERT INTO business_calendars (name, days) VALUES ('x', CAST(:days AS jsonb))", days=days)
    assert refused.value.sqlstate == "23514"


def test_costly_decisions_come_in_several_transactions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long deciding takes, a transaction commits what it has decided in time, and the next goes on from
    there."""
    monkeypatch.setattr(planning, "PLAN_SECONDS", 0.0)
    world.plant(20)
    summary = world.tick(NOW)
    assert (summary.planned, summary.sent, world.states()) == (20, 20, {"SENT": 20})


def weekly(world: World, **fields: Any) -> Reminder:
    """Fires on Fridays at 18:00 in Berlin, and so waits for Monday at nine."""
    return world.create(
        schedule_type="cron",
        cron="0 18 * * 5",
        timezone=BERLIN,
        send_window=OFFICE,
        now=at("2026-03-02T00:00:00"),
        **fields,
    )


def test_an_edit_beside_the_rule_keeps_what_waits(world: World) -> None:
    """What waits for its window goes on waiting when max_runs, the window or a policy is edited."""
    reminder = weekly(world)
    saturday, monday = at("2026-03-07T12:00:00"), at("2026-03-09T08:00:00")
    assert world.get(reminder).next_run_at == monday
    world.at(saturday).reminders.patch(reminder.id, edit(max_runs=6))
    assert world.get(reminder).next_run_at == monday
    longer = SendWindow(weekdays=frozenset(range(6)), opens=9 * 60, closes=17 * 60, timezone=BERLIN)
    world.at(saturday).reminders.patch(reminder.id, edit(send_window=longer))
    world.tick(saturday + MINUTE)
    assert history(world, reminder) == [("SENT", None, "03-07 08:00", 1)]
    assert world.get(reminder).runs_left == 5


def test_an_offset_that_a_pause_has_swallowed_is_planned_again(world: World) -> None:
    """Nothing was sent while it was paused; when the anchor moves, that offset has not fired yet."""
    reminder = interview(world)
    world.at(NOW + HOUR).reminders.pause(reminder.id)
    world.at(INTERVIEW - 2 * DAY).reminders.resume(reminder.id)
    assert world.get(reminder).next_run_at == INTERVIEW - HOUR
    world.at(INTERVIEW - 2 * DAY + HOUR).reminders.patch(reminder.id, edit(anchor_at=INTERVIEW + 7 * DAY))
    assert world.get(reminder).next_run_at == INTERVIEW + 4 * DAY


def test_a_calendar_that_closes_for_good_ends_nothing(world: World) -> None:
    """A reminder whose window has no opening left waits for somebody to mend its calendar, and then goes on."""
    world.store_at(NOW).calendars.put("berlin", holidays())
    mondays = SendWindow(weekdays=frozenset({0}), opens=540, closes=1020)
    reminder = world.create(
        interval_minutes=60, start_at=NOW, send_window=mondays, business_calendar="berlin", now=NOW - MINUTE
    )
    world.tick(NOW)
    world.store_at(NOW).calendars.put("berlin", BusinessCalendar(weekdays=frozenset({1})))
    world.tick(NOW + 2 * HOUR)
    waiting = world.get(reminder)
    assert (waiting.status, history(world, reminder)) == ("ACTIVE", [("SENT", None, "03-02 09:00", 1)])
    world.store_at(NOW).calendars.put("berlin", holidays())
    world.tick(NOW + 2 * HOUR + timedelta(seconds=1))  # by then at the latest a tick looks at everything
    world.tick(NOW + 3 * HOUR)
    assert world.get(reminder).status == "ACTIVE"
    assert [(state, count) for state, _, _, count in history(world, reminder)] == [
        ("SENT", 1),
        ("SENT", 2),
        ("SENT", 1),
    ]


def test_what_a_window_skips_at_the_end_is_recorded(world: World) -> None:
    """The reminder ends with a row for the occurrence that its window did not let through."""
    friday = at("2026-03-06T10:00:00")
    reminder = world.create(
        schedule_type="anchored",
        anchor_at=friday,
        offsets=("-PT1H", "P1D"),
        send_window=OFFICE,
        window_policy="skip",
        now=NOW,
    )
    world.tick(friday - HOUR)
    world.tick(friday + DAY)
    assert history(world, reminder) == [("SENT", None, "03-06 09:00", 1), ("SKIPPED", "window", "03-07 10:00", 1)]
    assert world.get(reminder).completion_reason == "schedule_ended"


def test_downtime_across_closed_hours_counts_each_for_what_it_was(world: World) -> None:
    """With a window that skips, a run stands for none that was not allowed: those have rows of their own."""
    reminder = world.create(
        interval_minutes=60, start_at=at("2026-03-02T08:00:00"), send_window=OFFICE, window_policy="skip", now=NOW - DAY
    )
    world.tick(at("2026-03-03T10:30:00"))
    assert history(world, reminder) == [
        ("SKIPPED", "misfire", "03-02 15:00", 8),
        ("SKIPPED", "window", "03-03 07:00", 16),
        ("SENT", None, "03-03 10:00", 3),
    ]


def test_who_makes_up_for_all_retries_all(world: World) -> None:
    """Under fire_all no occurrence overtakes the retry of another."""
    reminder = world.create(interval_minutes=60, start_at=NOW, misfire_policy="fire_all", now=NOW - MINUTE)
    world.kept.fail = lambda run: ConnectionError("not now") if run.attempt == 1 else None
    world.tick(NOW + 3 * HOUR)
    world.tick(NOW + 3 * HOUR + 10 * MINUTE)
    assert [(state, count) for state, _, _, count in history(world, reminder)] == [("SENT", 1)] * 4


def test_a_calendar_that_a_create_has_begun_to_use_is_not_removed(world: World) -> None:
    """A create that is under way makes the removal wait, and then refuse."""
    world.store_at(NOW).calendars.put("berlin", holidays())
    creating, removing = world.open_store(), world.another_caller()
    errors: list[Exception] = []

    def remove() -> None:
        try:
            removing.calendars.delete("berlin")
        except CalendarInUse as refused:
            errors.append(refused)

    def create() -> None:
        assert creating.calendars.share("berlin") is not None
        thread.start()
        world.wait_until_blocked()
        world.sql(
            "INSERT INTO reminder_jobs (entity_type, entity_id, event_type, channel, schedule_type, interval_minutes, schedule, next_run_at) "
            """VALUES ('t', 'i', 'e', 'kept', 'recurring', 60, '{"business_calendar": "berlin"}', now())"""
        )

    thread = threading.Thread(target=remove)
    creating.atomically(create)
    thread.join()
    assert len(errors) == 1
    assert world.store.calendars.get("berlin") is not None
