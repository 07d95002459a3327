"""ETag and If-Match (RFC 9110): the ETag of a reminder is its version in quotes."""

import re
from collections.abc import Callable

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_VERSION = re.compile(r"[1-9][0-9]{0,9}")
_NONE = -1  # a version that no reminder has


def etag(version: int) -> str:
    return f'"{version}"'


def expected(if_match: str | None, current: Callable[[], int]) -> int | None:
    """The version that a command must find: None for any, and one that no reminder has when nothing can match.

    `current` is asked only when the caller names several; whoever edits after that is noticed by the command.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    versions = _versions(if_match)
    if len(versions) < 2:
        return next(iter(versions), _NONE)
    version = current()
    return version if version in versions else _NONE


def _versions(if_match: str) -> set[int]:
    """The versions among the strong tags of the list. A list that cannot be read names none."""
    tags = [_TAG.fullmatch(tag.strip()) for tag in if_match.split(",") if tag.strip()]
    if not all(tags):
        return set()
    strong = [tag[2] for tag in tags if tag and not tag[1]]
    return {int(text) for text in strong if _VERSION.fullmatch(text)}
