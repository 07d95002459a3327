"""Instants as integers, and ids that sort by them."""

import os
import uuid
from datetime import UTC, datetime, timedelta

type Instant = int
"""Microseconds since 1970-01-01T00:00:00Z. Inside a tick instants are integers: exact, as PostgreSQL keeps them, and
cheap."""

SECOND: Instant = 1_000_000
MINUTE: Instant = 60 * SECOND
HOUR: Instant = 60 * MINUTE
DAY: Instant = 1_440 * MINUTE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_instant(moment: datetime) -> Instant:
    """An aware datetime as microseconds since the epoch."""
    return (moment - EPOCH) // MICROSECOND


def to_datetime(instant: Instant) -> datetime:
    """Microseconds since the epoch as a datetime in UTC."""
    return EPOCH + timedelta(microseconds=instant)


def new_id(moment: datetime) -> str:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits. Ids sort by creation."""
    milliseconds = to_instant(moment) // 1000
    number = milliseconds << 80 | int.from_bytes(os.urandom(10))
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))
