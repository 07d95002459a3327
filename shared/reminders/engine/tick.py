"""One invocation of the scheduler: plan what is due, deliver it, until nothing is due or time is short.

begin    bury what nobody will send · take over from workers that died · complete what flags have stopped
look     lease waiting runs: retries, triggered ones, what had no room
         plan: lock due reminders, decide, write their runs and move them on, in one short transaction
settle   record what was sent, a fifth of a second later at most; keep the stop facts fresh
end      hand back what has not begun · remove old runs · leave a bookmark for the next tick
"""

from collections.abc import Callable, Mapping
from time import monotonic

from reminders.channels import Channel
from reminders.engine.claim_floor import Horizon
from reminders.engine.delivery import ROOM, Delivery
from reminders.engine.maintenance.replan import ZONES_VERSION, Replanner
from reminders.engine.maintenance.rescue import bury_undeliverable
from reminders.engine.planning import Planned, Planner
from reminders.engine.summary import Summary, quantile
from reminders.errors import DatabaseRefused, DatabaseUnavailable
from reminders.lifecycle.retries import ALONE_FROM_ATTEMPT, MAX_ATTEMPTS, TAKEOVER_BATCHES
from reminders.observe import logger
from reminders.states import State, Status
from reminders.storage.store import Store

BATCH = 1_000
LEASE_SECONDS = 120.0  # longer than a tick may live, so that no lease ends under a living worker
MARGIN_SECONDS = 1.0  # kept at the end for recording and handing back
RESERVE = ROOM // 20  # of a channel's room: a backlog leaves it to what has just become due
LOOK_SECONDS = 1.0  # how long a tick that waits goes without looking for something new
FAN_OUT_RUNS = 10_000  # planned by one tick with no end in sight: more workers are called
ALONE_SECONDS = 10.0  # of a tick, for runs that are sent with nothing else in hand
REPLANNING_SECONDS = 5.0  # of a tick, for what new zones or calendars change
RETENTION_SECONDS = 5.0  # of a tick, for removing old runs


