"""Flags: facts about the world that any system may state, and that end the reminders which watch them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypedDict

from aws_lambda_powertools.event_handler.api_gateway import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, with_config

from reminders.api import cursors
from reminders.api.openapi.glossary import known, known_instant
from reminders.api.openapi.responses import answers, removed, shows
from reminders.api.operations import operation
from reminders.api.parameters import DEFAULT_LIMIT, FlagCursor, FlagKey, Limit
from reminders.api.replies import nothing, page, reply
from reminders.api.values import STRICT, utc_text
from reminders.model import Flag

if TYPE_CHECKING:  # a cold start does without them
    from reminders.commands import Commands
    from reminders.commands.flags import FlagChange


class FlagIn(BaseModel):
    """What a flag is set to."""

    model_config = STRICT

    value: bool = known("value")


@with_config(title="Flag")
class FlagOut(TypedDict):
    """A flag."""

    key: Annotated[str, known("key")]
    value: Annotated[bool, known("value")]
    created_at: Annotated[str | None, known_instant("created_at")]
    updated_at: Annotated[str | None, known_instant("updated_at")]


@with_config(title="FlagChange")
class FlagChangeOut(FlagOut):
    """A flag that was set, and what that has done."""

    completed: Annotated[int, known("completed")]
    more: Annotated[bool, known("more")]


class FlagPage(TypedDict):
    """Flags in the order of their keys."""

    items: Annotated[list[FlagOut], known("items")]
    next_cursor: Annotated[str | None, known("next_cursor")]


class FlagRoutes:
    def __init__(self, commands: "Callable[[], Commands]") -> None:
        self._commands = commands

    @operation(
        "GET",
        "/flags",
        tag="flags",
        summary="List flags",
        description="In the order of their keys.",
        answers=answers({200: shows(FlagPage, "A page.")}),
    )
    def list_flags(self, limit: Limit = DEFAULT_LIMIT, cursor: FlagCursor = None) -> Response[str]:
        after = None if cursor is None else cursors.key(cursor)
        return reply(_shown_page, self._commands().flags.page(after=after, limit=limit))

    @operation(
        "GET",
        "/flags/<key>",
        tag="flags",
        summary="Read a flag",
        answers=answers({200: shows(FlagOut, "The flag.")}, 404),
    )
    def get_flag(self, key: FlagKey) -> Response[str]:
        return reply(_shown, self._commands().flags.get(key))

    @operation(
        "PUT",
        "/flags/<key>",
        tag="flags",
        summary="Set a flag",
        description=(
            "Creates it if there is none. True completes the live reminders that it stops: up to 1,000 at once and"
            " the rest by the following ticks, none of which sends them."
        ),
        answers=answers({200: shows(FlagChangeOut, "The flag, and what setting it has done.")}),
    )
    def put_flag(self, key: FlagKey, flag: Annotated[FlagIn, Body()]) -> Response[str]:
        return reply(_shown_change, self._commands().flags.set(key, flag.value))

    @operation(
        "DELETE",
        "/flags/<key>",
        tag="flags",
        summary="Remove a flag",
        description="Reminders that watch it go on: a missing flag counts as false.",
        answers=answers(removed(), 404),
    )
    def delete_flag(self, key: FlagKey) -> Response[str]:
        self._commands().flags.delete(key)
        return nothing()


def _shown(flag: Flag) -> FlagOut:
    return {
        "key": flag.key,
        "value": flag.value,
        "created_at": utc_text(flag.created_at),
        "updated_at": utc_text(flag.updated_at),
    }


def _shown_change(change: "FlagChange") -> FlagChangeOut:
    return {**_shown(change.flag), "completed": change.completed, "more": change.more}


_shown_page = page(_shown, lambda flag: cursors.after_key(flag.key))
