"""Health: whether the engine keeps up."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, TypedDict

from aws_lambda_powertools.event_handler.api_gateway import Response
from pydantic import with_config

from reminders.api.openapi.glossary import known, known_instant
from reminders.api.openapi.responses import RETRY_AFTER, answers, as_problems, shows
from reminders.api.operations import operation
from reminders.api.replies import reply
from reminders.api.values import utc_text
from reminders.errors import DatabaseRefused, ForeignStage, SchemaBehind, Unhealthy
from reminders.settings import Settings
from reminders.storage.schema import NEEDED

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands
    from reminders.storage.scheduler import Health

# A tick starts each minute: five of them have not done their work.
_SILENCE_SECONDS = 300.0
# Two clocks differ by less; an instant further ahead was written before the database's clock went back.
_AHEAD_SECONDS = 60.0


@with_config(title="Health")
class HealthOut(TypedDict):
    """Whether the engine keeps up."""

    status: Annotated[str, known("health")]
    stage: Annotated[str, known("stage")]
    code_version: Annotated[str, known("code_version")]
    schema_version: Annotated[str, known("schema_version")]
    last_tick_at: Annotated[str | None, known_instant("last_tick_at")]
    last_ok_tick_at: Annotated[str | None, known_instant("last_ok_tick_at")]
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
        answers=answers({200: shows(HealthOut, "Ticks do their work, and the database can be written.")})
        | as_problems(
            {
                503: {
                    "description": "`unhealthy`: the schema is older than the code needs, the database cannot be"
                    " written or is another stage's, or no tick has ended well for five minutes; `errors` says which."
                    " Or `database-unavailable`: it cannot be reached.",
                    "headers": RETRY_AFTER,
                }
            }
        ),
    )
    def get_health(self) -> Response[str]:
        return reply(self._shown, self._well())

    def _well(self) -> "Health":
        try:
            health = self._commands().health()
        except SchemaBehind as behind:
            raise Unhealthy({"schema_version": behind.why}) from behind
        except DatabaseRefused as refused:
            raise Unhealthy({"database": f"the database refuses to say how it is: {refused.sqlstate}"}) from refused
        if troubles := dict(_troubles(health, self._settings.stage)):
            raise Unhealthy(troubles)
        return health

    def _shown(self, health: "Health") -> HealthOut:
        return {
            "status": "ok",
            "stage": self._settings.stage,
            "code_version": self._settings.code_version,
            "schema_version": health.schema_version,
            "last_tick_at": utc_text(health.last_tick_at),
            "last_ok_tick_at": utc_text(health.last_ok_tick_at),
            "oldest_due_seconds": health.oldest_due_seconds,
        }


def _troubles(health: "Health", stage: str) -> Iterator[tuple[str, str]]:
    """What is not well, and why."""
    if not health.takes_writes:
        yield "database", "the database is read-only, as a stand-by is"
    elif not health.may_write:
        yield "database", "the database does not let this role write"
    if health.schema_version < NEEDED:
        found = f"is at {health.schema_version}" if health.schema_version else "has not been migrated"
        yield "schema_version", f"the database {found}, and this code needs {NEEDED}"
        return
    if health.stage not in (None, stage):
        yield "stage", ForeignStage(str(health.stage), stage).why
    silence = health.ok_tick_seconds
    if silence is None:
        yield "last_ok_tick_at", "no tick has ended well yet"
    elif silence > _SILENCE_SECONDS:
        yield "last_ok_tick_at", f"no tick has ended well for {silence:.0f} seconds"
    elif silence < -_AHEAD_SECONDS:
        yield "last_ok_tick_at", "no tick has ended well since the database's clock went back"
