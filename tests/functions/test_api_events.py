"""The API function, fed with the events that API Gateway, `sam local` and the stories in `events/` send."""

import base64
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reminders.api.openapi.examples import calendar_file
from reminders.observe import logger
from tests.doors import EXAMPLE, LambdaDoor, example_event, lambda_door
from tests.world import World


@pytest.fixture
def api(database_url: str) -> Iterator[LambdaDoor]:
    with lambda_door(database_url) as found:
        yield found


def test_the_stories_are_told_in_their_order(api: LambdaDoor, world: World) -> None:
    """The events in `events/` work as they stand: look ahead, create, list, read, pause, set the flag, ask for
    health."""
    ahead = api.handle(example_event("preview_schedule")).json["items"]
    assert [item["local"] for item in ahead] == ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    created = api.handle(example_event("create_reminder"))
    assert (created.status, created.json["entity_id"]) == (201, "INT_100")
    listed = api.handle(example_event("list_reminders"))
    assert [item["id"] for item in listed.json["items"]] == [created.json["id"]]
    # The stories read and pause a reminder with a fixed id.
    world.sql("UPDATE reminder_jobs SET id = '019ab54e-7c00-7000-8000-000000000001'")
    assert api.handle(example_event("get_reminder")).json["status"] == "ACTIVE"
    assert api.handle(example_event("pause")).json["status"] == "PAUSED"
    assert api.handle(example_event("set_flag_true")).json["completed"] == 1
    world.tick(None)
    assert api.handle(example_event("get_health")).json["status"] == "ok"
    ended = api.handle(example_event("get_reminder")).json
    assert (ended["status"], ended["completion_reason"]) == ("COMPLETED", "stop_condition")


def test_a_story_about_what_is_not_there_is_not_found(api: LambdaDoor) -> None:
    """Reading and pausing before anything was created: 404 problems."""
    for story in ("get_reminder", "pause"):
        reply = api.handle(example_event(story))
        assert (reply.status, reply.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("encode", [True, False])
def test_a_body_may_come_in_base64(api: LambdaDoor, encode: bool) -> None:
    """API Gateway sends some bodies so, and says it."""
    event = example_event("create_reminder")
    body = json.dumps(EXAMPLE | {"subject": "ä"}, ensure_ascii=False)
    event |= {"body": base64.b64encode(body.encode()).decode() if encode else body, "isBase64Encoded": encode}
    reply = api.handle(event)
    assert (reply.status, reply.json["subject"]) == (201, "ä")


@pytest.mark.parametrize("encode", [True, False])
def test_a_file_may_come_in_base64(api: LambdaDoor, encode: bool) -> None:
    """A calendar is read in both forms that API Gateway has for a body."""
    text: str = calendar_file()["example"]
    event = example_event("set_flag_true") | {"rawPath": "/calendars/germany", "isBase64Encoded": encode}
    event["headers"]["content-type"] = "text/calendar; charset=utf-8"
    reply = api.handle(event | {"body": base64.b64encode(text.encode()).decode() if encode else text})
    assert (reply.status, reply.json["holidays"][0]) == (200, "2026-12-25")


@pytest.mark.parametrize("body", ["%%%", "a"])
def test_a_body_that_is_no_base64_cannot_be_read(api: LambdaDoor, body: str) -> None:
    """400, and not a failed invocation."""
    reply = api.handle(example_event("create_reminder") | {"body": body, "isBase64Encoded": True})
    assert reply.status == 400


def test_a_header_may_be_written_in_any_case(api: LambdaDoor) -> None:
    """As clients and proxies have it."""
    event = example_event("create_reminder")
    event["headers"] = {"Content-TYPE": "application/json"}
    assert api.handle(event).status == 201


def test_a_stage_of_its_own_is_no_part_of_the_path(api: LambdaDoor) -> None:
    """A named stage stands before the path; a path that only begins like it is left alone."""
    event = example_event("get_health")
    event["requestContext"]["stage"] = "prod"
    assert api.handle(event | {"rawPath": "/prod/flags"}).status == 200
    assert api.handle(event | {"rawPath": "/flags"}).status == 200
    assert api.handle(event | {"rawPath": "/production/flags"}).status == 404


@pytest.mark.parametrize(
    ("path", "sam_local"), [("/flags/a%40%3Db", False), ("/flags/a@=b", True), ("/flags/a@=b", False)]
)
def test_a_path_is_decoded_exactly_once(database_url: str, path: str, sam_local: bool) -> None:
    """API Gateway leaves that to us, `sam local start-api` has done it already."""
    environment = {"AWS_SAM_LOCAL": "true"} if sam_local else {}
    with lambda_door(database_url, **environment) as api:
        assert api("PUT", path, {"value": True}).json["key"] == "a@=b"


@pytest.mark.parametrize(("path", "sam_local"), [("/flags/a%2540b", False), ("/flags/a%40b", True)])
def test_a_path_is_not_decoded_twice(database_url: str, path: str, sam_local: bool) -> None:
    """What is left encoded after that is part of the value, and no key."""
    environment = {"AWS_SAM_LOCAL": "true"} if sam_local else {}
    with lambda_door(database_url, **environment) as api:
        assert api("PUT", path, {"value": True}).fields == ["key"]


@pytest.mark.parametrize("event", [{}, {"version": "2.0"}, {"requestContext": {"http": {}}}, {"Records": []}])
def test_an_event_that_is_no_request_is_answered(api: LambdaDoor, event: dict[str, Any]) -> None:
    """Somebody invokes the function with something else: 500 without internals, not a crash."""
    reply = api.handle(event)
    assert (reply.status, reply.json["type"]) == (500, "/problems/internal-error")


def test_a_lost_database_is_unavailable(database_url: str) -> None:
    """503 with Retry-After, on health as on everything else, and nothing of the address."""
    gone = "postgresql://reminders:s3cr3t@127.0.0.1:1/reminders"
    with lambda_door(gone) as api:
        for reply in (api.handle(example_event("get_health")), api.handle(example_event("create_reminder"))):
            assert (reply.status, reply.json["type"]) == (503, "/problems/database-unavailable")
            assert int(reply.headers["retry-after"]) > 0
            assert "s3cr3t" not in reply.content.decode()


def test_a_database_that_comes_back_is_used_again(api: LambdaDoor, world: World) -> None:
    """A warm container outlives the sessions of its database."""
    assert api("GET", "/flags").status == 200
    world.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <>"
        " pg_backend_pid()"
    )
    assert api("POST", "/reminders", EXAMPLE).status == 201


