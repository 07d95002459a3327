"""Planning: one short transaction that locks due reminders, decides, and writes down what becomes of them."""

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from reminders.engine import log_lines
from reminders.engine.limits import (
    GRACE_HOURS,
    PARKED_IN_A_ROW,
    PLAN_SECONDS,
    PUT_OFF_SECONDS,
    RENDERED_BYTES,
    SLOW_IN_A_ROW,
    TOO_SLOW_DIVISOR,
)
from reminders.engine.one_plan import plan_of, run_of
from reminders.errors import TIMED_OUT, DatabaseRefused, DatabaseUnavailable, NotKnownHere
from reminders.instants import Instant
from reminders.lifecycle.plans import Plan
from reminders.messages.weight import weight_of
from reminders.model import Due
from reminders.runs import Run
from reminders.states import CompletionReason, Reason, State, Status
from reminders.storage.due import Claim
from reminders.storage.store import Store


class Planned(NamedTuple):
    """What came of one batch."""

    plans: Sequence[Plan]
    unknown: int  # of them, those that are put off, since something in them is not known here
    given_up: Sequence[str]  # ids of those that have been for too long
    is_full: bool  # as many as were asked for: there may be more
    leased: list[Run]  # this worker's to send
    read_at: float  # monotonic: when the stop facts began to be read
    claim_seconds: float
    now: Instant
    last_due: Instant | None  # the latest next_run_at in the batch
    still_due: Instant | None  # the earliest next_run_at that is not later than `now`: there is more to do there


