"""Batches that the database refuses: halved until the culprit is alone, so that it harms only itself."""

from collections.abc import Callable, Sequence

from reminders.errors import DatabaseRefused


def in_halves[T, R](
    items: Sequence[T], work: Callable[[Sequence[T]], R], alone: Callable[[T, DatabaseRefused], R]
) -> list[R]:
    """What `work` gives for all items together or, if need be, for parts of them; `alone` for one that is refused by
    itself.

    A refusal that is not about the data is nobody's fault, and raised.
    """
    try:
        return [work(items)]
    except DatabaseRefused as refused:
        if not refused.is_about_the_data:
            raise
        if len(items) == 1:
            return [alone(items[0], refused)]
    half = len(items) // 2
    return in_halves(items[:half], work, alone) + in_halves(items[half:], work, alone)
