"""What a route takes from the path, the query and the headers, each with its bounds, its meaning and an example."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import unquote_to_bytes

from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from reminders.api import cursors
from reminders.api.openapi.glossary import GLOSSARY, ID_EXAMPLE
from reminders.api.values import CALENDAR_NAME, ONE_LINE, UUID, Channel, Instant
from reminders.conditions.flags import FLAG_KEY_PATTERN


def _decoded(segment: str) -> str:
    """The one place where a path is percent-decoded, whichever server it came through."""
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise PydanticCustomError("encoding", "is not valid UTF-8") from None


def _number_to(most: int) -> Callable[[str], int]:
    """Reads a number in plain decimals, from 1 on; the bound is for the message."""

    def plain_decimal(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or text.startswith("0") or len(text) > 3:
            raise PydanticCustomError("number", "must be a whole number from 1 to {most}", {"most": most})
        return int(text)

    return plain_decimal


def _query(name: str) -> Query:
    return Query(description=GLOSSARY[name].meaning, examples=[GLOSSARY[name].example])


def _cursor(example: str) -> Query:
    return Query(description=GLOSSARY["cursor"].meaning, examples=[example])


def _filter(longest: int) -> Any:
    return Field(min_length=1, max_length=longest, pattern=ONE_LINE)


def _path(name: str) -> Path:
    return Path(description=GLOSSARY[name].meaning, examples=[GLOSSARY[name].example])


ReminderId = Annotated[str, Field(pattern=UUID), BeforeValidator(_decoded), AfterValidator(str.lower), _path("id")]
CalendarName = Annotated[str, Field(pattern=CALENDAR_NAME), BeforeValidator(_decoded), _path("name")]
FlagKey = Annotated[str, Field(pattern=FLAG_KEY_PATTERN), BeforeValidator(_decoded), _path("key")]

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description=GLOSSARY["If-Match"].meaning, examples=[GLOSSARY["If-Match"].example]),
]

DEFAULT_LIMIT = 50
Limit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_number_to(200)), _query("limit")]

ReminderCursor = Annotated[str | None, Field(pattern=cursors.REMINDERS), _cursor(cursors.after_reminder(ID_EXAMPLE))]
RunCursor = Annotated[str | None, Field(pattern=cursors.RUNS), _cursor(cursors.after_run(3, 0))]
FlagCursor = Annotated[str | None, Field(pattern=cursors.FLAGS), _cursor(cursors.after_key("feedback_submitted"))]
CalendarCursor = Annotated[str | None, Field(pattern=cursors.CALENDARS), _cursor(cursors.after_key("germany"))]

After = Annotated[Instant | None, _query("after")]
DEFAULT_COUNT = 10
Count = Annotated[int, Field(ge=1, le=100), BeforeValidator(_number_to(100)), _query("count")]

StatusFilter = Annotated[Literal["ACTIVE", "PAUSED", "COMPLETED", "CANCELLED", "FAILED"] | None, _query("status")]
EntityTypeFilter = Annotated[str | None, _filter(100), _query("entity_type")]
EntityIdFilter = Annotated[str | None, _filter(200), _query("entity_id")]
EventTypeFilter = Annotated[str | None, _filter(100), _query("event_type")]
ChannelFilter = Annotated[Channel | None, _query("channel")]
DueBefore = Annotated[Instant | None, _query("due_before")]
