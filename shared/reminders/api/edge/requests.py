"""The door: each request passes the guard, is answered, and leaves one line in the log. The same for every server."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reminders.api import problems
from reminders.api.edge.guard import Admitted, Call, admit, normalised
from reminders.api.operations import Table
from reminders.observe import logger


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What goes back to the caller."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def answer(table: Table, read: Callable[[], Call], resolve: Callable[[Admitted], Answer]) -> Answer:
    """Answers one request: `read` makes a call of it, `resolve` hands what was admitted to the resolver. Never raises."""
    began = time.perf_counter()
    method, route = None, None
    try:
        call = read()
        method = call.method[:10]
        path = normalised(call.path)
        place = table.find(call.method, path)
        route = place.route
        answered = resolve(admit(call, path, place))
    except Exception as error:
        answered = _refusal(error)
    # Never the path, the query or a header: they hold keys, filters and credentials.
    facts = {"method": method, "route": route, "status": answered.status}
    logger.info("request", extra={**facts, "ms": round((time.perf_counter() - began) * 1000, 1)})
    return answered


def _refusal(error: Exception) -> Answer:
    problem = problems.of(error)
    headers = {"Content-Type": problems.CONTENT_TYPE, **problem.headers}
    return Answer(status=problem.kind.status, headers=headers, content=problem.body.encode())