def test_an_answer_that_cannot_be_written_says_what_became_of_the_request(
    api: LambdaDoor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed is not called undone, only because its answer failed: 500 says so, and the log has the
    place."""

    def broken(moment: object) -> str:
        raise ArithmeticError

    monkeypatch.setattr("reminders.api.flags.utc_text", broken)
    with captured_log() as log:
        reply = api("PUT", "/flags/done", {"value": True})
    assert (reply.status, reply.json["type"]) == (500, "/problems/internal-error")
    assert reply.json["detail"].startswith("the request was carried out")
    assert world.sql("SELECT key FROM status_flags") == [["done"]]
    failure = next(line for line in lines(log) if line["level"] == "ERROR")
    assert failure["error"] == "ArithmeticError"


def test_a_failure_before_anything_is_done_says_so(api: LambdaDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error of the command itself has changed nothing."""

    def broken(self: object, name: str) -> None:
        raise ArithmeticError

    monkeypatch.setattr("reminders.commands.calendars.Calendars.get", broken)
    assert api("GET", "/calendars/germany").json["detail"].startswith("the request was not carried out")


def test_a_request_leaves_one_line_in_the_log(api: LambdaDoor) -> None:
    """Method, route, status and milliseconds: enough to count and to find, and nothing that is anybody's business."""
    with captured_log() as log:
        api("PUT", "/flags/feedback:secret-key", {"value": True}, headers={"Authorization": "Bearer s3cr3t"})
    (line,) = lines(log)
    assert (line["method"], line["route"], line["status"]) == ("PUT", "/flags/<key>", 200)
    assert line["ms"] >= 0
    assert line["function_request_id"] == api.context.aws_request_id


IAM = {"iam": {"userArn": "arn:aws:iam::123456789012:user/hr-system", "accessKey": "AKIAIOSFODNN7EXAMPLE"}}
JWT = {"jwt": {"claims": {"sub": "6f1c0a52", "email": "somebody@example.com"}, "scopes": None}}


@pytest.mark.parametrize(
    "authorizer, actor",
    [(IAM, "arn:aws:iam::123456789012:user/hr-system"), (JWT, "6f1c0a52"), (None, "unknown")],
    ids=["IAM", "JWT", "none"],
)
def test_a_change_is_logged_with_who_made_it(api: LambdaDoor, authorizer: Any, actor: str) -> None:
    """One line for each change of a reminder: the verb, the reminder, and whom the platform has authenticated."""
    event = example_event("create_reminder")
    event["requestContext"]["authorizer"] = authorizer
    with captured_log() as log:
        created = api.handle(event).json["id"]
        api.handle(event)  # changes nothing
    changes = [line for line in lines(log) if line["message"] == "change"]
    assert [(line["verb"], line["reminder"], line["actor"]) for line in changes] == [("create", created, actor)]


@pytest.mark.parametrize("story", ["create_reminder", "get_health", "list_reminders", "set_flag_true"])
def test_no_credentials_reach_the_log(database_url: str, story: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Also when somebody has told Powertools to log or to print events."""
    loud = {"POWERTOOLS_LOGGER_LOG_EVENT": "true", "POWERTOOLS_DEV": "true"}
    with captured_log() as log, lambda_door(database_url, **loud) as api:
        api.handle(example_event(story))
    written = log.getvalue() + "".join(capsys.readouterr())
    assert "request" in written
    assert "AKIA" not in written
    assert "Signature" not in written


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    """What the service's logger writes meanwhile."""
    handler = logger.registered_handler
    before, handler.stream = handler.stream, io.StringIO()
    try:
        yield handler.stream
    finally:
        handler.stream = before


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]
