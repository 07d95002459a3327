"""Business calendars: the working days that schedules may respect."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated, TypedDict

from aws_lambda_powertools.event_handler.api_gateway import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field, with_config

from reminders.api import cursors
from reminders.api.openapi.glossary import known, known_instant
from reminders.api.openapi.responses import Documented, answers, as_problems, removed, shows
from reminders.api.operations import ICS, JSON, LARGEST_BODY, operation
from reminders.api.parameters import DEFAULT_LIMIT, CalendarCursor, CalendarName, Limit
from reminders.api.replies import nothing, page, reply
from reminders.api.values import STRICT, WEEKDAYS, Day, Weekday, Weekdays, unique, utc_text, weekday_texts
from reminders.model import NamedCalendar

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands

_MAX_HOLIDAYS = 5_000
_LARGEST = {JSON: 131_072, ICS: LARGEST_BODY}  # bytes
_BODY_PROBLEMS: Documented = {
    413: {"description": "The body is longer than 128 KB, or a file longer than 1 MB."},
    415: {"description": "The body is not declared as JSON or iCalendar in UTF-8."},
}
_IN_USE: Documented = {409: {"description": "A live reminder uses the calendar."}}


class CalendarIn(BaseModel):
    """A business calendar."""

    model_config = ConfigDict(**STRICT, title="NewCalendar")

    working_weekdays: Weekdays | None = known(
        "working_weekdays", default_factory=lambda: list(WEEKDAYS[:5]), json_schema_extra=unique
    )
    holidays: Annotated[list[Day], Field(max_length=_MAX_HOLIDAYS)] = known("holidays", default_factory=list)

    def weekdays(self) -> frozenset[int] | None:
        """The working ones, 0 is Monday; None: those that the calendar has."""
        return None if self.working_weekdays is None else frozenset(map(WEEKDAYS.index, self.working_weekdays))

    def days_off(self) -> frozenset[date]:
        return frozenset(self.holidays)


@with_config(title="Calendar")
class CalendarOut(TypedDict):
    """A business calendar."""

    name: Annotated[str, known("name")]
    working_weekdays: Annotated[list[Weekday], known("working_weekdays")]
    holidays: Annotated[list[str], known("holidays")]
    created_at: Annotated[str | None, known_instant("created_at")]
    updated_at: Annotated[str | None, known_instant("updated_at")]


class CalendarPage(TypedDict):
    """Business calendars in the order of their names."""

    items: Annotated[list[CalendarOut], known("items")]
    next_cursor: Annotated[str | None, known("next_cursor")]


class CalendarRoutes:
    def __init__(self, commands: "Callable[[], Commands]") -> None:
        self._commands = commands

    @operation(
        "GET",
        "/calendars",
        tag="schedules",
        summary="List business calendars",
        description="In the order of their names.",
        answers=answers({200: shows(CalendarPage, "A page.")}),
    )
    def list_calendars(self, limit: Limit = DEFAULT_LIMIT, cursor: CalendarCursor = None) -> Response[str]:
        after = None if cursor is None else cursors.key(cursor)
        return reply(_shown_page, self._commands().calendars.page(after=after, limit=limit))

    @operation(
        "GET",
        "/calendars/<name>",
        tag="schedules",
        summary="Read a business calendar",
        answers=answers({200: shows(CalendarOut, "The calendar.")}, 404),
    )
    def get_calendar(self, name: CalendarName) -> Response[str]:
        return reply(_shown, self._commands().calendars.get(name))

    @operation(
        "PUT",
        "/calendars/<name>",
        tag="schedules",
        summary="Set a business calendar",
        description=(
            "Creates or replaces it. The next tick re-plans the reminders that use it; what is due already"
            " stays due. As `text/calendar` it takes an iCalendar file: the days of its all-day events are the"
            " holidays, those that repeat for ten years back and twenty ahead, and the working weekdays stay."
        ),
        answers=answers({200: shows(CalendarOut, "The calendar.")}) | as_problems(_BODY_PROBLEMS),
        bodies=_LARGEST,
    )
    def put_calendar(self, name: CalendarName, calendar: Annotated[CalendarIn, Body()]) -> Response[str]:
        return reply(_shown, self._commands().calendars.put(name, calendar.weekdays(), calendar.days_off()))

    @operation(
        "DELETE",
        "/calendars/<name>",
        tag="schedules",
        summary="Remove a business calendar",
        description="Not while a live reminder uses it.",
        answers=answers(removed(), 404) | as_problems(_IN_USE),
    )
    def delete_calendar(self, name: CalendarName) -> Response[str]:
        self._commands().calendars.delete(name)
        return nothing()


def _shown(calendar: NamedCalendar) -> CalendarOut:
    return {
        "name": calendar.name,
        "working_weekdays": weekday_texts(calendar.days.weekdays),
        "holidays": [day.isoformat() for day in sorted(calendar.days.holidays)],
        "created_at": utc_text(calendar.created_at),
        "updated_at": utc_text(calendar.updated_at),
    }


_shown_page = page(_shown, lambda calendar: cursors.after_key(calendar.name))
