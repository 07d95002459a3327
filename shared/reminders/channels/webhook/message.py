"""What a receiver gets: a CloudEvent of the run, and the headers that sign it as Standard Webhooks says."""

import json
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from standardwebhooks import Webhook

from reminders.model import Json
from reminders.runs import Run

EVENT_TYPE = "reminder.due"


def compose(run: Run, stage: str) -> str:
    """The run as a CloudEvent 1.0 in JSON: the same text on each repeat, so it holds no attempt and no clock."""
    time = run.scheduled_for.isoformat().replace("+00:00", "Z")
    event: dict[str, Json] = {
        "specversion": "1.0",
        "id": run.key,
        "source": f"urn:reminders:{quote(stage, safe='')}",
        "type": EVENT_TYPE,
        "subject": f"{run.entity_type}/{run.entity_id}",
        "time": time,
        "datacontenttype": "application/json",
        "data": {
            "reminder_id": run.reminder_id,
            "occurrence_no": run.occurrence_no,
            "step": run.step,
            "scheduled_for": time,
            "stands_for": run.stands_for,
            "entity_type": run.entity_type,
            "entity_id": run.entity_id,
            "event_type": run.event_type,
            "subject": run.subject,
            "body": run.body,
            "payload": run.payload,
        },
    }
    # ASCII, and keys in their order: a text whose bytes no reader and no reading from the database can change.
    return json.dumps(event, separators=(",", ":"), sort_keys=True)


def signed_headers(key: str, body: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The request's headers, with one signature for each live secret; the timestamp is that of this attempt."""
    return {
        "content-type": "application/cloudevents+json",
        "user-agent": "reminders",
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(key, now, body) for secret in secrets),
    }
