"""All operations of the API: method, path, route, and what the OpenAPI document says of them."""

from aws_lambda_powertools.event_handler.openapi.types import (
    OpenAPIResponseContentModel,
    OpenAPIResponseContentSchema,
    OpenAPIResponseHeader,
)

from reminders.api.operations import ICS, JSON, LARGEST_BODY, Documented, Operation
from reminders.api.problems import CONTENT_TYPE
from reminders.api.routes import CalendarRoutes, FlagRoutes, HealthRoute, ReminderRoutes

_CONTENT: dict[str, OpenAPIResponseContentSchema | OpenAPIResponseContentModel] = {
    CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}
}
_ETAG: dict[str, OpenAPIResponseHeader] = {
    "ETag": {"description": "The reminder's version.", "schema": {"type": "string"}}
}
_LOCATION: dict[str, OpenAPIResponseHeader] = {
    "Location": {"description": "Where the new reminder is.", "schema": {"type": "string"}}
}
_RETRY_AFTER: dict[str, OpenAPIResponseHeader] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}
}

_PROBLEMS: Documented = {
    400: {"description": "The body is not JSON, or is nested too deeply, or holds a number that is too large."},
    404: {"description": "There is no such thing."},
    409: {"description": "The reminder's status, its condition or its schedule forbids this."},
    412: {"description": "`If-Match` names none of the reminder's ETags."},
    413: {"description": "The body is longer than 64 KB."},
    415: {"description": "The body is not declared as JSON in UTF-8."},
    422: {"description": "A field or parameter cannot be accepted: `errors` names each."},
    500: {"description": "Something went wrong on this side."},
    503: {"description": "The database cannot be reached at the moment.", "headers": _RETRY_AFTER},
}
_WITH_BODY = (400, 413, 415)  # each may carry one, if only an empty object

_CALENDAR_BYTES = {JSON: 131_072, ICS: LARGEST_BODY}
_CALENDAR_BODY_PROBLEMS: Documented = {
    413: {"description": "The body is longer than 128 KB, or a file longer than 1 MB."},
    415: {"description": "The body is not declared as JSON or iCalendar in UTF-8."},
}


def _answers(success: Documented, *problems: int) -> Documented:
    statuses = sorted({*problems, *_WITH_BODY, 422, 500, 503})
    return {**success, **_with_content({status: _PROBLEMS[status] for status in statuses})}


def _with_content(problems: Documented) -> Documented:
    return {status: {**problem, "content": _CONTENT} for status, problem in problems.items()}


def _reminder(meaning: str) -> Documented:
    return {200: {"description": meaning, "headers": _ETAG}}


def reminder_operations(routes: ReminderRoutes) -> list[Operation]:
    one = "/reminders/<id>"
    verb = (404, 409, 412)
    return [
        Operation(
            method="POST",
            path="/reminders",
            handler=routes.create_reminder,
            tag="reminders",
            summary="Create a reminder",
            description=(
                "Safe to repeat: while one with the same `entity_type`, `entity_id` and `event_type` is live, it is"
                " answered unchanged with 200. Only if its condition is true and the new one's is not, it is completed"
                " and the new one takes its place."
            ),
            answers=_answers(
                {
                    201: {"description": "Created.", "headers": {**_LOCATION, **_ETAG}},
                    200: {"description": "There was one already.", "headers": _ETAG},
                }
            ),
        ),
        Operation(
            method="GET",
            path="/reminders",
            handler=routes.list_reminders,
            tag="reminders",
            summary="List reminders",
            description="Those that match all filters, the newest first.",
            answers=_answers({200: {"description": "A page."}}),
        ),
        Operation(
            method="GET",
            path=one,
            handler=routes.get_reminder,
            tag="reminders",
            summary="Read a reminder",
            answers=_answers(_reminder("The reminder."), 404),
        ),
        Operation(
            method="PATCH",
            path=one,
            handler=routes.patch_reminder,
            tag="reminders",
            summary="Change a reminder",
            description=(
                "Its schedule, recipient, message or condition; not what it is about, and not its channel. A changed"
                " schedule begins at its first instant after now. Runs that are planned keep the text they have."
            ),
            answers=_answers(_reminder("The reminder as it is now."), *verb),
        ),
        Operation(
            method="DELETE",
            path=one,
            handler=routes.cancel_reminder,
            tag="reminders",
            summary="Cancel a reminder",
            description="It ends as `CANCELLED` and is kept; its waiting runs are cancelled. Safe to repeat.",
            answers=_answers(_reminder("The reminder, `CANCELLED`."), *verb),
        ),
        Operation(
            method="POST",
            path=f"{one}/pause",
            handler=routes.pause_reminder,
            tag="reminders",
            summary="Pause a reminder",
            description="It stops firing until it is resumed; its waiting runs are cancelled. Safe to repeat.",
            answers=_answers(_reminder("The reminder, `PAUSED`."), *verb),
        ),
        Operation(
            method="POST",
            path=f"{one}/resume",
            handler=routes.resume_reminder,
            tag="reminders",
            summary="Resume a reminder",
            description=(
                "It goes on at the next instant of its schedule and replays nothing; a `one_time` whose instant has"
                " passed completes. Safe to repeat."
            ),
            answers=_answers(_reminder("The reminder, `ACTIVE` or `COMPLETED`."), *verb),
        ),
        Operation(
            method="POST",
            path=f"{one}/complete",
            handler=routes.complete_reminder,
            tag="reminders",
            summary="Complete a reminder",
            description="It ends as done; its waiting runs are cancelled. Safe to repeat.",
            answers=_answers(_reminder("The reminder, `COMPLETED`."), *verb),
        ),
        Operation(
            method="POST",
            path=f"{one}/trigger",
            handler=routes.trigger_reminder,
            tag="reminders",
            summary="Send a reminder once more, now",
            description="Makes one run beside the schedule, which the next tick sends. Not safe to repeat.",
            answers=_answers({202: {"description": "The run."}}, *verb),
        ),
        Operation(
            method="GET",
            path=f"{one}/runs",
            handler=routes.list_runs,
            tag="reminders",
            summary="List a reminder's runs",
            description="What was sent, and what was not and why, the newest first.",
            answers=_answers({200: {"description": "A page."}}, 404),
        ),
        Operation(
            method="GET",
            path=f"{one}/preview",
            handler=routes.preview_reminder,
            tag="schedules",
            summary="See when a reminder fires next",
            description=(
                "Its next instants as things stand, with its jitter; of a paused one those that it would have if it"
                " were resumed now, and of an ended one none."
            ),
            answers=_answers({200: {"description": "The instants."}}, 404, 409),
        ),
        Operation(
            method="POST",
            path="/schedules/preview",
            handler=routes.preview_schedule,
            tag="schedules",
            summary="See when a schedule fires",
            description=(
                "The next instants of a reminder that would be created with these fields now, or at `after` if that has"
                " passed; and the schedule in words. Nothing is created."
            ),
            answers=_answers({200: {"description": "The instants."}}),
        ),
    ]