class Planner:
    """Plans batch after batch. A batch that the database refuses, or that outlasts its transaction, is made smaller
    until the culprit is alone and parked."""

    def __init__(self, store: Store, *, batch: int, lease_seconds: float, grace_hours: float = GRACE_HOURS) -> None:
        """`grace_hours` is how long a newer deployment may take to come, whose words are not known here."""
        self._store = store
        self._grace_hours = grace_hours
        self._batch = batch
        self._lease_seconds = lease_seconds
        self._size = batch
        self._careful_for = 0  # so many reminders are planned before batches grow again
        self._parked_in_a_row = 0
        self._suspect: list[Due] = []  # what the last transaction had claimed
        self._claimed_at = float("inf")  # monotonic: when it had
        self._read = 0  # how many reminders with long messages were read at once; 0: all that were asked for
        self._mended: set[str] = set()  # reminders whose numbers this tick has put right, if they were wrong
        self.parked = 0

    def plan(self, rooms: Mapping[str, int], floor: Instant | None) -> Planned:
        """Plans at most one batch of what is due after `floor`; leases as many runs as the channels have room for."""
        while True:
            self._suspect, self._claimed_at = [], float("inf")
            try:
                planned = self._store.atomically(lambda: self._once(dict(rooms), floor))
            except DatabaseRefused as refused:
                self._after_refusal(refused)
            except DatabaseUnavailable as lost:
                self._after_loss(lost)
            else:
                self._careful_for -= len(planned.plans)
                if self._careful_for <= 0:
                    self._size = min(self._batch, 2 * (self._read or self._size))
                self._parked_in_a_row = 0
                for reminder_id in planned.given_up:
                    log_lines.reminder_parked(reminder_id, NotKnownHere.__name__)
                return planned

    def _after_refusal(self, refused: DatabaseRefused) -> None:
        """Makes the next try a different one; raises what was refused when that is hopeless."""
        suspect = self._suspect
        unmended = {due.id for due in suspect} - self._mended
        if refused.is_about_other_rows and unmended:
            log_lines.numbers_moved_on(refused)
            self._store.mend(unmended)
            self._mended |= unmended
            return
        if not suspect or not refused.is_about_the_data or self._parked_in_a_row >= PARKED_IN_A_ROW:
            raise refused
        if len(suspect) == 1:
            self._set_aside(suspect[0], refused)
        self._size = max(1, len(suspect) // 2)

    def _after_loss(self, lost: DatabaseUnavailable) -> None:
        """The same where the server has ended the statement or the session because it took too long.

        Each such try costs a time-out: so the batch shrinks fast, and stays small until its reminders are planned.
        """
        if lost.why not in TIMED_OUT and monotonic() - self._claimed_at < PLAN_SECONDS:
            raise lost
        count = len(self._suspect) or self._size
        if self._parked_in_a_row >= SLOW_IN_A_ROW or (count == 1 and not self._suspect):
            raise lost
        self._size, self._careful_for = max(1, count // TOO_SLOW_DIVISOR), max(count, self._careful_for)
        if count == 1:
            self._park(self._suspect[0], f"its plan takes longer than a transaction may: {lost.why}")
            self._careful_for = 0

    def _once(self, rooms: dict[str, int], floor: Instant | None) -> Planned:
        read_at = monotonic()
        self._suspect = []
        claim = self._store.due.claim(self._size, floor)
        self._suspect, self._claimed_at = claim.due, monotonic()
        self._read = len(claim.due) if len(claim.due) < claim.locked else 0
        plans = self._decided(claim, rooms)
        if plans:
            self._write(claim, plans)
        unknown = [p.due.id for p in plans if p.decision.error is not None and p.decision.status is Status.ACTIVE]
        given_up = self._give_up(unknown)
        leased = [run_of(plan, claim.incarnation) for plan in plans if plan.run_state is State.SENDING]
        still_due = [at for p in plans if (at := p.decision.next_run_at) is not None and at <= claim.now]
        return Planned(
            plans=plans,
            unknown=len(unknown) - len(given_up),
            given_up=given_up,
            is_full=len(plans) == self._size or len(plans) < claim.locked,
            leased=leased,
            read_at=read_at,
            claim_seconds=self._claimed_at - read_at,
            now=claim.now,
            last_due=plans[-1].due.next_run_at if plans else None,
            still_due=min(still_due, default=None),
        )

    def _write(self, claim: Claim, plans: Sequence[Plan]) -> None:
        if claim.waiting:
            self._cancel_waiting(claim, plans)
        advanced = self._store.due.advance(plans, self._lease_seconds, claim.incarnation)
        if advanced != len(plans):
            raise DatabaseRefused("P0004", f"{advanced} of {len(plans)} claimed reminders were advanced")
        ended_dead = [p.due.id for p in plans if p.run_state is State.DEAD and p.decision.status is Status.COMPLETED]
        if ended_dead:
            self._store.due.fail_undelivered(ended_dead)

    def _decided(self, claim: Claim, rooms: dict[str, int]) -> list[Plan]:
        """Plans for the claimed reminders, the first ones at least: costly schedules must not outlast the transaction,
        nor long messages the memory."""
        until, rendered = monotonic() + PLAN_SECONDS, 0
        plans: list[Plan] = []
        for due in claim.due:
            plan = plan_of(due, claim, rooms)
            plans.append(plan)
            if plan.message is not None:
                rendered += weight_of(plan.message)
            if rendered > RENDERED_BYTES or monotonic() > until:
                break
        return plans

    def _cancel_waiting(self, claim: Claim, plans: Sequence[Plan]) -> None:
        """A retry that the next occurrence overtakes is not made; of a reminder that ends by its condition nothing
        is."""
        ended, overtaken = [], []
        for due, decision, *_ in plans:
            if due.id not in claim.waiting:
                continue
            if decision.reason == CompletionReason.STOP_CONDITION:
                ended.append((due.id, Reason.STOPPED))
            elif decision.status is Status.FAILED:
                ended.append((due.id, Reason.ENDED))
            elif decision.fires and decision.supersedes and decision.planned_through is not None:
                overtaken.append((due.id, Reason.SUPERSEDED))
        if ended:
            self._store.runs.cancel_waiting(ended)
        if overtaken:
            self._store.runs.cancel_waiting(overtaken, retries_only=True)

    def _give_up(self, unknown: Sequence[str]) -> list[str]:
        """Ends those reminders that have waited long enough for a worker that knows them, and says which."""
        ended = self._store.due.fail_unknown(unknown, self._grace_hours) if unknown else []
        if ended:
            self._store.runs.cancel_waiting([(each, Reason.ENDED) for each in ended])
        return ended

    def _set_aside(self, due: Due, refused: DatabaseRefused) -> None:
        """Parks a reminder whose own values are refused; one that contradicts other rows is not to blame, and waits."""
        if refused.is_about_other_rows:
            log_lines.reminder_put_off(due.id, refused)
            self._store.due.put_off(due.id, PUT_OFF_SECONDS)
            self._parked_in_a_row += 1
        else:
            self._park(due, f"the database refuses its plan: {refused}")

    def _park(self, due: Due, error: str) -> None:
        log_lines.reminder_parked(due.id, error[:100])
        self._store.due.park(due.id, error[:500])
        self._parked_in_a_row += 1
        self.parked += 1
