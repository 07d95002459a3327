"""Previews: what a schedule will do, before or after there is a reminder with it. Nothing is written."""

# ruff: noqa: A002 - a path parameter is called `id` because the API calls it so

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.api_gateway import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from reminders.api.openapi.responses import answers, shows
from reminders.api.operations import operation
from reminders.api.parameters import DEFAULT_COUNT, After, Count, ReminderId
from reminders.api.replies import reply
from reminders.api.schedules.answers import PreviewOut, shown_preview
from reminders.api.schedules.bodies import PreviewIn

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands


class PreviewRoutes:
    def __init__(self, commands: "Callable[[], Commands]") -> None:
        self._commands = commands

    @operation(
        "GET",
        "/reminders/<id>/preview",
        tag="schedules",
        summary="See when a reminder fires next",
        description=(
            "Its next instants as things stand, with its jitter; of a paused one those that it would have if it"
            " were resumed now, and of an ended one none."
        ),
        answers=answers({200: shows(PreviewOut, "The instants.")}, 404, 409),
    )
    def preview_reminder(self, id: ReminderId, after: After = None, count: Count = DEFAULT_COUNT) -> Response[str]:
        return reply(shown_preview, self._commands().previews.of_reminder(id, after=after, count=count))

    @operation(
        "POST",
        "/schedules/preview",
        tag="schedules",
        summary="See when a schedule fires",
        description=(
            "The next instants of a reminder that would be created with these fields now, or at `after` if that has"
            " passed; and the schedule in words. Nothing is created."
        ),
        answers=answers({200: shows(PreviewOut, "The instants.")}),
    )
    def preview_schedule(self, schedule: Annotated[PreviewIn, Body()]) -> Response[str]:
        previews, spec = self._commands().previews, schedule.specification()
        return reply(shown_preview, previews.of_schedule(spec, after=schedule.after, count=schedule.count))
