"""The thread that ticks, where the cloud would invoke the scheduler each minute, and the workers that it may call."""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial

from reminders.observe import logger
from reminders.wiring import Scheduler

TICK_EVERY_SECONDS = 2.0
TICK_BUDGET_SECONDS = 60.0


class Ticker:
    """Ticks until it is told to stop. A tick that fails is logged, and the next one tries again."""

    def __init__(self, scheduler: Scheduler, environment: Mapping[str, str], died: Callable[[], None]) -> None:
        """`died` is called when the thread ends without having been told to."""
        self._scheduler = scheduler
        self._environment = environment
        self._died = died
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="ticker")
        self.is_dead = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Lets the tick, and those of the workers, end as they should: nothing stays leased. Waits for them."""
        self._stop.set()
        workers = multiprocessing.active_children()
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()
        if self._thread.ident is not None:
            self._thread.join()

    def _live(self) -> None:
        try:
            while not self._stop.wait(TICK_EVERY_SECONDS):
                self._tick()
            self._scheduler.close()
        except BaseException as end:
            self.is_dead = True
            logger.error("the ticker has died", extra={"error": type(end).__name__})
            self._died()

    def _tick(self) -> None:
        try:
            call_worker = partial(_start_worker, self._environment)
            summary = self._scheduler.tick(TICK_BUDGET_SECONDS, call_worker, self._stop.is_set)
            if summary.due or summary.sent or not summary.ok:
                say = logger.info if summary.ok else logger.error
                say("tick", extra=summary.as_dict())
        except Exception:
            logger.exception("tick failed")


def _start_worker(environment: Mapping[str, str]) -> None:
    """One more worker, as a process of its own, where the cloud would invoke the function again."""
    multiprocessing.get_context("spawn").Process(target=_work, args=(environment,), daemon=True).start()


def _work(environment: Mapping[str, str]) -> None:
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes: the one that called this one decides
    Scheduler(environment).tick(TICK_BUDGET_SECONDS, is_told_to_end=told.is_set)
