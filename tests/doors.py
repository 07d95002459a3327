"""The API's two doors as tests use them: Lambda's handler, fed with events, and the local server, fed as uvicorn
does."""

import asyncio
import base64
import importlib.util
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol
from unittest import mock
from urllib.parse import quote

from local import server
from tests.functions.lambda_context import LambdaContext

ROOT = Path(__file__).parent.parent

EXAMPLE: dict[str, Any] = json.loads(json.loads((ROOT / "events" / "create_reminder.json").read_text())["body"])
"""The README's reminder."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def fields(self) -> list[str]:
        """The fields that a 422 names."""
        return [error["field"] for error in self.json["errors"]]


class Door(Protocol):
    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply: ...


@dataclass(frozen=True)
class LambdaDoor:
    """`functions/api/app.py`, fed with what API Gateway would send."""

    app: ModuleType
    context: LambdaContext = field(default_factory=LambdaContext)

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        content, sent = _content(body, raw), _headers(body, raw, headers)
        event = example_event("get_health")
        event |= {"rawPath": path, "rawQueryString": query, "headers": event["headers"] | sent}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        if content:
            # API Gateway sends what is not text in base64.
            event |= {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
        return self.handle(event)

    def handle(self, event: Mapping[str, Any]) -> Reply:
        response = self.app.handler(event, self.context)
        body = response["body"]
        content = base64.b64decode(body) if response["isBase64Encoded"] else body.encode()
        return Reply(response["statusCode"], _lower(response["headers"]), content)


@dataclass(frozen=True)
class LocalDoor:
    """`local/server.py`, fed with what uvicorn would send."""

    app: server.App

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        content, sent = _content(body, raw), _headers(body, raw, headers)
        scope = {
            "type": "http",
            "method": method,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        }
        return asyncio.run(_ask(self.app, scope, content))


async def _ask(app: server.App, scope: dict[str, Any], content: bytes) -> Reply:
    sent: list[Any] = []
    pieces = [content[start : start + 60_000] for start in range(0, len(content), 60_000)] or [b""]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Reply(sent[0]["status"], headers, sent[1]["body"])


@contextmanager
def lambda_door(database_url: str, **environment: str) -> Iterator[LambdaDoor]:
    """A cold start with this environment."""
    with mock.patch.dict(os.environ, {"DATABASE_URL": database_url, **environment}):
        spec = importlib.util.spec_from_file_location("api_app", ROOT / "functions" / "api" / "app.py")
        assert spec and spec.loader
        app = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(app)
    yield LambdaDoor(app)
    if app.commands.cache_info().currsize:
        app.commands().close()


@contextmanager
def local_door(database_url: str, **environment: str) -> Iterator[LocalDoor]:
    app = server.build_app({"DATABASE_URL": database_url, **environment})
    yield LocalDoor(app)
    app.close()


def example_event(name: str) -> dict[str, Any]:
    """One of `events/`."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event


def at_once(count: int, door: Callable[..., Reply], *arguments: Any) -> list[Reply]:
    """The same request so many times, all of them started together."""
    barrier, replies = threading.Barrier(count), []

    def ask() -> None:
        barrier.wait()
        replies.append(door(*arguments))

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def reminder(**changes: Any) -> dict[str, Any]:
    """The README's reminder with changes; ... leaves a field out."""
    return {name: value for name, value in (EXAMPLE | changes).items() if value is not ...}


def encoded(text: str) -> str:
    return quote(text, safe="")


def _content(body: object, raw: bytes | None) -> bytes:
    if raw is not None:
        return raw
    return b"" if body is None else json.dumps(body).encode()


def _headers(body: object, raw: bytes | None, headers: Mapping[str, str] | None) -> dict[str, str]:
    typed = {"content-type": "application/json"} if body is not None or raw else {}
    return typed | _lower(headers or {})


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