def calendar_operations(routes: CalendarRoutes) -> list[Operation]:
    one = "/calendars/<name>"
    return [
        Operation(
            method="GET",
            path="/calendars",
            handler=routes.list_calendars,
            tag="schedules",
            summary="List business calendars",
            description="In the order of their names.",
            answers=_answers({200: {"description": "A page."}}),
        ),
        Operation(
            method="GET",
            path=one,
            handler=routes.get_calendar,
            tag="schedules",
            summary="Read a business calendar",
            answers=_answers({200: {"description": "The calendar."}}, 404),
        ),
        Operation(
            method="PUT",
            path=one,
            handler=routes.put_calendar,
            tag="schedules",
            summary="Set a business calendar",
            description=(
                "Creates or replaces it. The next tick plans the reminders that keep to it anew; what is due already"
                " stays due. As `text/calendar` it takes an iCalendar file: the days of its all-day events are the"
                " holidays, those that repeat for ten years back and twenty ahead, and the working weekdays stay."
            ),
            answers={**_answers({200: {"description": "The calendar."}}), **_with_content(_CALENDAR_BODY_PROBLEMS)},
            bodies=_CALENDAR_BYTES,
        ),
        Operation(
            method="DELETE",
            path=one,
            handler=routes.delete_calendar,
            tag="schedules",
            summary="Remove a business calendar",
            description="Not while a live reminder keeps to it.",
            answers={
                **_answers({204: {"description": "Removed.", "content": {}}}, 404),
                **_with_content({409: {"description": "A live reminder keeps to the calendar."}}),
            },
        ),
    ]


def flag_operations(routes: FlagRoutes) -> list[Operation]:
    one = "/flags/<key>"
    return [
        Operation(
            method="GET",
            path="/flags",
            handler=routes.list_flags,
            tag="flags",
            summary="List flags",
            description="In the order of their keys.",
            answers=_answers({200: {"description": "A page."}}),
        ),
        Operation(
            method="GET",
            path=one,
            handler=routes.get_flag,
            tag="flags",
            summary="Read a flag",
            answers=_answers({200: {"description": "The flag."}}, 404),
        ),
        Operation(
            method="PUT",
            path=one,
            handler=routes.put_flag,
            tag="flags",
            summary="Set a flag",
            description=(
                "Creates it if there is none. True completes the live reminders that it stops: up to 1,000 at once and"
                " the rest by the following ticks, none of which sends them."
            ),
            answers=_answers({200: {"description": "The flag, and what setting it has done."}}),
        ),
        Operation(
            method="DELETE",
            path=one,
            handler=routes.delete_flag,
            tag="flags",
            summary="Remove a flag",
            description="Reminders that watch it go on: a missing flag counts as false.",
            answers=_answers({204: {"description": "Removed.", "content": {}}}, 404),
        ),
    ]


def health_operation(route: HealthRoute) -> Operation:
    return Operation(
        method="GET",
        path="/health",
        handler=route.get_health,
        tag="operation",
        summary="Ask how the engine is",
        answers=_answers({200: {"description": "It can reach its database."}}),
    )
