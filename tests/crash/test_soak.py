"""The soak in its short form; `make soak` is the long one."""

from reminders.storage.dsn import Address
from tests.crash.soak import by_webhook, soak


def test_random_kills_lose_nothing_and_send_nothing_early(address: Address) -> None:
    """Three workers under random kills, with callers at work: all that was planned arrives, and nothing before its
    time."""
    tally = soak(address, reminders=600, seconds=15.0)
    assert tally.kills >= 5
    assert tally.sent > 400
    assert tally.wrong == 0, str(tally)


def test_under_kills_a_receiver_of_webhooks_ends_up_with_one_of_each(address: Address) -> None:
    """Over TLS and over a rotation: every message verifies, repeats have the id and bytes of the first, none is
    lost."""
    tally = soak(address, reminders=400, seconds=15.0, post=by_webhook)
    assert tally.kills >= 5
    assert tally.sent > 250
    assert tally.wrong == 0, str(tally)
    assert tally.repeated > 0, str(tally)
    assert tally.signed.keys() == {"1", "1+2", "2"}, str(tally)
