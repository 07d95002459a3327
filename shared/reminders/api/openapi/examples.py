"""Bodies that the OpenAPI document shows: one for each type of schedule, and what else a newcomer would try."""

from collections.abc import Mapping
from typing import Any

type Body = dict[str, Any]

SCHEDULES: Mapping[str, tuple[str, Body]] = {
    "recurring": ("Every hour", {"schedule_type": "recurring", "interval_minutes": 60}),
    "backoff": (
        "After a day, then after three, then every week",
        {"schedule_type": "recurring", "backoff_minutes": [1440, 4320, 10080], "max_runs": 10},
    ),
    "one_time": ("Once", {"schedule_type": "one_time", "start_at": "2027-03-02T09:00:00Z"}),
    "calendar": (
        "On the last day of each month at nine in Berlin",
        {
            "schedule_type": "calendar",
            "unit": "month",
            "start_at": "2026-01-31T09:00:00+01:00",
            "timezone": "Europe/Berlin",
        },
    ),
    "cron": (
        "Every working day at nine in Berlin",
        {"schedule_type": "cron", "cron": "0 9 * * MON-FRI", "timezone": "Europe/Berlin"},
    ),
    "rrule": (
        "On the last Friday of each month, but for one",
        {
            "schedule_type": "rrule",
            "rrule": "FREQ=MONTHLY;BYDAY=-1FR",
            "start_at": "2026-01-30T09:00:00+01:00",
            "exdates": ["2026-12-25T09:00:00+01:00"],
            "timezone": "Europe/Berlin",
        },
    ),
    "anchored": (
        "Three days and one hour before an interview",
        {
            "schedule_type": "anchored",
            "anchor_at": "2027-03-02T14:00:00+01:00",
            "offsets": ["-P3D", "-PT1H"],
            "timezone": "Europe/Berlin",
        },
    ),
    "window": (
        "Every three hours, within the hours of an office",
        {
            "schedule_type": "recurring",
            "interval_minutes": 180,
            "send_window": {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"},
            "timezone": "Europe/Berlin",
            "jitter_seconds": 300,
        },
    ),
}

_REMINDER: Body = {
    "entity_type": "interviewer",
    "entity_id": "INT_100",
    "channel": "email",
    "stop_condition_type": "db_check",
    "stop_condition_value": "feedback_submitted:{entity_id}",
}
_CALENDAR_FILE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//holidays//EN\r\n"
    "BEGIN:VEVENT\r\nUID:1@example.com\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261225\r\n"
    "DTEND;VALUE=DATE:20261227\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def reminders() -> dict[str, Body]:
    """Named bodies of POST /reminders: each about something else, so that all can be tried one after the other."""
    return {
        name: {"summary": meaning, "value": {**_REMINDER, "event_type": f"feedback_{name}", **schedule}}
        for name, (meaning, schedule) in SCHEDULES.items()
    }


def previews() -> dict[str, Body]:
    """Named bodies of POST /schedules/preview: the same, and a night on which clocks change."""
    night = {
        "schedule_type": "cron",
        "cron": "30 2 * * *",
        "timezone": "Europe/Berlin",
        "after": "2026-03-28T12:00:00Z",
        "count": 3,
    }
    named = {name: {"summary": meaning, "value": schedule} for name, (meaning, schedule) in SCHEDULES.items()}
    return {"gap": {"summary": "Half past two, on the night on which there is none", "value": night}, **named}


def calendar_file() -> Body:
    """What PUT /calendars/{name} takes besides JSON."""
    return {"schema": {"type": "string", "description": "An iCalendar file (RFC 5545)."}, "example": _CALENDAR_FILE}
