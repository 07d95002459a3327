"""A plan: the decision about one claimed reminder, and the run that it makes."""

from typing import NamedTuple

from reminders.lifecycle.decide import Decision
from reminders.model import Due, Json
from reminders.states import Reason, State


class Plan(NamedTuple):
    """What one transaction writes about one claimed reminder. Without a `run_state` there is no run."""

    due: Due
    decision: Decision
    run_state: State | None = None
    run_reason: Reason | None = None
    run_error: str | None = None
    message: dict[str, Json] | None = None  # None: the run copies the reminder's own
