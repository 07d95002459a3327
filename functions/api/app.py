"""The HTTP API: one request in, one answer out."""

import gc

gc.disable()  # hardly anything that imports make is garbage, and looking for it takes a tenth of a cold start

import functools
import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from reminders.api import build_api
from reminders.api.edge.caller import current_caller
from reminders.api.edge.lambda_events import Gateway
from reminders.channels import build_recipient_checks
from reminders.observe import logger
from reminders.settings import Settings
from reminders.wiring import address_of, build_commands

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands

settings = Settings.from_environment(os.environ)
# Here, so that a wrong setting ends the start.
recipient_checks = build_recipient_checks(os.environ)
address = address_of(settings)


@functools.cache
def commands() -> "Commands":
    """Built by the first request; its connection is kept for those that follow in a warm container."""
    return build_commands(address, recipient_checks, current_caller)


gateway = Gateway(build_api(commands, settings), path_is_decoded=os.environ.get("AWS_SAM_LOCAL") == "true")


@logger.inject_lambda_context(log_event=False)  # never the event: it would print the Authorization header
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answers one request."""
    return gateway.answer(event)


gc.freeze()  # nor does a warm container ever look through it
gc.enable()
