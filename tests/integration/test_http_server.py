"""The local server: concurrent, bounded, clean when it ends, and the same through a real socket."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn

from local import server
from tests.doors import EXAMPLE, Door, at_once, reminder
from tests.world import World


@pytest.fixture
def port(database_url: str) -> Iterator[int]:
    """A real uvicorn on a free port, as `make run` starts it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(server.build_app({"DATABASE_URL": database_url}), log_level="warning", access_log=False)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([listener],))
        thread.start()
        while not running.started:
            thread.join(0.01)
        yield listener.getsockname()[1]
        running.should_exit = True
        thread.join()


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


JSON = {"Content-Type": "application/json"}


def test_it_answers_through_a_socket(port: int) -> None:
    """What a client sends over TCP arrives: body, path, query and headers."""
    status, headers, body = ask(port, "POST", "/reminders", json.dumps(EXAMPLE).encode(), **JSON)
    assert (status, headers["etag"], headers["location"]) == (201, '"1"', f"/reminders/{json.loads(body)['id']}")
    assert ask(port, "PUT", "/flags/a%40%2B", b'{"value": true}', **JSON)[0] == 200
    assert [flag["key"] for flag in json.loads(ask(port, "GET", "/flags?limit=1")[2])["items"]] == ["a@+"]
    assert ask(port, "DELETE", headers["location"], **{"If-Match": '"7"'})[0] == 412
    assert ask(port, "DELETE", "/flags/a%40%2B")[::2] == (204, b"")
    assert ask(port, "GET", "/flags/a%2540")[0] == 422


def test_a_body_that_is_far_too_long_is_refused_early(port: int) -> None:
    """The server stops reading at the bound, answers 413, and goes on serving."""
    status, headers, _ = ask(port, "POST", "/reminders", b"x" * 5_000_000, **JSON)
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert ask(port, "GET", "/flags")[0] == 200


def test_a_slow_request_does_not_hold_up_others(local: Door, world: World) -> None:
    """While one request waits for a row that somebody has locked, many others are answered."""
    path = local("POST", "/reminders", EXAMPLE).headers["location"]
    world.sql("BEGIN")
    world.sql("SELECT FROM reminder_jobs FOR UPDATE")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(local, "POST", f"{path}/pause")
        others = [local("POST", "/reminders", reminder(entity_id=f"INT_{number}")).status for number in range(10)]
        assert (set(others), slow.done()) == ({201}, False)
        world.sql("COMMIT")
        assert slow.result().json["status"] == "PAUSED"


@pytest.mark.parametrize(
    ("path", "status"), [("/openapi.json", 200), ("/docs", 200), ("/reminders?limit=1", 200), ("/reminders/x", 422)]
)
def test_first_requests_may_come_all_at_once(local: Door, path: str, status: int) -> None:
    """What is built at its first use is built once, whoever asks."""
    path, _, query = path.partition("?")
    replies = at_once(32, lambda *arguments: local(*arguments, query=query), "GET", path)
    assert [reply.status for reply in replies] == [status] * 32
    assert len({reply.content for reply in replies}) == 1


def test_each_thread_has_a_connection_of_its_own_and_leaves_none(database_url: str, world: World) -> None:
    """When the server is told to stop, it answers what it has begun and closes all its connections."""
    app = server.build_app({"DATABASE_URL": database_url})
    others = (
        "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    ((before,),) = world.sql(f"SELECT count(*) {others}")
    asyncio.run(live(app, requests=8))
    # The server needs a moment to see that a session has ended.
    world.wait_until(f"SELECT 1 {others} HAVING count(*) <= {before}")


async def live(app: server.App, requests: int) -> None:
    """A server's life: startup, requests all at once, shutdown."""
    messages: asyncio.Queue[server.Message] = asyncio.Queue()
    told: asyncio.Queue[server.Message] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, messages.get, told.put))
    await messages.put({"type": "lifespan.startup"})
    assert await told.get() == {"type": "lifespan.startup.complete"}
    statuses = await asyncio.gather(*[flags(app) for _ in range(requests)])
    assert statuses == [200] * requests
    await messages.put({"type": "lifespan.shutdown"})
    assert await told.get() == {"type": "lifespan.shutdown.complete"}
    await life


