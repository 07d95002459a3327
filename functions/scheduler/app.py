"""Every minute: one tick. In a container that stays warm the connection is kept from one to the next."""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from reminders.observe import logger
from reminders.wiring import Scheduler

scheduler = Scheduler.from_environment(os.environ)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int | float | str]:
    """Runs a tick within the time that is left; only a scheduled one, never a fanned-out one, may call more workers."""
    left = context.get_remaining_time_in_millis() / 1000
    return scheduler.tick(left, may_fan_out=not event.get("fanned_out"), function_name=context.function_name).as_dict()
