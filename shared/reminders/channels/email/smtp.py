"""An SMTP server. Only this imports smtplib, and only where it is chosen: a cold start that uses SES does without."""

import smtplib
from contextlib import suppress
from email.message import EmailMessage
from urllib.parse import unquote

from reminders.channels import PermanentFailure, UnknownOutcome
from reminders.settings import BadSetting, read_url

_WAIT_SECONDS = 2.0  # connecting, or waiting for an answer; an exchange has up to nine of these


class Smtp:
    """An SMTP server; STARTTLS where the server offers it, and always before a password is sent."""

    def __init__(self, url: str) -> None:
        parts = read_url("EMAIL_TRANSPORT", url, "smtp")
        if not parts.hostname:
            raise BadSetting("EMAIL_TRANSPORT names no host: it is smtp://user:password@host:port")
        self._host, self._port = parts.hostname, parts.port or 25
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    def deliver(self, key: str, message: EmailMessage) -> None:
        server = smtplib.SMTP(self._host, self._port, timeout=_WAIT_SECONDS)
        try:
            self._greet(server)
            _hand_over(server, message)
        finally:
            # A farewell that goes wrong says nothing about a message that was taken: it must not be sent again for
            # that.
            with suppress(OSError):
                server.quit()
            server.close()

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if self._user or server.has_extn("starttls"):
            server.starttls()
            server.ehlo()
        if self._user:
            server.login(self._user, self._password)


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
        if _is_final(refused):
            raise PermanentFailure("the mail server refuses the message") from refused
        raise
    except (TimeoutError, smtplib.SMTPServerDisconnected) as silence:
        raise UnknownOutcome("the mail server did not answer") from silence


def _is_final(refused: smtplib.SMTPException) -> bool:
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in refused.recipients.values())
    return isinstance(refused, smtplib.SMTPResponseException) and refused.smtp_code >= 500
