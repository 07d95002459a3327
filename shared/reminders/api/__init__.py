"""The HTTP API. What is asked of a noun, how that is documented, and what comes in and goes out, stand together:

reminders/ · schedules/ · runs · flags · calendars (and calendar_files) · health

What these share:

operations               a route with what the OpenAPI document says of it
parameters · values      what comes in the path, the query and the headers; checked texts and instants
cursors · etags          where a page begins; which version a caller has seen
replies                  what a route returns
refusals · field_errors  what is not let in; problems: errors as problem+json

What stands around them:

routes · arguments       finds the operation for a request, and reads what its route takes
edge/                    what every request passes, on Lambda and locally
openapi/                 the document
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from reminders.api.calendars import CalendarRoutes
from reminders.api.flags import FlagRoutes
from reminders.api.health import HealthRoutes
from reminders.api.openapi.document import Docs
from reminders.api.operations import Operation, operations_of
from reminders.api.reminders.routes import ReminderRoutes
from reminders.api.routes import Routes
from reminders.api.runs import RunRoutes
from reminders.api.schedules.routes import PreviewRoutes
from reminders.settings import Settings

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands


def build_api(commands: "Callable[[], Commands]", settings: Settings) -> Routes:
    """The routes of the API. `commands` provides the verbs to the thread that asks."""
    resolver = APIGatewayHttpResolver(enable_validation=True, debug=False)
    nouns = (
        ReminderRoutes(commands),
        RunRoutes(commands),
        PreviewRoutes(commands),
        FlagRoutes(commands),
        CalendarRoutes(commands),
        HealthRoutes(commands, settings),
        Docs(resolver),
    )
    operations = [operation for noun in nouns for operation in operations_of(noun)]
    for operation in operations:
        _register(resolver, operation)
    return Routes(operations)


def _register(resolver: APIGatewayHttpResolver, operation: Operation) -> None:
    """Powertools makes the document of what is registered."""
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


__all__ = ["build_api"]
