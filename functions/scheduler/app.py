"""Every minute: one tick. In a container that stays warm the connection is kept from one to the next."""

import gc

gc.disable()  # hardly anything that imports make is garbage, and looking for it takes a tenth of a cold start

import os
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from reminders.engine.summary import TickFailed, publish
from reminders.observe import logger
from reminders.wiring import Scheduler, invoke_worker

scheduler = Scheduler(os.environ)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int | float | str | None]:
    """Runs a tick within the time that is left; only a scheduled one, never a fanned-out one, may call more workers.

    One that could not do its work fails, so that Lambda counts an error; nobody repeats it, since the next one comes.
    """
    call_worker = None if event.get("fanned_out") else partial(invoke_worker, context.function_name)
    summary = scheduler.tick(context.get_remaining_time_in_millis() / 1000, call_worker)
    publish(summary, scheduler.stage)
    if not summary.ok:
        raise TickFailed(summary.failure, summary.error)
    return summary.as_dict()


gc.freeze()  # nor does a warm container ever look through it
gc.enable()
