"""Which verbs a reminder's status permits. Pure."""

from reminders.errors import IllegalTransition
from reminders.states import Status

_LIVE = frozenset({Status.ACTIVE, Status.PAUSED})
# verb: (statuses that it may start from, the status in which its result already holds)
_VERBS: dict[str, tuple[frozenset[Status], Status | None]] = {
    "pause": (frozenset({Status.ACTIVE}), Status.PAUSED),
    "resume": (frozenset({Status.PAUSED}), Status.ACTIVE),
    "complete": (_LIVE, Status.COMPLETED),
    "cancel": (_LIVE, Status.CANCELLED),
    "trigger": (_LIVE, None),
    "patch": (_LIVE, None),
}


def permits(verb: str, status: Status) -> bool:
    """True when the verb changes something, False when its result already holds; IllegalTransition otherwise."""
    allowed, holds = _VERBS[verb]
    if status == holds:
        return False
    if status not in allowed:
        raise IllegalTransition(verb, status)
    return True
