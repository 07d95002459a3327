"""Cursors: where a page begins, written so that a caller has nothing to read in them.

Each has a pattern that all its values match and no others do, so that the OpenAPI document says exactly what is taken.
"""

import base64
import struct
import uuid

REMINDERS = r"^[A-Za-z0-9_-]{21}[AQgw]$"  # 16 bytes in base64url: the last sign carries two bits
RUNS = r"^[A-Za-z0-9_-]{8}$"  # 6 bytes
# Keys and names in hexadecimal: base64url would need a pattern that nobody could read.
_SIGN = "(2[bde]|3[0-9ad]|4[0-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])"
FLAGS = f"^{_SIGN}{{1,300}}$"
CALENDARS = f"^{_SIGN}{{1,100}}$"

_PLACE = struct.Struct(">Ih")  # occurrence_no, step
_MAX_OCCURRENCE_NO = 2**31 - 1  # PostgreSQL's integer; a step is a smallint here as well


def after_reminder(reminder_id: str) -> str:
    return _written(uuid.UUID(reminder_id).bytes)


def reminder_id(cursor: str) -> str:
    return str(uuid.UUID(bytes=_read(cursor)))


def after_run(occurrence_no: int, step: int) -> str:
    return _written(_PLACE.pack(occurrence_no, step))


def run_place(cursor: str) -> tuple[int, int]:
    """The (occurrence_no, step) after which the page begins; one that no run can have becomes the highest."""
    occurrence_no, step = _PLACE.unpack(_read(cursor))
    return min(occurrence_no, _MAX_OCCURRENCE_NO), step


def after_key(key: str) -> str:
    """Of a flag's key or a calendar's name."""
    return key.encode().hex()


def key(cursor: str) -> str:
    return bytes.fromhex(cursor).decode()


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
