"""The ways out: mail, a webhook as Slack's, the console.

A channel either delivers, or says whether trying again may help. No error of theirs names an
address, a password or a webhook.
"""

from __future__ import annotations

import hashlib
import logging
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from typing import Literal, Protocol

import httpx
from pydantic import SecretStr
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from orchestration.reporting.messages import Message, one_line, slack_text
from orchestration.reporting.secrets import MailServer
from warehouse.errors import HubError

ChannelName = Literal["mail", "slack", "console"]
ATTEMPTS = 4
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 20.0
TIMEOUT_SECONDS = 30.0
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_LINK = re.compile(r"https?://\S+")


class TransientError(Exception):
    """It may go through a moment later."""


class Channel(Protocol):
    """A way to one recipient."""

    @property
    def name(self) -> ChannelName:
        """Which way."""

    @property
    def recipient(self) -> str:
        """To whom; kept as a hash only."""

    def send(self, message: Message) -> None:
        """Deliver once.

        Raises:
            TransientError: trying again may help.
            HubError: it does not.
        """


@dataclass(frozen=True)
class Outcome:
    """What became of a message; ``error`` is None where it arrived."""

    attempts_count: int
    error: HubError | None = None


def deliver(
    channel: Channel, message: Message, sleep: Callable[[float], None] = time.sleep
) -> Outcome:
    """Send with growing pauses between attempts."""
    attempts = 0

    def attempt() -> None:
        nonlocal attempts
        attempts += 1
        channel.send(message)

    pauses = wait_exponential_jitter(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=pauses,
        retry=retry_if_exception_type(TransientError),
        sleep=sleep,
    )
    try:
        retrying(attempt)
    except RetryError as error:
        last = error.last_attempt.exception()
        told = HubError(
            f"{channel.name} did not go through in {attempts} attempts: {last}",
            fix="The next run tries again. If it stays so, see: hub alerts test",
        )
        return Outcome(attempts, told)
    except HubError as error:
        return Outcome(attempts, error)
    return Outcome(attempts)


def recipient_hash(business_id: str, recipient: str) -> str:
    """Tells recipients apart without naming them."""
    return hashlib.sha256(f"{business_id}|{recipient.lower()}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Console:
    """Lines for whoever looks."""

    write: Callable[[str], None]
    name: ChannelName = "console"
    recipient: str = "console"

    def send(self, message: Message) -> None:
        """Write it."""
        for line in message.text.splitlines():
            self.write(line)


@dataclass(frozen=True)
class Mail:
    """One mail to one recipient, so that none sees the others."""

    server: MailServer
    sender_name: str
    recipient: str
    name: ChannelName = "mail"

    def send(self, message: Message) -> None:
        """Hand it in at the server."""
        mail = compose(message, self.sender_name, self.server.sender, self.recipient)
        host = self.server.host
        try:
            with self._session() as session:
                session.send_message(mail, self.server.sender, [self.recipient])
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code < 500:
                raise TransientError(_reply(host, error.smtp_code, error.smtp_error)) from None
            raise HubError(
                f"The mail server {host} does not accept the user name or the password.",
                fix="Mend SMTP_USERNAME and SMTP_PASSWORD; many providers want an app password.",
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            raise _refusal(host, code, reply, "Mend this recipient in business.toml.") from None
        except smtplib.SMTPSenderRefused as error:
            fix = "Set SMTP_FROM to an address that this server may send for."
            raise _refusal(host, error.smtp_code, error.smtp_error, fix) from None
        except smtplib.SMTPResponseException as error:
            fix = "See what the server's provider says about this answer."
            raise _refusal(host, error.smtp_code, error.smtp_error, fix) from None
        except ssl.SSLError as error:
            raise HubError(
                f"The line to the mail server {host} cannot be secured: {error.reason}.",
                fix="Look at SMTP_HOST, SMTP_PORT (587 or 465) and SMTP_SECURITY.",
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise HubError(
                f"The mail server {host} offers no sign-in or no encryption at this port.",
                fix="Look at SMTP_PORT and SMTP_SECURITY.",
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            raise TransientError(f"{host}: {_masked(str(error) or type(error).__name__)}") from None

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        server, context = self.server, ssl.create_default_context()
        session = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
            if server.security == "ssl"
            else smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        )
        with session:
            if server.security == "starttls":
                session.starttls(context=context)
            if server.username and server.password:
                session.login(server.username, server.password.get_secret_value())
            yield session


def compose(message: Message, sender_name: str, sender: str, recipient: str) -> EmailMessage:
    """The mail: plain text, HTML with its pictures, and the attachments."""
    mail = EmailMessage()
    mail["Subject"] = one_line(message.subject)
    mail["From"] = formataddr((one_line(sender_name), sender))
    mail["To"] = recipient
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    # Answers of absence are not wanted.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
        *_, page = mail.iter_parts()
        for name, picture in message.pictures.items():
            page.add_related(
                picture, "image", "png", cid=f"<{name}>", filename=f"{name.partition('@')[0]}.png",
                disposition="inline",
            )  # fmt: skip
    for attachment in message.attachments:
        main, _, sub = attachment.media_type.partition("/")
        mail.add_attachment(
            attachment.content, maintype=main, subtype=sub, filename=attachment.name
        )
    return mail


@dataclass(frozen=True)
class Slack:
    """A webhook that takes ``{"text": ...}``: Slack's, Mattermost's, Rocket.Chat's."""

    webhook: SecretStr
    name: ChannelName = "slack"

    @property
    def recipient(self) -> str:
        """The webhook; it leaves this object as a hash only."""
        return self.webhook.get_secret_value()

    def send(self, message: Message) -> None:
        """Post it."""
        text = message.brief or slack_text(f"{message.subject}\n\n{message.text}")
        try:
            with _quiet("httpx"), _quiet("httpcore"):
                answer = httpx.post(self.recipient, json={"text": text}, timeout=TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise TransientError(f"{type(error).__name__}") from None
        except httpx.InvalidURL:
            raise HubError(
                "SLACK_WEBHOOK_URL is no address.", fix="Copy it again from Incoming Webhooks."
            ) from None
        if answer.status_code == 429 or answer.status_code >= 500:
            raise TransientError(f"it answered {answer.status_code}")
        if not answer.is_success:
            raise HubError(
                f"Slack refuses the message: it answered {answer.status_code}.",
                fix="Make a new webhook and set SLACK_WEBHOOK_URL to it.",
            )


@contextmanager
def _quiet(logger_name: str) -> Iterator[None]:
    """Its log would show the webhook."""
    logger = logging.getLogger(logger_name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def _refusal(host: str, code: int, reply: bytes | str, fix: str) -> Exception:
    text = _reply(host, code, reply)
    if 400 <= code < 500:
        return TransientError(text)
    return HubError(f"The mail server refuses it: {text}", fix=fix)


def _reply(host: str, code: int, reply: bytes | str) -> str:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return f"{host} answered {code} {_masked(one_line(text))}"


def _masked(text: str) -> str:
    return _LINK.sub("(link)", _ADDRESS.sub("(address)", text))
