"""Health: whether the engine keeps up."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypedDict

from aws_lambda_powertools.event_handler.api_gateway import Response
from pydantic import with_config

from reminders.api.openapi.glossary import known, known_instant
from reminders.api.openapi.responses import answers, shows
from reminders.api.operations import operation
from reminders.api.replies import reply
from reminders.api.values import utc_text
from reminders.errors import ForeignStage
from reminders.settings import Settings

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands
    from reminders.storage.scheduler import Health


@with_config(title="Health")
class HealthOut(TypedDict):
    """Whether the engine keeps up."""

    status: Annotated[str, known("health")]
    stage: Annotated[str, known("stage")]
    code_version: Annotated[str, known("code_version")]
    schema_version: Annotated[str, known("schema_version")]
    last_tick_at: Annotated[str | None, known_instant("last_tick_at")]
    oldest_due_seconds: Annotated[float, known("oldest_due_seconds")]


class HealthRoutes:
    def __init__(self, commands: "Callable[[], Commands]", settings: Settings) -> None:
        self._commands = commands
        self._settings = settings

    @operation(
        "GET",
        "/health",
        tag="operation",
        summary="Ask how the engine is",
        answers=answers({200: shows(HealthOut, "It can reach its database.")}),
    )
    def get_health(self) -> Response[str]:
        health, stage = self._commands().health(), self._settings.stage
        if health.stage not in (None, stage):
            raise ForeignStage(str(health.stage), stage)
        return reply(self._shown, health)

    def _shown(self, health: "Health") -> HealthOut:
        return {
            "status": "ok",
            "stage": self._settings.stage,
            "code_version": self._settings.code_version,
            "schema_version": health.schema_version,
            "last_tick_at": utc_text(health.last_tick_at),
            "oldest_due_seconds": health.oldest_due_seconds,
        }
