"""What a schedule has a due reminder do."""

from typing import NamedTuple

from reminders.instants import Instant
from reminders.states import Reason


class Step(NamedTuple):
    """What a due reminder's schedule has it do: one run, one recorded skip, or nothing yet."""

    fires: bool
    skipped: Reason | None  # why a skip is recorded instead of a run
    scheduled_at: Instant | None
    stands_for: int  # occurrences, itself included
    cursor: Instant | None  # everything up to here is planned; None: as before
    next_due: Instant | None  # None: there is nothing more
    supersedes: bool = True  # retries of earlier runs are not made any more
