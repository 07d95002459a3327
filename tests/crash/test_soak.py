"""The soak in its short form; `make soak` is the long one."""

from reminders.database import Address
from tests.crash.soak import soak


def test_random_kills_lose_nothing_and_send_nothing_early(address: Address) -> None:
    """Three workers under random kills, with callers at work: all that was planned arrives, and nothing before its time."""
    tally = soak(address, reminders=600, seconds=15.0)
    assert tally.kills >= 5
    assert tally.sent > 400
    assert (tally.lost, tally.early, tally.unexplained) == (0, 0, 0), str(tally)
