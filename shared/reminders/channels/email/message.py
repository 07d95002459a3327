"""The message that a run becomes."""

from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime

from reminders.channels import PermanentFailure
from reminders.runs import Run


def compose(run: Run, sender: str, recipient: str) -> EmailMessage:
    """The message for a run: the same text and Message-ID on each repeat."""
    # Imported here: a cold start without an email does without the parser of headers.
    from email.headerregistry import Address

    message = EmailMessage()
    title = f"Reminder: {run.event_type} for {run.entity_type} {run.entity_id}"
    try:
        message["From"] = Address(addr_spec=sender)
        message["To"] = Address(addr_spec=recipient)
        message["Subject"] = run.subject or title
        message["Date"] = format_datetime(run.scheduled_for)
        message["Message-ID"] = f"<{run.key}@{sender.rpartition('@')[2]}>"
        message["X-Reminder-Run"] = run.key
        message.set_content(run.body or f"{title}.\n")
    except (ValueError, MessageError) as refused:
        raise PermanentFailure(f"no email can be made of this: {refused}") from refused
    return message