class Tick:
    """One worker's tick over one store."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        *,
        budget_seconds: float,
        stay_seconds: float = 0.0,
        fan_out: Callable[[], None] | None = None,
        retention_days: int = 90,
        batch: int = BATCH,
        lease_seconds: float = LEASE_SECONDS,
        is_told_to_end: Callable[[], bool] = lambda: False,
    ) -> None:
        """`budget_seconds` is all the time there is; `stay_seconds` is how long to stay although nothing is due.

        `fan_out` calls more workers. `is_told_to_end` is asked between the rounds. `now` fixes the instant in tests;
        None is the database's clock.
        """
        self._store = store
        self._began = monotonic()
        self._deadline = self._began + budget_seconds - MARGIN_SECONDS
        self._stay_until = min(self._began + stay_seconds, self._deadline)
        self._fan_out = fan_out
        self._retention_days = retention_days
        self._batch = batch
        self._lease_seconds = lease_seconds
        self._channels = channels
        self._delivery = Delivery(store, channels, deadline=self._deadline)
        self._planner = Planner(store, batch=batch, lease_seconds=lease_seconds)
        self._horizon = Horizon()
        self._look_at = self._began
        self._is_told_to_end = is_told_to_end
        self._may_be_waiting = True  # runs that this worker could lease
        self._waiting_asked_at = float("-inf")
        self._suspects: list[int] = []  # taken over and not settled yet
        self._suspects_asked_at = float("-inf")
        self._drained: set[str] = set()  # flags that have nothing left for this tick
        self._may_drain = True
        self._overflow = 0  # runs that found no room
        self.summary = Summary()

    def run(self) -> Summary:
        """Runs the tick to its end. A lost database ends it early: what was leased comes back when its lease ends."""
        try:
            self._begin()
            while self._has_time() and self._round():
                pass
            self._delivery.close()
            self._end()
        except (DatabaseUnavailable, DatabaseRefused) as lost:
            self._delivery.abandon()
            self.summary.error = str(lost)
            logger.error("tick ended early", extra={"error": type(lost).__name__})
        except BaseException:
            self._delivery.abandon()
            raise
        self._sum_up()
        return self.summary

    def _has_time(self) -> bool:
        return monotonic() < self._deadline and not self._is_told_to_end()

    # begin

    def _begin(self) -> None:
        bookmark = self._store.scheduler.bookmark(ZONES_VERSION)
        self._horizon.start_from(bookmark)
        if bookmark.must_replan:
            until = self._began + REPLANNING_SECONDS
            Replanner(self._store).run(lambda: self._has_time() and monotonic() < until)
        for buried in bury_undeliverable(self._store, self._channels, self._has_time):
            self.summary.dead += buried
        self._send_alone()

    def _send_alone(self) -> None:
        """Sends, one by one and with nothing else in hand, what may have killed the workers that held it."""
        until = self._began + ALONE_SECONDS
        while self._has_time() and monotonic() < until:
            if not self._take_over(range(ALONE_FROM_ATTEMPT, MAX_ATTEMPTS + 2)):
                return
            self._delivery.finish()

    def _take_over(self, attempts: range) -> list[int]:
        channels = [name for name, room in self._delivery.rooms().items() if room > 0]
        runs = self._store.runs.take_over(channels, attempts, TAKEOVER_BATCHES, self._lease_seconds)
        self.summary.taken_over += len(runs)
        self._delivery.accept_unread(runs)
        return [run.id for run in runs]

    # round

    def _round(self) -> bool:
        """Looks for work and settles what was sent. False when there is nothing left to stay for."""
        found = self._take_over_some()
        found = self._drain_some() or found
        found = self._lease_waiting() or found
        if monotonic() >= self._look_at:
            found = self._plan() or found
            if not found:
                self._look_at = monotonic() + self._quiet_seconds()
        self._delivery.settle(0.0 if found else self._pause_seconds())
        return found or not self._delivery.is_idle or self._can_lease() or monotonic() < self._stay_until

    def _take_over_some(self) -> bool:
        """One batch at a time of what dead workers have left, beside everything else."""
        if self._delivery.holds_any(self._suspects):
            return False
        if not self._suspects and monotonic() - self._suspects_asked_at < LOOK_SECONDS:
            return False
        self._suspects_asked_at = monotonic()
        self._suspects = self._take_over(range(1, ALONE_FROM_ATTEMPT))
        return bool(self._suspects)

    def _drain_some(self) -> bool:
        """Goes on completing what flags have stopped, due or not, where one transaction was not enough."""
        self._may_drain = self._may_drain and self._store.atomically(self._complete_some)
        return self._may_drain

    def _complete_some(self) -> bool:
        key = self._store.flags.lock_draining(self._drained)
        if key is None:
            return False
        completed = self._store.reminders.drain_stopped(key, self._batch)
        self.summary.completed += completed
        if completed < self._batch:
            self._drained.add(key)
            self._store.flags.set_draining(key, self._store.reminders.stops_any(key))
        return True

    def _quiet_seconds(self) -> float:
        """How long nothing will be due, as far as the table says now; never longer than LOOK_SECONDS."""
        self._may_be_waiting = True
        due_in = self._store.due.next_due(self._horizon.floor) if monotonic() < self._stay_until else None
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
        runs = self._store.runs.lease_waiting(rooms, self._lease_seconds)
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
        horizon = self._horizon
        if horizon.takes_turn_of_the_recent() and self._take(
            self._planner.plan(self._delivery.rooms(), horizon.recent_floor)
        ):
            return True
        sweeps = horizon.is_time_to_sweep()
        reserve = RESERVE if horizon.is_behind else 0
        rooms = {name: max(0, room - reserve) for name, room in self._delivery.rooms().items()}
        planned = self._planner.plan(rooms, None if sweeps else horizon.floor)
        horizon.move(planned, swept=sweeps)
        return self._take(planned)

    def _take(self, planned: Planned) -> bool:
        self._horizon.keep_in_sight(planned.still_due)
        if planned.is_full:
            self._delivery.record_aside()
        self._delivery.accept(planned.leased, planned.read_at, planned.now)
        self._count(planned)
        return bool(planned.plans)

    def _count(self, planned: Planned) -> None:
        summary = self.summary
        runs = [plan.run_state for plan in planned.plans]
        statuses = [plan.decision.status for plan in planned.plans]
        summary.due += len(runs)
        skipped = runs.count(State.SKIPPED)
        summary.skipped += skipped
        summary.planned += len(runs) - runs.count(None) - skipped
        summary.dead += runs.count(State.DEAD)
        summary.completed += statuses.count(Status.COMPLETED)
        summary.parked += statuses.count(Status.FAILED)
        self._overflow += runs.count(State.PENDING)
        self._may_be_waiting = self._may_be_waiting or self._overflow > 0
        if self._fan_out and planned.is_full and (summary.planned >= FAN_OUT_RUNS or self._overflow >= ROOM):
            fan_out, self._fan_out = self._fan_out, None
            _call_more(fan_out)

    # end

    def _end(self) -> None:
        floor, sweep_pause = self._horizon.floor, self._horizon.sweep_pause
        self._store.scheduler.save_bookmark(floor, sweep_pause)
        until = monotonic() + RETENTION_SECONDS
        while self._has_time() and monotonic() < until:
            if not self._store.runs.delete_old(self._retention_days, self._batch):
                break
        # Below the bound an old snapshot may keep dead index entries; where that costs nothing, all are looked at.
        self.summary.oldest_due_seconds = self._store.due.oldest_due(floor if sweep_pause else None)

    def _sum_up(self) -> None:
        summary, counts = self.summary, self._delivery.counts
        summary.sent = counts[State.SENT]
        summary.failed = counts[State.PENDING]
        summary.dead += counts[State.DEAD]
        summary.cancelled = counts[State.CANCELLED]
        summary.handed_back = counts["handed_back"]
        summary.late = counts["late"]
        summary.parked += self._planner.parked
        late = sorted(self._delivery.lateness)
        summary.lateness_p50_ms = round(quantile(late, 0.5) * 1000, 3)
        summary.lateness_p99_ms = round(quantile(late, 0.99) * 1000, 3)
        summary.lateness_max_ms = round(late[-1] * 1000, 3) if late else 0.0
        summary.duration_seconds = round(monotonic() - self._began, 3)
        summary.left_seconds = round(self._deadline - monotonic(), 3)


def _call_more(fan_out: Callable[[], None]) -> None:
    """More workers are a help and no condition: what they do not do, the next ticks will."""
    try:
        fan_out()
    except Exception:
        logger.exception("no more workers could be called")
