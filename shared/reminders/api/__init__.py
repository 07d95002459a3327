"""The HTTP API, the same behind every door: Lambda's (`gateway`) and the local server's.

routes · catalogue         what the API does, and on which paths
schemas · schedules        the bodies that come in; ics: iCalendar files
answers · reminder_answers the bodies that go out
parameters · values        path, query and headers; validated texts and instants
door · guard · strict_json what each request passes before a route sees it
problems · refusals        errors as problem+json
docs · glossary            the OpenAPI document and the words in it; fitting · examples: its conditions and bodies
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver

from reminders.api import answers, problems, reminder_answers, schemas
from reminders.api.catalogue import calendar_operations, flag_operations, health_operation, reminder_operations
from reminders.api.openapi.document import Docs
from reminders.api.operations import Operation, Table
from reminders.api.routes import CalendarRoutes, FlagRoutes, HealthRoute, ReminderRoutes
from reminders.settings import Settings

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands


def build_api(resolver: ApiGatewayResolver, commands: "Callable[[], Commands]", settings: Settings) -> Table:
    """Registers the API on a resolver, and returns the table by which the door finds its operations.

    `commands` provides the verbs to the thread that asks.
    """
    operations = [
        *reminder_operations(ReminderRoutes(commands)),
        *flag_operations(FlagRoutes(commands)),
        *calendar_operations(CalendarRoutes(commands)),
        health_operation(HealthRoute(commands, settings)),
        *Docs(resolver).operations(),
    ]
    for operation in operations:
        _register(resolver, operation)
    resolver.exception_handler(Exception)(problems.respond)
    return Table(operations)


def warm_up(resolver: ApiGatewayResolver) -> None:
    """Builds all models and parameters. A server with threads does it first: pydantic and Powertools would build each
    at its first use, and two threads must not do that at once."""
    for model in (*schemas.ALL, *answers.ALL, *reminder_answers.ALL):
        model.model_rebuild()
    resolver.get_openapi_schema()


def _register(resolver: ApiGatewayResolver, operation: Operation) -> None:
    resolver.route(
        operation.path,
        operation.method,
        compress=operation.compress,
        summary=operation.summary,
        description=operation.description,
        responses=operation.answers,
        tags=[operation.tag] if operation.tag else None,
        operation_id=operation.handler.__name__,
        include_in_schema=operation.answers is not None,
    )(operation.handler)


__all__ = ["build_api", "warm_up"]
