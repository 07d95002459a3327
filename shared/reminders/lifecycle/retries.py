"""How often, and how much later, a failed attempt is made again. Pure."""

from collections.abc import Callable

MAX_ATTEMPTS = 5
# A first lease holds up to a thousand runs. Of those whose lease has expired, so many are leased together at
# attempt 1, 2, 3 and later: batches shrink, so that a run that kills its process is alone before its last attempt.
TAKEOVER_BATCHES = (100, 10, 1)
ALONE_FROM_ATTEMPT = 3
_RETRY_SECONDS = (30.0, 60.0, 120.0, 240.0)
_RETRY_SPREAD = 0.2
_LONGEST_ASKED_SECONDS = 900.0  # what a receiver may ask for; a longer delay is cut to this
LONGEST_WAIT_SECONDS = max(*_RETRY_SECONDS, _LONGEST_ASKED_SECONDS) * (1 + _RETRY_SPREAD)


def retry_delay(attempt: int, random: Callable[[], float], asked: float = 0.0) -> float | None:
    """Seconds until a failed attempt is made again, ±20 %; None when it was the last one permitted.

    `random` gives a number in [0, 1). `asked` is what the receiver asks for: never less than that, and up to 20 % more,
    so that not all that were told the same come back at once.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    chance = random()
    own = _RETRY_SECONDS[attempt - 1] * (1 + _RETRY_SPREAD * (2 * chance - 1))
    return max(own, min(asked, _LONGEST_ASKED_SECONDS) * (1 + _RETRY_SPREAD * chance))
