"""Calls that cannot be given a deadline: each runs in a thread of its own, which is left behind if it hangs."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue


class Crowded(Exception):
    """So many calls hang that no more are begun."""


class SideCalls:
    """Calls of one kind. Safe to use from several threads."""

    def __init__(self, name: str, most: int) -> None:
        """`most` calls at a time, including those that were left behind."""
        self._name = name
        self._free = threading.BoundedSemaphore(most)

    def call[T](self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises; TimeoutError when it takes longer, Crowded when it cannot be begun."""
        if not self._free.acquire(blocking=False):
            raise Crowded
        answers: SimpleQueue[tuple[T] | BaseException] = SimpleQueue()

        def run() -> None:
            try:
                answers.put((work(),))
            except BaseException as failure:
                answers.put(failure)
            finally:
                self._free.release()

        self._start(run)
        try:
            answer = answers.get(timeout=seconds)
        except Empty:
            raise TimeoutError(f"{self._name} takes too long") from None
        if isinstance(answer, BaseException):
            raise answer
        return answer[0]

    def _start(self, run: Callable[[], None]) -> None:
        try:
            threading.Thread(target=run, name=self._name, daemon=True).start()
        except RuntimeError as full:  # the system has no more threads to give
            self._free.release()
            raise Crowded from full
