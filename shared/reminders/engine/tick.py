"""One invocation of the scheduler: plan what is due, deliver it, until nothing is due or time is short.

begin    keep house: replan, end what nobody will send, send alone what may have killed its workers
round    take over what workers left, drain what flags have stopped, lease what waits
         plan: lock due reminders, decide, write their runs and move them on, in one short transaction
         settle: record what was sent, a fifth of a second later at most; keep the stop facts fresh
end      hand back what has not begun, remove what is old, leave a bookmark for the next tick
"""

from collections.abc import Callable, Mapping
from time import monotonic

from reminders.channels import Channel
from reminders.engine import limits, log_lines
from reminders.engine.claim_floor import SWEEP_SECONDS, ClaimFloor
from reminders.engine.delivery import Delivery
from reminders.engine.failures import failure_of
from reminders.engine.leases import Leases
from reminders.engine.limits import (
    BATCH,
    LEASE_SECONDS,
    LOOK_SECONDS,
    RESERVE,
    ROOM,
    USUAL_PERIODS,
    Periods,
)
from reminders.engine.maintenance.drain import Drain
from reminders.engine.maintenance.listing import Listing
from reminders.engine.maintenance.misdated import Misdated
from reminders.engine.maintenance.replan import ZONES_VERSION, Replan
from reminders.engine.maintenance.rescue import Leftovers, Undeliverable
from reminders.engine.maintenance.retain import Retain
from reminders.engine.planning import Planned, Planner
from reminders.engine.summary import Summary
from reminders.engine.tally import Tally
from reminders.errors import ReminderError
from reminders.observe import logger
from reminders.storage.store import Store


