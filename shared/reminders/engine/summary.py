"""What a tick has done, as its log line, its metrics and its answer say it."""

from dataclasses import asdict, dataclass
from math import ceil

from reminders.errors import ReminderError
from reminders.observe import logger


@dataclass(kw_only=True)
class Summary:
    """Counts of one tick; lateness in milliseconds, ages and durations in seconds. None is what nobody knows."""

    ok: bool = True  # it could do its work
    due: int = 0  # reminders claimed
    planned: int = 0  # runs written
    completed: int = 0  # reminders ended by their condition or with their schedule
    parked: int = 0  # reminders that are FAILED now
    unknown: int = 0  # reminders and runs put off, since they name something that a newer deployment may know
    sent: int = 0
    failed: int = 0  # attempts that will be made again
    dead: int = 0
    skipped: int = 0
    cancelled: int = 0  # runs that were stopped before they began
    late: int = 0  # outcomes that another worker's attempt had overtaken
    taken_over: int = 0  # runs of workers that died
    handed_back: int = 0
    lateness_p50_ms: float | None = 0.0
    lateness_p99_ms: float | None = 0.0
    lateness_max_ms: float | None = 0.0
    oldest_due_seconds: float | None = None  # still due at the end
    duration_seconds: float = 0.0
    left_seconds: float = 0.0  # until its deadline
    failure: str = ""  # why it could not do its work, in one of the words of `failures`
    error: str = ""  # the same in full

    def as_dict(self) -> dict[str, int | float | str | None]:
        return asdict(self)

    def end_early(self, failure: str, error: str) -> None:
        """Says that the tick could not do its work. The lateness of messages that were not sent is not 0."""
        self.ok, self.failure, self.error = False, failure, error
        if not self.sent:
            self.lateness_p50_ms = self.lateness_p99_ms = self.lateness_max_ms = None


class TickFailed(ReminderError):
    """A tick could not do its work. Raised once that is published, so that whoever runs ticks counts a failure."""

    def __init__(self, failure: str, error: str) -> None:
        super().__init__(f"the tick could not do its work: {failure}: {error}")
        self.failure = failure


def quantile(ordered: list[float], share: float) -> float:
    """The smallest value that at least this share of the ordered values does not exceed; 0 of none."""
    return ordered[max(0, ceil(share * len(ordered) - 1e-9) - 1)] if ordered else 0.0


_COUNTS = ("ok", "due", "planned", "sent", "failed", "completed", "skipped", "dead", "unknown")
_MILLISECONDS = ("lateness_p50_ms", "lateness_p99_ms", "lateness_max_ms")
_SECONDS = ("oldest_due_seconds", "duration_seconds")


def publish(summary: Summary, stage: str) -> None:
    """One structured line for people, one in the embedded metric format for CloudWatch; what is not known is left
    out."""
    # Imported here: a cold start does without them until its first tick is over.
    from aws_lambda_powertools import Metrics
    from aws_lambda_powertools.metrics import MetricUnit

    facts = summary.as_dict()
    say = logger.info if summary.ok else logger.error
    say("tick", extra={"stage": stage, **facts})
    metrics = Metrics(namespace="Reminders", service="reminders")
    metrics.add_dimension(name="stage", value=stage)
    for names, unit in (
        (_COUNTS, MetricUnit.Count),
        (_MILLISECONDS, MetricUnit.Milliseconds),
        (_SECONDS, MetricUnit.Seconds),
    ):
        for name in names:
            if (value := facts[name]) is not None:
                metrics.add_metric(name=name, unit=unit, value=float(value))
    if summary.failure:
        metrics.add_metadata(key="failure", value=summary.failure)
    metrics.flush_metrics()
