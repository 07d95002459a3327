"""Planning: one short transaction that locks due reminders, decides, and writes down what becomes of them."""

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from reminders.conditions import Facts
from reminders.engine import log_lines
from reminders.engine.limits import PARKED_IN_A_ROW, PLAN_SECONDS
from reminders.errors import DatabaseRefused
from reminders.instants import Instant
from reminders.lifecycle import decide
from reminders.lifecycle.decide import Decision
from reminders.lifecycle.plans import Plan
from reminders.messages import render
from reminders.model import Due, Json
from reminders.observe import logger
from reminders.runs import Run, run_key
from reminders.states import CompletionReason, Reason, State, Status
from reminders.storage.due import Claim
from reminders.storage.store import Store


class Planned(NamedTuple):
    """What came of one batch."""

    plans: Sequence[Plan]
    is_full: bool  # as many as were asked for: there may be more
    leased: list[Run]  # this worker's to send
    read_at: float  # monotonic: when the stop facts began to be read
    claim_seconds: float
    now: Instant
    last_due: Instant | None  # the latest next_run_at in the batch
    still_due: Instant | None  # the earliest next_run_at that is not later than `now`: there is more to do there


class Planner:
    """Plans batch after batch. A batch that the database refuses is halved until the culprit is alone and parked."""

    def __init__(self, store: Store, *, batch: int, lease_seconds: float) -> None:
        self._store = store
        self._batch = batch
        self._lease_seconds = lease_seconds
        self._size = batch
        self._parked_in_a_row = 0
        self.parked = 0

    def plan(self, rooms: Mapping[str, int], floor: Instant | None) -> Planned:
        """Plans at most one batch of what is due after `floor`; leases as many runs as the channels have room for."""
        suspect: list[Due] = []
        while True:
            try:
                planned = self._store.atomically(lambda: self._once(dict(rooms), floor, suspect))
            except DatabaseRefused as refused:
                if not suspect or not _is_about_a_row(refused) or self._parked_in_a_row >= PARKED_IN_A_ROW:
                    raise
                if len(suspect) == 1:
                    self._park(suspect[0], refused)
                self._size = max(1, len(suspect) // 2)
                continue
            self._size = min(self._batch, self._size * 2)
            self._parked_in_a_row = 0
            return planned

    def _once(self, rooms: dict[str, int], floor: Instant | None, suspect: list[Due]) -> Planned:
        read_at = monotonic()
        suspect.clear()
        claim = self._store.due.claim(self._size, floor)
        claim_seconds = monotonic() - read_at
        suspect[:] = claim.due
        plans = self._decided(claim, rooms)
        if plans:
            self._write(claim, plans)
        leased = [_run(plan) for plan in plans if plan.run_state is State.SENDING]
        still_due = [at for p in plans if (at := p.decision.next_run_at) is not None and at <= claim.now]
        return Planned(
            plans=plans,
            is_full=len(plans) == self._size or len(plans) < len(claim.due),
            leased=leased,
            read_at=read_at,
            claim_seconds=claim_seconds,
            now=claim.now,
            last_due=plans[-1].due.next_run_at if plans else None,
            still_due=min(still_due, default=None),
        )

    def _write(self, claim: Claim, plans: Sequence[Plan]) -> None:
        if claim.waiting:
            self._cancel_waiting(claim, plans)
        advanced = self._store.due.advance(plans, self._lease_seconds)
        if advanced != len(plans):
            raise DatabaseRefused("P0004", f"{advanced} of {len(plans)} claimed reminders were advanced")
        ended_dead = [p.due.id for p in plans if p.run_state is State.DEAD and p.decision.status is Status.COMPLETED]
        if ended_dead:
            self._store.due.fail_undelivered(ended_dead)

    def _decided(self, claim: Claim, rooms: dict[str, int]) -> list[Plan]:
        """Plans for the claimed reminders, the first ones at least: costly schedules must not outlast the
        transaction."""
        until = monotonic() + PLAN_SECONDS
        plans: list[Plan] = []
        for due in claim.due:
            plans.append(_plan(due, claim.facts, claim.now, rooms))
            if monotonic() > until:
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

    def _park(self, due: Due, refused: DatabaseRefused) -> None:
        log_lines.reminder_parked(due.id, refused.sqlstate)
        self._store.due.park(due.id, f"the database refuses its plan: {refused}"[:500])
        self._parked_in_a_row += 1
        self.parked += 1


def _is_about_a_row(refused: DatabaseRefused) -> bool:
    """Whether the refusal is about the data (classes 22, 23, 54, P0) and not about the server or its permissions."""
    return refused.sqlstate[:2] in ("22", "23", "54", "P0")


def _plan(due: Due, facts: Facts, now: Instant, rooms: dict[str, int]) -> Plan:
    try:
        decision = decide.decide(due, facts, now)
    except Exception as error:  # whatever is wrong with one reminder must not hold up its neighbours
        logger.exception("reminder parked", extra={"reminder": due.id, "error": type(error).__name__})
        return Plan(due, Decision.park(f"{type(error).__name__}: {error}"[:500]))
    if not decision.fires:
        state = None if decision.skipped is None else State.SKIPPED
        return Plan(due, decision, state, decision.skipped)
    message: dict[str, Json] | None = None
    if due.message is not None and render.has_placeholders(due.message):
        try:
            message = _rendered(due, decision)
        except Exception as error:
            return _dead(due, decision, Reason.RENDER_FAILED, f"{error}"[:500])
    room = rooms.get(due.channel)
    if room is None:
        return _dead(due, decision, Reason.UNKNOWN_CHANNEL, message=message)
    if room <= 0:
        return Plan(due, decision, State.PENDING, message=message)
    rooms[due.channel] = room - 1
    return Plan(due, decision, State.SENDING, message=message)


def _dead(
    due: Due, decision: Decision, reason: Reason, error: str | None = None, message: dict[str, Json] | None = None
) -> Plan:
    log_lines.run_is_dead(
        run=run_key(due.id, due.occurrence_no + 1, 0), reminder=due.id, channel=due.channel, reason=reason
    )
    return Plan(due, decision, State.DEAD, reason, error, message=message)


def _rendered(due: Due, decision: Decision) -> dict[str, Json]:
    message = due.message or {}
    values = render.values(
        due, due.channel, due.id, due.occurrence_no + 1, decision.scheduled_at or 0, decision.stands_for
    )
    return render.render(message, values)


def _run(plan: Plan) -> Run:
    due, decision = plan.due, plan.decision
    return Run.__new__(  # calling a class with keywords takes twice as long
        Run,
        id=due.run_id,
        reminder_id=due.id,
        occurrence_no=due.occurrence_no + 1,
        step=0,
        attempt=1,
        scheduled_at=decision.scheduled_at or 0,
        stands_for=decision.stands_for,
        channel=due.channel,
        recipient=due.recipient,
        message=due.message if plan.message is None else plan.message,
        entity_type=due.entity_type,
        entity_id=due.entity_id,
        event_type=due.event_type,
    )
