"""What each field means, with an example: the same words wherever it is taken, answered or filtered by."""

from typing import Any, NamedTuple

from pydantic import Field


class Entry(NamedTuple):
    meaning: str
    example: object


ID_EXAMPLE = "019ab54e-7c00-7000-8000-000000000001"
_INSTANT = "2026-03-02T09:00:00Z"

GLOSSARY: dict[str, Entry] = {
    # A reminder, as a caller gives it
    "entity_type": Entry("What kind of thing something is owed by or for. Part of the natural key.", "interviewer"),
    "entity_id": Entry("Which one of that kind. Part of the natural key.", "INT_100"),
    "event_type": Entry("What is owed. Part of the natural key.", "feedback_form"),
    "channel": Entry("How the reminder is delivered.", "email"),
    "schedule_type": Entry(
        "`one_time` fires once; `recurring` after intervals of elapsed time; `calendar` every so many days, weeks,"
        " months or years at one time of the day; `cron` and `rrule` by an expression; `anchored` at offsets from an"
        " instant.",
        "recurring",
    ),
    "interval_minutes": Entry("`recurring`: the width of its grid, in minutes of elapsed time.", 60),
    "backoff_minutes": Entry(
        "`recurring`: gaps in minutes, added up from `start_at`, instead of `interval_minutes`; the last one repeats.",
        [1440, 4320, 10080],
    ),
    "every": Entry("`calendar`: every so many units; 1 without it.", 2),
    "unit": Entry("`calendar`: the unit, which it needs.", "week"),
    "month_overflow": Entry(
        "`calendar` by month or year: where a month lacks the day of `start_at`, its last day (`clamp`, the default) or"
        " not at all (`skip`).",
        "clamp",
    ),
    "cron": Entry(
        "`cron`: minute, hour, day of month, month and day of week, with names, `L`, `LW` and `#`; or `@daily` and the"
        " like. With a `*` in its minute or hour it counts elapsed time on the nights on which clocks change.",
        "0 9 * * MON-FRI",
    ),
    "rrule": Entry(
        "`rrule`: a recurrence rule of RFC 5545, which begins at `start_at`; nothing below `MINUTELY`.",
        "FREQ=MONTHLY;BYDAY=-1FR",
    ),
    "rdates": Entry("`rrule`: further instants, RFC 3339 with a UTC offset.", [_INSTANT]),
    "exdates": Entry("`rrule`: instants at which it does not fire, RFC 3339 with a UTC offset.", [_INSTANT]),
    "anchor_at": Entry(
        "`anchored`: the instant from which the offsets count. When it is moved, those that have not fired move along.",
        "2026-03-02T14:00:00Z",
    ),
    "offsets": Entry(
        "`anchored`: ISO 8601 durations, negative before the anchor. Days and more are counted on the calendar, hours"
        " and less are elapsed time.",
        ["-P3D", "-PT1H"],
    ),
    "past_offset": Entry(
        "`anchored`: what becomes of offsets that have passed at creation: `skip` (the default) or `fire`.", "skip"
    ),
    "start_at": Entry(
        "RFC 3339 with a UTC offset, within 100 years of now: nothing fires before it. The instant of a `one_time`; the"
        " first instant of a grid, a calendar or a recurrence rule, which gives them their time of the day. Without"
        " it a"
        " `recurring` reminder begins one interval from now, and a `cron` now.",
        _INSTANT,
    ),
    "end_at": Entry("RFC 3339 with a UTC offset: nothing fires after it.", "2026-12-31T23:00:00Z"),
    "max_runs": Entry("How often it fires at most; then it completes.", 10),
    "timezone": Entry("IANA time zone of its wall clock, and of its window; UTC without it.", "Europe/Berlin"),
    "dst_gap": Entry(
        "What becomes of wall times that the clock passes over: the first instant after the gap (`first_valid`, the"
        " default), as much later as the gap is wide (`shift`), or nothing (`skip`).",
        "first_valid",
    ),
    "dst_overlap": Entry(
        "Which one of wall times that the clock shows twice: `first` (the default), `last` or `both`.", "first"
    ),
    "misfire_policy": Entry(
        "What becomes of occurrences that were missed while the engine was down: one run for all of them (`fire_once`,"
        " the default), none (`skip`), or one each (`fire_all`).",
        "fire_once",
    ),
    "max_catchup": Entry("With `fire_all`: how many are made up for at most, the latest ones; 10 without it.", 10),
    "misfire_grace_minutes": Entry(
        "What is later than this is recorded as skipped and not sent. Without it nothing is too late, and with the"
        " policy `skip` it is 5.",
        60,
    ),
    "send_window": Entry(
        "When sending is allowed.", {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}
    ),
    "days": Entry("The weekdays on which the window begins; all without it.", ["mon", "tue", "wed", "thu", "fri"]),
    "from": Entry("The time of the day at which the window begins.", "09:00"),
    "to": Entry(
        "The time at which it ends, at the latest 24:00; one before `from` is on the next day. Not the same as `from`.",
        "17:00",
    ),
    "window_timezone": Entry("IANA time zone of the window; the schedule's own without it.", None),
    "business_calendar": Entry("Name of the business calendar on whose working days sending is allowed.", None),
    "window_policy": Entry(
        "What becomes of occurrences outside of the window or the working days: they wait for the next allowed minute"
        " (`defer`, the default; several that wait for the same one are one), or are recorded as skipped (`skip`).",
        "defer",
    ),
    "jitter_seconds": Entry(
        "It fires up to so many seconds late, always equally late, so that not all that is due at nine is sent at"
        " nine.",
        300,
    ),
    "stop_condition_type": Entry(
        "`db_check`: the reminder ends when a flag is true. With `stop_condition_value`.", "db_check"
    ),
    "stop_condition_value": Entry(
        "Key of that flag. May hold `{entity_type}`, `{entity_id}` and `{event_type}`, resolved once at creation.",
        "feedback_submitted:{entity_id}",
    ),
    "recipient": Entry(
        "Whom it reaches, in the channel's own terms. Without one the channel's default is used.", "ana@example.com"
    ),
    "subject": Entry(
        "One line; may hold placeholders such as `{{entity_id}}`, `{{occurrence_no}}` and `{{payload.form_url}}`.",
        "Feedback for {{entity_id}} is due",
    ),
    "body": Entry(
        "The message, of any number of lines; may hold the same placeholders.", "Please fill in {{payload.form_url}}."
    ),
    "payload": Entry(
        "A JSON object of the caller's own, for placeholders and for the channel.",
        {"form_url": "https://example.com/f/1"},
    ),
    # A reminder, as it is answered
    "id": Entry("The reminder's id, a UUID. Ids sort by creation.", ID_EXAMPLE),
    "status": Entry("Where the reminder stands. `ACTIVE` and `PAUSED` are live, the others final.", "ACTIVE"),
    "next_run_at": Entry("When it fires next, in UTC; null unless it is `ACTIVE`.", _INSTANT),
    "occurrence_no": Entry("How many occurrences have been planned, or which of them this is.", 3),
    "runs_left": Entry("How often it still fires at most; null without `max_runs`.", None),
    "completed_at": Entry("When it ended, in UTC; null while it is live.", None),
    "completion_reason": Entry(
        "Why it ended: `stop_condition`, `schedule_ended`, `max_runs`, `completed_by_caller` or `delivery_failed`.",
        None,
    ),
    "last_error": Entry("Why the engine parked it as `FAILED`, or what it does not know (`unknown_since`).", None),
    "unknown_since": Entry(
        "Since when this deployment has not known its channel, condition or schedule type, in UTC. It waits for a "
        "newer deployment, and is `FAILED` after `UNKNOWN_GRACE_HOURS`.",
        None,
    ),
    "paused_at": Entry("Since when it is `PAUSED`, in UTC.", None),
    "version": Entry("Counts callers' edits. The ETag of a reminder is this number in quotes.", 1),
    "created_at": Entry("When it was created, in UTC.", _INSTANT),
    "updated_at": Entry("When a caller last changed it, in UTC.", _INSTANT),
    # A run
    "run_id": Entry("The run's id, the same on each repeat: a receiver drops what it has seen.", f"{ID_EXAMPLE}_3_0"),
    "step": Entry("0 for the reminder itself; higher for escalations.", 0),
    "cause": Entry("What made it: `schedule` or `trigger`.", "schedule"),
    "scheduled_for": Entry("When the occurrence was meant, in UTC.", _INSTANT),
    "stands_for": Entry(
        "How many occurrences it stands for: more than one after downtime, or when several waited for a window.", 1
    ),
    "late": Entry(
        "Whether it was planned more than five minutes after it was due, or stands for others that were not sent.",
        False,
    ),
    "state": Entry("Where the run stands. `PENDING` and `SENDING` are unfinished, the others final.", "SENT"),
    "attempt": Entry("How many sends have begun.", 1),
    "attempt_at": Entry("Until when it waits or is being sent, in UTC; null once it is final.", None),
    "reason": Entry(
        "Why it is not `SENT` (yet), such as `retry`, `superseded` or `no_recipient`. Of one that is `SKIPPED`: missed"
        " and too late (`misfire`), missed and more than is made up for (`max_catchup`), or outside of its window or"
        " its working days (`window`).",
        None,
    ),
    "error": Entry("What the last failed attempt said.", None),
    "provider_id": Entry("The delivering service's own id for it.", "0102018f-a1"),
    "finished_at": Entry("When it became final, in UTC.", _INSTANT),
    # A flag
    "key": Entry("The flag's key: 1 to 300 letters, digits or any of `. _ : @ + = -`.", "feedback_submitted"),
    "value": Entry("Whether it holds. A flag that does not exist counts as false.", True),
    "completed": Entry("How many reminders this request has completed.", 1),
    "more": Entry("Whether there are more: the scheduler completes them, and none of them fires meanwhile.", False),
    # A business calendar
    "name": Entry("The calendar's name: 1 to 100 letters, digits or any of `. _ : @ + = -`.", "germany"),
    "working_weekdays": Entry(
        "The weekdays on which work is done; Monday to Friday by default. Null keeps those that the calendar has.",
        ["mon", "tue", "wed", "thu", "fri"],
    ),
    "holidays": Entry("The dates on which no work is done, within 100 years of now.", ["2026-12-25", "2026-12-26"]),
    # A preview
    "after": Entry("Only instants strictly after this one: RFC 3339 with a UTC offset; now without it.", _INSTANT),
    "count": Entry("How many instants at most.", 10),
    "description": Entry("The schedule in words.", "every 2 weeks on Monday at 09:00 (Europe/Berlin) from 2026-03-02"),
    "at": Entry(
        "When it is due, in UTC: after windows and, of a reminder that exists, jitter.", "2026-03-29T01:00:00Z"
    ),
    "local": Entry("The same in the schedule's time zone, with its offset.", "2026-03-29T03:00:00+02:00"),
    "notes": Entry(
        "What has moved it: `dst_gap` and `dst_overlap`, a clock that passes over a time or shows it twice;"
        " `clamped`, a"
        " month that is too short; `deferred`, a window, with `holiday` when it fell on a day without work.",
        ["dst_gap"],
    ),
    # Lists and parameters
    "items": Entry("This page.", []),
    "next_cursor": Entry("`cursor` of the next page; null on the last one.", "AZq1TnwAcACAAAAAAAAAAQ"),
    "due_before": Entry("Only active reminders that fire before this instant: RFC 3339 with a UTC offset.", _INSTANT),
    "limit": Entry("How many items a page holds at most; it may hold fewer, even none, with more to come.", 50),
    "cursor": Entry("`next_cursor` of the page before. Opaque.", None),
    "If-Match": Entry("ETags, one of which the reminder must have; otherwise 412. `*` matches any.", '"1"'),
    # Health
    "health": Entry("`ok`; an answer that is not is a 503.", "ok"),
    "stage": Entry("The deployment's name.", "prod"),
    "code_version": Entry("What is deployed.", "1a2b3c4"),
    "schema_version": Entry("The newest migration that the database has.", "0002"),
    "last_tick_at": Entry("When the scheduler last looked for due reminders, in UTC.", _INSTANT),
    "last_ok_tick_at": Entry("When a tick last ended well, with all its work done, in UTC.", _INSTANT),
    "oldest_due_seconds": Entry("For how many seconds the oldest due reminder has been waiting; 0 when none is.", 0.0),
    # Problems
    "type": Entry("Which kind of problem: a reference that does not change.", "/problems/invalid-request"),
    "title": Entry("The kind in words.", "The request cannot be accepted"),
    "problem_status": Entry("The HTTP status.", 422),
    "detail": Entry("What is the matter this time.", "cannot be accepted: interval_minutes"),
    "errors": Entry(
        "With 422: the fields and what is wrong with each. With 503 of `/health`: what is not well.",
        [{"field": "interval_minutes", "message": "is required"}],
    ),
    "field": Entry("A field, parameter or header; `body` for the whole.", "interval_minutes"),
    "message": Entry("What is wrong with it.", "is required for a recurring schedule"),
}


def known(name: str, **settings: Any) -> Any:
    """A model's field with its meaning and example."""
    entry = GLOSSARY[name]
    return Field(description=entry.meaning, examples=[entry.example], **settings)


def known_instant(name: str) -> Any:
    """The same for an instant that is answered."""
    return known(name, json_schema_extra={"format": "date-time"})
