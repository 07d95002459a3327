"""What a tick has done, as its log line, its metrics and its answer say it."""

from dataclasses import asdict, dataclass
from math import ceil

from reminders.observe import logger


@dataclass(kw_only=True)
class Summary:
    """Counts of one tick; lateness in milliseconds, ages and durations in seconds."""

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
    lateness_p50_ms: float = 0.0
    lateness_p99_ms: float = 0.0
    lateness_max_ms: float = 0.0
    oldest_due_seconds: float = 0.0  # still due at the end
    duration_seconds: float = 0.0
    left_seconds: float = 0.0  # until its deadline
    error: str = ""  # why it ended early

    def as_dict(self) -> dict[str, int | float | str]:
        return asdict(self)


def quantile(ordered: list[float], share: float) -> float:
    """The smallest value that at least this share of the ordered values does not exceed; 0 of none."""
    return ordered[max(0, ceil(share * len(ordered) - 1e-9) - 1)] if ordered else 0.0


_COUNTS = ("due", "planned", "sent", "failed", "completed", "skipped", "dead", "unknown")
_MILLISECONDS = ("lateness_p50_ms", "lateness_p99_ms", "lateness_max_ms")
_SECONDS = ("oldest_due_seconds", "duration_seconds")


def publish(summary: Summary) -> None:
    """One structured line for people, one in the embedded metric format for CloudWatch."""
    # Imported here: a cold start does without them until its first tick is over.
    from aws_lambda_powertools import Metrics
    from aws_lambda_powertools.metrics import MetricUnit

    facts = summary.as_dict()
    logger.info("tick", extra=facts)
    metrics = Metrics(namespace="Reminders", service="reminders")
    for names, unit in (
        (_COUNTS, MetricUnit.Count),
        (_MILLISECONDS, MetricUnit.Milliseconds),
        (_SECONDS, MetricUnit.Seconds),
    ):
        for name in names:
            metrics.add_metric(name=name, unit=unit, value=float(facts[name]))
    metrics.flush_metrics()
