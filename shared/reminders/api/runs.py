"""Runs: what was sent for a reminder, and what was not and why."""

# ruff: noqa: A002 - a path parameter is called `id` because the API calls it so

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypedDict

from aws_lambda_powertools.event_handler.api_gateway import Response
from pydantic import with_config

from reminders.api import cursors, etags
from reminders.api.openapi.glossary import known, known_instant
from reminders.api.openapi.responses import answers, shows
from reminders.api.operations import operation
from reminders.api.parameters import DEFAULT_LIMIT, IfMatch, Limit, ReminderId, RunCursor
from reminders.api.replies import page, reply
from reminders.api.values import utc_text
from reminders.runs import RunRecord
from reminders.states import Cause, State

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands

_LATE = timedelta(minutes=5)


@with_config(title="Run")
class RunOut(TypedDict):
    """One occurrence being delivered to one recipient over one channel, as it was rendered."""

    id: Annotated[str, known("run_id")]
    occurrence_no: Annotated[int, known("occurrence_no")]
    step: Annotated[int, known("step")]
    cause: Annotated[str, known("cause")]
    scheduled_for: Annotated[str | None, known_instant("scheduled_for")]
    stands_for: Annotated[int, known("stands_for")]
    late: Annotated[bool, known("late")]
    channel: Annotated[str, known("channel")]
    recipient: Annotated[str | None, known("recipient")]
    subject: Annotated[str | None, known("subject")]
    body: Annotated[str | None, known("body")]
    state: Annotated[State, known("state")]
    attempt: Annotated[int, known("attempt")]
    attempt_at: Annotated[str | None, known_instant("attempt_at")]
    reason: Annotated[str | None, known("reason")]
    error: Annotated[str | None, known("error")]
    provider_id: Annotated[str | None, known("provider_id")]
    created_at: Annotated[str | None, known_instant("created_at")]
    finished_at: Annotated[str | None, known_instant("finished_at")]


class RunPage(TypedDict):
    """A reminder's runs, the newest first."""

    items: Annotated[list[RunOut], known("items")]
    next_cursor: Annotated[str | None, known("next_cursor")]


class RunRoutes:
    def __init__(self, commands: "Callable[[], Commands]") -> None:
        self._commands = commands

    @operation(
        "POST",
        "/reminders/<id>/trigger",
        tag="reminders",
        summary="Send a reminder once more, now",
        description="Makes one run in addition to the schedule, which the next tick sends. Not safe to repeat.",
        answers=answers({202: shows(RunOut, "The run.")}, 404, 409, 412),
    )
    def trigger_reminder(self, id: ReminderId, if_match: IfMatch = None) -> Response[str]:
        commands = self._commands()
        version = etags.expected(if_match, lambda: commands.reminders.get(id).version)
        return reply(_shown, commands.reminders.trigger(id, version=version), status=202)

    @operation(
        "GET",
        "/reminders/<id>/runs",
        tag="reminders",
        summary="List a reminder's runs",
        description="What was sent, and what was not and why, the newest first.",
        answers=answers({200: shows(RunPage, "A page.")}, 404),
    )
    def list_runs(self, id: ReminderId, limit: Limit = DEFAULT_LIMIT, cursor: RunCursor = None) -> Response[str]:
        before = None if cursor is None else cursors.run_place(cursor)
        return reply(_shown_page, self._commands().reminders.runs(id, before=before, limit=limit))


def _shown(run: RunRecord) -> RunOut:
    return {
        "id": run.key,
        "occurrence_no": run.occurrence_no,
        "step": run.step,
        "cause": run.cause,
        "scheduled_for": utc_text(run.scheduled_for),
        "stands_for": run.stands_for,
        "late": _is_late(run),
        "channel": run.channel,
        "recipient": run.recipient,
        "subject": run.subject,
        "body": run.body,
        "state": run.state,
        "attempt": run.attempt,
        "attempt_at": utc_text(run.attempt_at),
        "reason": run.reason,
        "error": run.error,
        "provider_id": run.provider_id,
        "created_at": utc_text(run.created_at),
        "finished_at": utc_text(run.finished_at),
    }


_shown_page = page(_shown, lambda run: cursors.after_run(run.occurrence_no, run.step))


def _is_late(run: RunRecord) -> bool:
    times = run.created_at, run.scheduled_for
    if run.cause != Cause.SCHEDULE or run.state is State.SKIPPED or not all(isinstance(at, datetime) for at in times):
        return False
    return run.stands_for > 1 or run.created_at - run.scheduled_for > _LATE