class Tick:
    """One worker's tick over one store."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        *,
        budget_seconds: float,
        stage: str = "local",
        stay_seconds: float = 0.0,
        fan_out: Callable[[], None] | None = None,
        periods: Periods = USUAL_PERIODS,
        batch: int = BATCH,
        lease_seconds: float = LEASE_SECONDS,
        is_told_to_end: Callable[[], bool] = lambda: False,
    ) -> None:
        """`budget_seconds` is all the time there is; `stay_seconds` is how long to stay although nothing is due.

        Databases of stages other than `stage` are left alone. `fan_out` calls more workers. `is_told_to_end` is asked
        between the rounds.
        """
        self._store, self._channels, self._stage = store, channels, stage
        self._began = monotonic()
        self._deadline = self._began + budget_seconds - limits.MARGIN_SECONDS
        self._stay_until = min(self._began + stay_seconds, self._deadline)
        self._is_told_to_end, self._fan_out = is_told_to_end, fan_out
        self._batch, self._lease_seconds = batch, lease_seconds
        grace_hours = periods.unknown_grace_hours
        self._delivery = Delivery(store, channels, deadline=self._deadline, grace_hours=grace_hours)
        self._planner = Planner(
            store, batch=batch, lease_seconds=lease_seconds, grace_hours=periods.unknown_grace_hours
        )
        self._floor = ClaimFloor()
        self._undeliverable = Undeliverable(store, channels, grace_hours)
        self._leases = Leases(store, lease_seconds, self._undeliverable.end)
        self._leftovers = Leftovers(self._leases, self._delivery)
        self._drain = Drain(store, batch)
        self._retain = Retain(store, periods, batch)
        self._look_at, self._may_be_waiting = self._began, True  # `may_be`: runs that this worker could lease
        self._waiting_asked_at = float("-inf")
        self._tally = Tally()

    def run(self) -> Summary:
        """Runs the tick to its end. A failure ends it early, and the summary says which: what was leased comes back
        when its lease ends."""
        failure: Exception | None = None
        oldest_due: float | None = None
        try:
            self._begin()
            while self._has_time() and self._round():
                pass
            self._delivery.close()
            oldest_due = self._end()
        except Exception as error:
            self._delivery.abandon()
            log_lines.tick_ended_early(error)
            failure = error
        except BaseException:
            self._delivery.abandon()
            raise
        return self._sum_up(failure, oldest_due)

    def _has_time(self) -> bool:
        return monotonic() < self._deadline and not self._is_told_to_end()

    def _repeat(self, task: Callable[[], bool], seconds: float = float("inf")) -> None:
        """Repeats a task as long as it has more to do, there is time, and it has not used up its own."""
        until = monotonic() + seconds
        while self._has_time() and monotonic() < until and task():
            pass

    def _begin(self) -> None:
        self._store.scheduler.require_schema()
        if self._store.scheduler.recognize(self._stage).is_new:
            log_lines.new_life_begun()
        bookmark = self._store.scheduler.bookmark(ZONES_VERSION, SWEEP_SECONDS)
        self._floor.start_from(bookmark)
        if bookmark.must_replan:
            self._repeat(Replan(self._store).once, limits.REPLAN_SECONDS)
        self._repeat(Misdated(self._store, self._channels, self._batch, self._lease_seconds).once)
        self._repeat(self._undeliverable.once)
        alone_until = self._began + limits.ALONE_SECONDS
        self._repeat(lambda: self._leftovers.send_one_alone(alone_until), alone_until - monotonic())

    def _round(self) -> bool:
        """Looks for work and settles what was sent. False when there is nothing left to stay for."""
        found = self._leftovers.take_some()
        found = self._drain.once() or found
        found = self._lease_waiting() or found
        if monotonic() >= self._look_at:
            found = self._plan() or found
            if not found:
                self._look_at = monotonic() + self._quiet_seconds()
        self._delivery.settle(0.0 if found else self._pause_seconds())
        is_busy = found or not self._delivery.is_idle or self._leftovers.may_be_more
        return is_busy or self._can_lease() or monotonic() < self._stay_until

    def _quiet_seconds(self) -> float:
        """How long nothing will be due, as far as the table says now; never longer than LOOK_SECONDS."""
        self._may_be_waiting = True
        due_in = self._store.due.next_due(self._floor.floor) if monotonic() < self._stay_until else None
        return LOOK_SECONDS if due_in is None else min(max(due_in, 0.001), LOOK_SECONDS)

    def _pause_seconds(self) -> float:
        """How long to wait for a report: briefly while runs are held, else until the next look."""
        if not self._delivery.is_idle:
            return 0.05
        return max(0.0, min(self._look_at, self._stay_until) - monotonic())

    def _lease_waiting(self) -> bool:
        if not self._can_lease():
            return False
        rooms, was_idle = self._rooms(), self._delivery.is_idle
        self._waiting_asked_at = monotonic()
        runs = self._leases.waiting(rooms)
        # A channel that is full was not asked for. Without time, though, no room will come.
        self._may_be_waiting = bool(runs) or (not was_idle and len(rooms) < len(self._channels))
        self._delivery.accept_unread(runs)
        return bool(runs)

    def _can_lease(self) -> bool:
        asks = self._may_be_waiting or monotonic() - self._waiting_asked_at >= LOOK_SECONDS
        return asks and bool(self._rooms())

    def _rooms(self) -> dict[str, int]:
        """How many runs to ask for, of the channels that have room for a good part of a batch."""
        rooms = self._delivery.rooms()
        return {name: min(room - RESERVE, self._batch) for name, room in rooms.items() if room >= ROOM // 2}

    def _plan(self) -> bool:
        """Plans a batch: the oldest first, but with a backlog now and then of those that have just become due."""
        floor = self._floor
        if floor.takes_turn_of_the_recent() and self._take(
            self._planner.plan(self._delivery.rooms(), floor.recent_floor)
        ):
            return True
        sweeps = floor.is_time_to_sweep()
        reserve = RESERVE if floor.is_behind else 0
        rooms = {name: max(0, room - reserve) for name, room in self._delivery.rooms().items()}
        planned = self._planner.plan(rooms, None if sweeps else floor.floor)
        floor.move(planned, swept=sweeps)
        return self._take(planned)

    def _take(self, planned: Planned) -> bool:
        self._floor.keep_in_sight(planned.still_due)
        if planned.is_full:
            self._delivery.record_on_second_connection()
        self._delivery.accept(planned.leased, planned.read_at, planned.now)
        self._tally.add(planned)
        self._may_be_waiting = self._may_be_waiting or self._tally.overflow > 0
        if self._fan_out and planned.is_full and self._tally.is_too_much_for_one:
            fan_out, self._fan_out = self._fan_out, None
            _call_more(fan_out)
        return bool(planned.plans)

    def _end(self) -> float:
        """Seconds since the oldest reminder that is still due was due."""
        floor, sweep_pause = self._floor.floor, self._floor.sweep_pause
        self._store.scheduler.save_bookmark(floor, sweep_pause)
        self._repeat(self._retain.once, limits.RETAIN_SECONDS)
        listing = Listing(self._store)
        self._repeat(lambda: listing.once() and not self._tally.was_busy, limits.LISTING_SECONDS)
        # Below the bound an old snapshot may keep dead index entries; where that costs nothing, all are looked at.
        oldest_due = self._store.due.oldest_due(floor if sweep_pause else None)
        self._store.scheduler.save_ok_tick()
        return oldest_due

    def _sum_up(self, failure: Exception | None, oldest_due: float | None) -> Summary:
        summary = self._tally.summary(self._delivery, parked=self._planner.parked)
        summary.completed += self._drain.completed
        summary.dead += self._undeliverable.ended
        summary.taken_over = self._leftovers.taken_over
        summary.oldest_due_seconds = oldest_due
        summary.duration_seconds = round(monotonic() - self._began, 3)
        summary.left_seconds = round(self._deadline - monotonic(), 3)
        if failure is not None:
            summary.end_early(failure_of(failure), _in_words(failure))
        return summary


def _in_words(failure: Exception) -> str:
    """What the database says of itself; of anything else only its type, since its text may hold what was sent."""
    return str(failure) if isinstance(failure, ReminderError) else type(failure).__name__


def _call_more(fan_out: Callable[[], None]) -> None:
    """More workers only help: what they do not do, the next ticks will."""
    try:
        fan_out()
    except Exception:
        logger.exception("no more workers could be called")
