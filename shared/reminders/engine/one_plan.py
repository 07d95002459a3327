"""From a claimed reminder to its plan, and from a plan to the run that is sent."""

from reminders.engine import log_lines
from reminders.engine.limits import UNKNOWN_SECONDS
from reminders.errors import NotKnownHere
from reminders.instants import SECOND, Instant
from reminders.lifecycle import decide
from reminders.lifecycle.decide import Decision
from reminders.lifecycle.plans import Plan
from reminders.messages import render
from reminders.model import Due, Json
from reminders.observe import logger
from reminders.runs import Run, run_key
from reminders.states import Reason, State
from reminders.storage.due import Claim


def plan_of(due: Due, claim: Claim, rooms: dict[str, int]) -> Plan:
    """What becomes of it; a run that is sent takes one of its channel's places. Never raises: whatever is wrong with
    one reminder must not hold up its neighbours."""
    try:
        decision = decide.decide(due, claim.facts, claim.now)
    except NotKnownHere as unknown:
        return _put_off(due, unknown, claim.now)
    except Exception as error:
        logger.exception("reminder parked", extra={"reminder": due.id, "error": type(error).__name__})
        return Plan(due, Decision.park(f"{type(error).__name__}: {error}"[:500]))
    if not decision.fires:
        state = None if decision.skipped is None else State.SKIPPED
        return Plan(due, decision, state, decision.skipped)
    room = rooms.get(due.channel)
    if room is None:
        return _put_off(due, NotKnownHere("channel", due.channel), claim.now)
    message: dict[str, Json] | None = None
    if due.message is not None:
        try:
            if render.has_placeholders(due.message):
                message = _rendered(due, decision)
        except Exception as error:
            is_read = isinstance(due.message, dict)  # else it is nested too deeply
            return _dead(due, decision, claim, f"{error}"[:500] if is_read else "it cannot be read")
    if room <= 0:
        return Plan(due, decision, State.PENDING, message=message)
    rooms[due.channel] = room - 1
    return Plan(due, decision, State.SENDING, message=message)


def _put_off(due: Due, unknown: NotKnownHere, now: Instant) -> Plan:
    return Plan(due, Decision.put_off(now + UNKNOWN_SECONDS * SECOND, f"{unknown}"[:500]))


def _dead(due: Due, decision: Decision, claim: Claim, error: str) -> Plan:
    reason, key = Reason.RENDER_FAILED, run_key(due.id, due.occurrence_no + 1, 0, claim.incarnation)
    log_lines.run_is_dead(run=key, reminder=due.id, channel=due.channel, reason=reason)
    return Plan(due, decision, State.DEAD, reason, error)


def _rendered(due: Due, decision: Decision) -> dict[str, Json]:
    message = due.message or {}
    values = render.values(
        due, due.channel, due.id, due.occurrence_no + 1, decision.scheduled_at or 0, decision.stands_for
    )
    return render.render(message, values)


def run_of(plan: Plan, incarnation: str | None) -> Run:
    """The run of a plan, as this worker sends it."""
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
        incarnation=incarnation,
    )
