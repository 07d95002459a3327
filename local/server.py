"""The HTTP server of `make run`: an ASGI application around the same routes. For local use only.

The routes wait for the database. On the event loop a slow one would hold up all others, so each request gets a thread,
which has a database connection of its own.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from reminders.api import build_api
from reminders.api.edge import browsers, requests
from reminders.api.edge.caller import current_caller
from reminders.api.edge.guard import Call
from reminders.api.edge.requests import Answer
from reminders.api.operations import LARGEST_BODY
from reminders.channels import build_recipient_checks
from reminders.commands import Commands
from reminders.settings import Settings
from reminders.wiring import address_of, build_commands

THREADS = 16

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

_ANYWHERE = ("127.0.0.1", 80)  # where a server listens that does not say it
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def build_app(environment: Mapping[str, str]) -> "App":
    """The application for an ASGI server."""
    return App(environment)


class App:
    """Answers requests concurrently, each in one of THREADS threads."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        settings, checks = Settings.from_environment(environment), build_recipient_checks(environment)
        address = address_of(settings)
        self._commands = PerThread(lambda: build_commands(address, checks, current_caller))
        self._routes = build_api(self._commands, settings)
        self._routes.warm_up()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="http")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    def close(self) -> None:
        """Waits for the requests that are being answered, then closes the connections."""
        self._threads.shutdown()
        self._commands.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(self.close)
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        answered = await self._answered(scope, body)
        headers = {**answered.headers, "Content-Length": str(len(answered.content))}
        await send({"type": "http.response.start", "status": answered.status, "headers": _written(headers)})
        await send({"type": "http.response.body", "body": answered.body})

    async def _answered(self, scope: Message, body: bytes) -> Answer:
        """Made in a thread, which tells the event loop itself: `run_in_executor` has it turn two times more."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Answer] = loop.create_future()
        self._threads.submit(lambda: loop.call_soon_threadsafe(answered.set_result, self._answer(scope, body)))
        return await answered

    def _answer(self, scope: Message, body: bytes) -> Answer:
        return requests.answer(self._routes, lambda: _call(scope, body))


class PerThread:
    """Provides each thread with commands, and so with a connection, of its own."""

    def __init__(self, build: Callable[[], Commands]) -> None:
        self._build = build
        self._local = threading.local()
        self._all: list[Commands] = []

    def __call__(self) -> Commands:
        if not hasattr(self._local, "commands"):
            self._local.commands = self._build()
            self._all.append(self._local.commands)
        commands: Commands = self._local.commands
        return commands

    def close(self) -> None:
        """Only once the threads have ended: a connection belongs to its thread."""
        for commands in self._all:
            commands.close()


async def _read(receive: Receive) -> bytes | None:
    """The body, or as much of it as shows that it is too long; None when the caller has gone."""
    body = b""
    while len(body) <= LARGEST_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def _call(scope: Message, body: bytes) -> Call:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    browsers.check(scope["method"], headers, scope.get("server") or _ANYWHERE)
    return Call(
        method=scope["method"],
        path=quote(scope["raw_path"], safe=_ASCII),
        query=quote(scope["query_string"], safe=_ASCII),
        headers=headers,
        body=body,
        caller="local",
    )


def _written(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
