"""A reminder whose delivery kills the process that tries it."""

from contextlib import ExitStack

from reminders.storage.dsn import Address
from tests.crash.conftest import count, make_due
from tests.crash.stage import Receiver, kill, listening, start_worker, wait_until


def test_one_poison_reminder_among_a_thousand_is_the_only_one_that_is_dead(scene: Address) -> None:
    """What kills its process is alone before its attempts are used up, and ends DEAD; all others are delivered."""
    receiver, deaths = Receiver(), 0
    with ExitStack() as stack:
        port = stack.enter_context(listening(receiver.take))
        workers = [start_worker(scene.url, port, 0, lease=1.0, poison="INT_500")]
        stack.callback(lambda: kill(workers[-1]) if workers[-1].poll() is None else None)
        make_due(scene, 1000)

        def is_done() -> bool:
            nonlocal deaths
            if workers[-1].poll() is not None:
                deaths += 1
                kill(workers[-1])
                workers.append(start_worker(scene.url, port, 0, lease=1.0, poison="INT_500"))
            return count(scene, "state IN ('SENT', 'DEAD')") == 1000

        assert wait_until(is_done, 120)
        assert deaths == 5
        assert count(scene, "state = 'DEAD' AND reason = 'attempts_exhausted'") == 1
        assert count(scene, "state = 'SENT'") == 999
        assert len(receiver.texts) == 999
        assert count(scene, "status = 'ACTIVE'", "reminder_jobs") == 1000
