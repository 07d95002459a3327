"""One line in the service's own log; never the body or the recipient."""

from reminders.channels import Channel, channel
from reminders.observe import logger
from reminders.runs import Run


@channel("log")
class LogChannel(Channel):
    concurrency = 1
    timeout_seconds = 1.0

    def send_one(self, run: Run) -> None:
        logger.info(
            "reminder",
            extra={
                "run": run.key,
                "entity_type": run.entity_type,
                "entity_id": run.entity_id,
                "event_type": run.event_type,
                "subject": run.subject,
            },
        )
