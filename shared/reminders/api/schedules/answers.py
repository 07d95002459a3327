"""Schedules as they are answered. Plain SQL may have put anything into one: what makes no sense is shown as null."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, cast

from pydantic import with_config

from reminders.api.openapi.glossary import known, known_instant
from reminders.api.values import Weekday, time_text, utc_text, weekday_texts
from reminders.model import SendWindow
from reminders.model.reminder import Schedule, ScheduleSpec

if TYPE_CHECKING:  # a cold start does without the commands
    from reminders.commands.previews import Preview


# Written so because `from` is no name in Python.
SendWindowOut = TypedDict(
    "SendWindowOut",
    {
        "days": Annotated[list[Weekday], known("days")],
        "from": Annotated[str, known("from")],
        "to": Annotated[str, known("to")],
        "timezone": Annotated[str | None, known("window_timezone")],
    },
)
with_config(title="SendWindow")(SendWindowOut)
SendWindowOut.__doc__ = "When sending is allowed."


class ScheduleOut(TypedDict):
    """A schedule's fields as a caller gave them."""

    schedule_type: Annotated[str, known("schedule_type")]
    interval_minutes: Annotated[int | None, known("interval_minutes")]
    backoff_minutes: Annotated[list[int] | None, known("backoff_minutes")]
    every: Annotated[int | None, known("every")]
    unit: Annotated[str | None, known("unit")]
    month_overflow: Annotated[str | None, known("month_overflow")]
    cron: Annotated[str | None, known("cron")]
    rrule: Annotated[str | None, known("rrule")]
    rdates: Annotated[list[str] | None, known("rdates")]
    exdates: Annotated[list[str] | None, known("exdates")]
    anchor_at: Annotated[str | None, known_instant("anchor_at")]
    offsets: Annotated[list[str] | None, known("offsets")]
    past_offset: Annotated[str | None, known("past_offset")]
    start_at: Annotated[str | None, known_instant("start_at")]
    end_at: Annotated[str | None, known_instant("end_at")]
    max_runs: Annotated[int | None, known("max_runs")]
    timezone: Annotated[str | None, known("timezone")]
    dst_gap: Annotated[str | None, known("dst_gap")]
    dst_overlap: Annotated[str | None, known("dst_overlap")]
    misfire_policy: Annotated[str | None, known("misfire_policy")]
    max_catchup: Annotated[int | None, known("max_catchup")]
    misfire_grace_minutes: Annotated[int | None, known("misfire_grace_minutes")]
    send_window: Annotated[SendWindowOut | None, known("send_window")]
    business_calendar: Annotated[str | None, known("business_calendar")]
    window_policy: Annotated[str | None, known("window_policy")]
    jitter_seconds: Annotated[int | None, known("jitter_seconds")]


@with_config(title="PreviewItem")
class PreviewItemOut(TypedDict):
    """One instant at which a reminder would fire."""

    at: Annotated[str, known_instant("at")]
    local: Annotated[str, known("local")]
    notes: Annotated[list[str], known("notes")]


@with_config(title="Preview")
class PreviewOut(TypedDict):
    """The next instants of a schedule, in their order; fewer than were asked for if it ends."""

    items: Annotated[list[PreviewItemOut], known("items")]
    description: Annotated[str, known("description")]


def shown_schedule(schedule: Schedule) -> ScheduleOut:
    """A schedule's fields as a caller gave them. Most are not given, and a list has hundreds of schedules."""
    given = vars(_specification(schedule)).items()
    shown = {name: _SHOWN[name](value) for name, value in given if value is not None and name in _SHOWN}
    return cast(ScheduleOut, _NOTHING | shown)


def shown_preview(preview: "Preview") -> PreviewOut:
    """A preview, its instants in UTC and on the schedule's own clock."""
    items: list[PreviewItemOut] = [
        {"at": utc_text(item.at) or "", "local": item.local.isoformat(), "notes": list(item.notes)}
        for item in preview.items
    ]
    return {"items": items, "description": preview.description}


def _specification(schedule: Schedule) -> ScheduleSpec:
    if schedule.schedule_type != "anchored":
        return schedule  # says nothing but what it was made of, and there may be two hundred in a list
    from reminders.schedules.fields import spec_of  # the commands have loaded it by now

    return spec_of(schedule)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: object) -> str | None:
    return utc_text(value) if isinstance(value, datetime) else _text(value)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _texts(values: object) -> list[str] | None:
    if not isinstance(values, tuple):
        return None
    texts = [utc_text(value) if isinstance(value, datetime) else _text(value) for value in values]
    return None if None in texts else [text for text in texts if text is not None]


def _numbers(values: object) -> list[int] | None:
    return list(values) if isinstance(values, tuple) and all(isinstance(value, int) for value in values) else None


def _window(window: SendWindow) -> SendWindowOut | None:
    try:
        return {
            "days": weekday_texts(window.weekdays),
            "from": time_text(window.opens),
            "to": time_text(window.closes),
            "timezone": window.timezone,
        }
    except (ValueError, TypeError, IndexError, AttributeError):  # put there by SQL
        return None


def _as_it_is[T](value: T) -> T:
    return value


_SHOWN: dict[str, Callable[[Any], object]] = {
    "schedule_type": _as_it_is,
    "interval_minutes": _as_it_is,
    "backoff_minutes": _numbers,
    "every": _number,
    "unit": _text,
    "month_overflow": _text,
    "cron": _text,
    "rrule": _text,
    "rdates": _texts,
    "exdates": _texts,
    "anchor_at": _moment,
    "offsets": _texts,
    "past_offset": _text,
    "start_at": utc_text,
    "end_at": _moment,
    "max_runs": _number,
    "timezone": _text,
    "dst_gap": _text,
    "dst_overlap": _text,
    "misfire_policy": _text,
    "max_catchup": _number,
    "misfire_grace_minutes": _number,
    "send_window": _window,
    "business_calendar": _text,
    "window_policy": _text,
    "jitter_seconds": _number,
}
_NOTHING: dict[str, object] = dict.fromkeys(_SHOWN)
