"""Tells people by e-mail, over SMTP. The courier calls it; the conversation runs on a thread of its own.

Whoever wires receivers imports this only where one is configured: `email` and `smtplib` are not small.
"""

import asyncio
import hashlib
import smtplib
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import msgspec

from barograph.model.notice import DeliveryState, Notice
from barograph.model.secret import Secret
from barograph.notify.courier import Outcome, Send
from barograph.notify.words import body_of, title_of

_TIMEOUT_S = 20.0
_TLS_PORT = 465
_ANSWER_CHARACTERS = 200


class MailReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """A mailbox, and the server that takes mail for it.

    Attributes:
        host: The SMTP server.
        port: Its port; 465 speaks TLS from the start.
        sender: From whom.
        to: Who is told, as the message says.
        mailbox: Which of them is told here: the server may refuse one of them for now, and take it for another.
        username: For logging in, or "".
        password: For logging in.
        require_tls: Say nothing to a server that offers no STARTTLS.
    """

    host: str
    sender: str
    to: tuple[str, ...]
    mailbox: str
    port: int = 587
    username: str = ""
    password: Secret | None = None
    require_tls: bool = True


def over_smtp(receiver: MailReceiver) -> Send:
    """Return what sends notices to a receiver."""

    async def send(notice: Notice) -> Outcome:
        return await asyncio.to_thread(_send, receiver, notice)

    return send


def message_of(receiver: MailReceiver, notice: Notice) -> bytes:
    """Return the message; all of one group make a thread, and a repeated attempt has the same Message-ID."""
    domain = receiver.sender.rpartition("@")[2].rstrip(">") or "localhost"
    thread = hashlib.sha256(f"{notice.receiver} {notice.group_key}".encode()).hexdigest()[:32]
    message = EmailMessage(policy=SMTP)
    message["From"] = receiver.sender
    message["To"] = ", ".join(receiver.to)
    message["Subject"] = title_of(notice)
    message["Date"] = format_datetime(datetime.fromtimestamp(notice.at_ms / 1000, UTC))
    message["Message-ID"] = f"<{notice.key}@{domain}>"
    message["References"] = f"<{thread}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body_of(notice) + "\n")
    return message.as_bytes()


def _send(receiver: MailReceiver, notice: Notice) -> Outcome:
    try:
        _converse(receiver, message_of(receiver, notice))
    except smtplib.SMTPNotSupportedError as error:
        return Outcome(state=DeliveryState.FAILED, answer=f"{receiver.host}: {error}")
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = error.recipients[receiver.mailbox]
        return _refused(receiver, code, f"refuses {receiver.mailbox}: {code} {reason.decode(errors='replace')}")
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return _refused(receiver, error.smtp_code, f"{error.smtp_code} {said}")
    except (smtplib.SMTPException, OSError) as error:
        return Outcome(state=DeliveryState.WAITING, answer=f"{receiver.host} could not be reached: {error}")
    return Outcome(state=DeliveryState.DELIVERED, answer=f"{receiver.host} took it for {receiver.mailbox}")


def _converse(receiver: MailReceiver, message: bytes) -> None:
    context = ssl.create_default_context()
    server = _connect(receiver, context)
    try:
        if receiver.port != _TLS_PORT and (receiver.require_tls or server.has_extn("starttls")):
            server.starttls(context=context)
        if receiver.username:
            server.login(receiver.username, receiver.password.reveal() if receiver.password else "")
        server.sendmail(receiver.sender, [receiver.mailbox], message)
    finally:
        # what was said before counts: a goodbye that goes wrong must not have a message that was taken sent again
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _connect(receiver: MailReceiver, context: ssl.SSLContext) -> smtplib.SMTP:
    if receiver.port == _TLS_PORT:
        return smtplib.SMTP_SSL(receiver.host, receiver.port, timeout=_TIMEOUT_S, context=context)
    server = smtplib.SMTP(receiver.host, receiver.port, timeout=_TIMEOUT_S)
    server.ehlo()
    return server


def _refused(receiver: MailReceiver, code: int, words: str) -> Outcome:
    # 4xx: for now; 5xx: for good
    state = DeliveryState.FAILED if code >= 500 else DeliveryState.WAITING
    return Outcome(state=state, answer=f"{receiver.host}: {words}"[:_ANSWER_CHARACTERS])
