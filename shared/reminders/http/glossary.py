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
    "schedule_type": Entry("`recurring` fires on a grid of whole intervals, `one_time` once.", "recurring"),
    "interval_minutes": Entry("Width of the grid in minutes; only and always with `recurring`.", 60),
    "start_at": Entry(
        "RFC 3339 with a UTC offset, within 100 years of now: the first instant of the grid, or the instant of a"
        " `one_time`, which needs it. Without it a `recurring` reminder begins one interval from now.",
        _INSTANT,
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
    "completed_at": Entry("When it ended, in UTC; null while it is live.", None),
    "completion_reason": Entry(
        "Why it ended: `stop_condition`, `schedule_ended`, `completed_by_caller` or `delivery_failed`.", None
    ),
    "last_error": Entry("Why the engine parked it as `FAILED`.", None),
    "paused_at": Entry("Since when it is `PAUSED`, in UTC.", None),
    "version": Entry("Counts callers' edits. The ETag of a reminder is this number in quotes.", 1),
    "created_at": Entry("When it was created, in UTC.", _INSTANT),
    "updated_at": Entry("When a caller last changed it, in UTC.", _INSTANT),
    # A run
    "run_id": Entry("The run's id, the same on each repeat: a receiver drops what it has seen.", f"{ID_EXAMPLE}_3_0"),
    "step": Entry("0 for the reminder itself; higher for escalations.", 0),
    "cause": Entry("What made it: `schedule` or `trigger`.", "schedule"),
    "scheduled_for": Entry("When the occurrence was meant, in UTC.", _INSTANT),
    "stands_for": Entry("How many occurrences it stands for: more than one after downtime.", 1),
    "state": Entry("Where the run stands. `PENDING` and `SENDING` are unfinished, the others final.", "SENT"),
    "attempt": Entry("How many sends have begun.", 1),
    "attempt_at": Entry("Until when it waits or is being sent, in UTC; null once it is final.", None),
    "reason": Entry("Why it is not `SENT` (yet), such as `retry`, `superseded` or `no_recipient`.", None),
    "error": Entry("What the last failed attempt said.", None),
    "provider_id": Entry("The delivering service's own id for it.", "0102018f-a1"),
    "finished_at": Entry("When it became final, in UTC.", _INSTANT),
    # A flag
    "key": Entry("The flag's key: 1 to 300 letters, digits or any of `. _ : @ + = -`.", "feedback_submitted"),
    "value": Entry("Whether it holds. A flag that does not exist counts as false.", True),
    "completed": Entry("How many reminders this request has completed.", 1),
    "more": Entry("Whether there are more: the scheduler completes them, and none of them fires meanwhile.", False),
    # Lists and parameters
    "items": Entry("This page.", []),
    "next_cursor": Entry("`cursor` of the next page; null on the last one.", "AZq1TnwAcACAAAAAAAAAAQ"),
    "due_before": Entry("Only active reminders that fire before this instant: RFC 3339 with a UTC offset.", _INSTANT),
    "limit": Entry("How many items a page holds at most.", 50),
    "cursor": Entry("`next_cursor` of the page before. Opaque.", None),
    "If-Match": Entry("ETags, one of which the reminder must have; otherwise 412. `*` matches any.", '"1"'),
    # Health
    "health": Entry("`ok`; an answer that is not is a 503.", "ok"),
    "stage": Entry("The deployment's name.", "prod"),
    "code_version": Entry("What is deployed.", "1a2b3c4"),
    "schema_version": Entry("The newest migration that the database has.", "0001"),
    "last_tick_at": Entry("When the scheduler last looked for due reminders, in UTC.", _INSTANT),
    "oldest_due_seconds": Entry("For how many seconds the oldest due reminder has been waiting; 0 when none is.", 0.0),
    # Problems
    "type": Entry("Which kind of problem: a reference that does not change.", "/problems/invalid-request"),
    "title": Entry("The kind in words.", "The request cannot be accepted"),
    "problem_status": Entry("The HTTP status.", 422),
    "detail": Entry("What is the matter this time.", "cannot be accepted: interval_minutes"),
    "errors": Entry(
        "With 422: the fields and what is wrong with each.", [{"field": "interval_minutes", "message": "is required"}]
    ),
    "field": Entry("A field, parameter or header; `body` for the whole.", "interval_minutes"),
    "message": Entry("What is wrong with it.", "is required for a recurring schedule"),
}


def known(name: str, **settings: Any) -> Any:
    """A model's field with its meaning and example."""
    entry = GLOSSARY[name]
    return Field(description=entry.meaning, examples=[entry.example], **settings)
