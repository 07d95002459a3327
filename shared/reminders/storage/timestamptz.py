"""Instants as PostgreSQL writes them under DateStyle ISO, in whatever time zone the session has."""

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=4_096)
def parse(text: str) -> datetime | str:
    """The instant in UTC. What a datetime cannot hold stays a text: infinity, years before Christ or after 9999.

    Remembered, since a new reminder has the same instant in four columns.
    """
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
