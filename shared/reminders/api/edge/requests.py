"""One request after the other: each passes the guard, is answered by a route, and leaves one line in the log."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from aws_lambda_powertools.event_handler.api_gateway import Response

from reminders.api import problems
from reminders.api.edge.caller import calling
from reminders.api.edge.guard import Call, admit, normalised
from reminders.api.routes import Routes
from reminders.observe import logger


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What goes back to the caller."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    omits_content: bool = False  # of HEAD: the length is that of the content, which is not sent

    @property
    def body(self) -> bytes:
        """What is sent of the content."""
        return b"" if self.omits_content else self.content


# No page may frame an answer, or take it for a script or a style, and nobody keeps it.
_ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def answer(routes: Routes, read: Callable[[], Call]) -> Answer:
    """Answers the request that `read` makes of what the server has received. Never raises."""
    began = time.perf_counter()
    method, path = None, None
    try:
        call = read()
        method = call.method[:10]
        found = routes.find(call.method, normalised(call.path))
        operation = found.operation
        path = operation.path
        arguments = operation.arguments.read(admit(call, found))
        with calling(call.caller):
            response = operation.handler(**arguments)
        answered = _answer(response, compress=operation.compress and "gzip" in call.headers.get("accept-encoding", ""))
    except Exception as error:
        answered = _refusal(error)
    answered = replace(answered, headers={**_ALWAYS, **answered.headers}, omits_content=method == "HEAD")
    # Never the path itself, the query or a header: they hold keys, filters and credentials.
    facts = {"method": method, "route": path, "status": answered.status}
    logger.info("request", extra={**facts, "ms": round((time.perf_counter() - began) * 1000, 1)})
    return answered


def _answer(response: Response[str], *, compress: bool) -> Answer:
    content = (response.body or "").encode()
    headers = cast(dict[str, str], response.headers)  # Powertools would also take lists, and nobody gives it one
    if compress:
        import gzip  # only the document and its page are

        content, headers = gzip.compress(content, mtime=0), {**headers, "Content-Encoding": "gzip"}
    return Answer(status=response.status_code, headers=headers, content=content)


def _refusal(error: Exception) -> Answer:
    problem = problems.of(error)
    headers = {"Content-Type": problems.CONTENT_TYPE, **problem.headers}
    return Answer(status=problem.kind.status, headers=headers, content=problem.body.encode())
