"""Logs and metrics, in the forms that CloudWatch reads. Never the content or the address of a notification."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from reminders.summary import Summary

logger = Logger(service="reminders")

_COUNTS = ("due", "planned", "sent", "failed", "completed", "skipped", "dead")
_MILLISECONDS = ("lateness_p50_ms", "lateness_p99_ms", "lateness_max_ms")
_SECONDS = ("oldest_due_seconds", "duration_seconds")


def publish(summary: Summary) -> None:
    """One structured line for people, one in the embedded metric format for CloudWatch."""
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