async def flags(app: server.App) -> int:
    sent: list[server.Message] = []

    async def receive() -> server.Message:
        return {"type": "http.request", "body": b""}

    async def send(message: server.Message) -> None:
        sent.append(message)

    await app(
        {"type": "http", "method": "GET", "raw_path": b"/flags", "query_string": b"", "headers": []}, receive, send
    )
    return int(sent[0]["status"])


def test_a_caller_that_leaves_before_its_body_is_forgotten(database_url: str) -> None:
    """Nothing is answered to nobody."""
    app = server.build_app({"DATABASE_URL": database_url})
    sent: list[server.Message] = []

    async def leave() -> None:
        async def receive() -> server.Message:
            return {"type": "http.disconnect"}

        async def send(message: server.Message) -> None:
            sent.append(message)

        await app(
            {"type": "http", "method": "GET", "raw_path": b"/flags", "query_string": b"", "headers": []}, receive, send
        )

    asyncio.run(leave())
    app.close()
    assert sent == []


# What browsers may ask


HOSTS = {"localhost:{port}": 200, "127.0.0.1:{port}": 200, "[::1]:{port}": 200, "LOCALHOST:{port}": 200} | dict.fromkeys(
    (
        "evil.example", "evil.example:{port}", "localhost", "localhost:80", "127.0.0.1", "127.0.0.2:{port}",
        "localhost.evil.example:{port}", "evil.localhost:{port}", "localhost.:{port}", "localhost:{port}:80",
        "a@localhost:{port}", "0.0.0.0:{port}", "169.254.169.254:{port}", "", "localhost:{port}, localhost:{port}",
    ),
    421,
)  # fmt: skip


@pytest.mark.parametrize(("host", "status"), HOSTS.items())
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_name_that_was_made_to_lead_here_is_not_answered(port: int, method: str, host: str, status: int) -> None:
    """DNS rebinding: only the names of this machine, with the server's port, are a host here."""
    body = b'{"value": true}' if method == "PUT" else b""
    answer = ask(port, method, "/flags/a" if body else "/flags", body, **JSON, Host=host.format(port=port))
    assert answer[0] == status
    if status == 421:
        assert json.loads(answer[2])["type"] == "/problems/misdirected-request"
        assert ask(port, "GET", "/flags/a")[0] == 404


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://evil.example:{port}"},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://localhost"},
    {"Origin": "https://localhost:{port}"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost:{port}, http://evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "http://localhost:{port}", "Sec-Fetch-Site": "cross-site"},
]
OWN = [
    {},
    {"Origin": "http://localhost:{port}"},
    {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]


def filled(headers: dict[str, str], port: int) -> dict[str, str]:
    return {name: value.format(port=port) for name, value in headers.items()}


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_origin_may_not_change_anything(port: int, headers: dict[str, str]) -> None:
    """Whatever it asks for, and however; reading tells it nothing, since its browser hides the answer."""
    path = ask(port, "POST", "/reminders", json.dumps(EXAMPLE).encode(), **JSON)[1]["location"]
    foreign = filled(headers, port)
    for method, where, body in (
        ("PUT", "/flags/a", b'{"value": true}'),
        ("POST", f"{path}/pause", b""),
        ("PATCH", path, b'{"subject": "x"}'),
        ("DELETE", path, b""),
    ):
        status, _, content = ask(port, method, where, body, **JSON, **foreign)
        assert (status, json.loads(content)["type"]) == (403, "/problems/foreign-origin")
    assert json.loads(ask(port, "GET", path, **foreign)[2])["version"] == 1


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_our_own_pages_and_programs_may(port: int, headers: dict[str, str]) -> None:
    """The Swagger page, curl and clients."""
    assert ask(port, "PUT", "/flags/a", b'{"value": true}', **JSON, **filled(headers, port))[0] == 200


def test_head_through_a_socket_has_the_length_and_no_body(port: int) -> None:
    """As RFC 9110 has it."""
    got, asked = ask(port, "GET", "/flags"), ask(port, "HEAD", "/flags")
    assert (asked[0], asked[1]["content-length"], asked[2]) == (200, str(len(got[2])), b"")
