"""The mail server and the webhook: from the environment, else from ``secrets.toml``.

The file lies beside ``business.toml``, is ignored by git, and has the same names as the variables.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from warehouse.business import Business
from warehouse.errors import HubError

Security = Literal["starttls", "ssl", "none"]
FILE = "secrets.toml"
SUBMISSION_PORT, SSL_PORT = 587, 465


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed in.

    Attributes:
        security: ``starttls`` or ``ssl``; ``none`` on this computer only.
        sender: address that mails come from.
    """

    host: str
    port: int
    security: Security
    sender: str
    username: str | None = None
    password: SecretStr | None = None


def mail_server(business: Business) -> MailServer:
    """The mail server of a business.

    Raises:
        HubError: none is set, or its settings do not fit.
    """
    given = _secrets(business)
    host = given.get("SMTP_HOST")
    if not host:
        raise HubError(
            "There are recipients of mails, but no mail server.",
            fix=f"Put SMTP_HOST, SMTP_USERNAME, SMTP_PASSWORD and SMTP_FROM into "
            f"{business.folder / FILE} or into the environment.",
        )
    username = given.get("SMTP_USERNAME")
    sender = given.get("SMTP_FROM") or username or ""
    if "@" not in sender or any(sign.isspace() for sign in sender):
        raise HubError(
            "SMTP_FROM is no address that a mail can come from.",
            fix="Set SMTP_FROM to an address of yours, such as hub@my-shop.com.",
        )
    security = _security(given.get("SMTP_SECURITY"), given.get("SMTP_PORT"), host)
    usual = SSL_PORT if security == "ssl" else SUBMISSION_PORT
    password = given.get("SMTP_PASSWORD")
    return MailServer(
        host=host,
        port=_port(given.get("SMTP_PORT"), usual),
        security=security,
        sender=sender,
        username=username,
        password=SecretStr(password) if password else None,
    )


def slack_webhook(business: Business) -> SecretStr:
    """The webhook's address, which is a secret: who knows it can post.

    Raises:
        HubError: none is set, or it would go over the line in the clear.
    """
    address = _secrets(business).get("SLACK_WEBHOOK_URL")
    if not address:
        raise HubError(
            "Alerts are to go to Slack, but there is no webhook.",
            fix=f"Put SLACK_WEBHOOK_URL into {business.folder / FILE} or into the environment.",
        )
    parts = urlsplit(address)
    if not parts.hostname or not (
        parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))
    ):
        raise HubError(
            "SLACK_WEBHOOK_URL is neither https:// nor http:// on this computer.",
            fix="Copy the whole address that Slack shows under Incoming Webhooks.",
        )
    return SecretStr(address)


def _secrets(business: Business) -> dict[str, str]:
    names = (
        "SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_FROM",
        "SLACK_WEBHOOK_URL",
    )  # fmt: skip
    kept = _read(business.folder / FILE)
    unknown = sorted(kept.keys() - set(names))
    if unknown:
        raise HubError(
            f"{business.folder / FILE} has names that nobody reads: {', '.join(unknown)}.",
            fix=f"It may have: {', '.join(names)}.",
        )
    found = {name: os.environ.get(name) or str(kept.get(name, "")) for name in names}
    return {name: value.strip() for name, value in found.items() if value.strip()}


def _read(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise HubError(
            f"{path} can be read by others on this computer.", fix=f"Run: chmod 600 {path}"
        )
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):  # its text would show the secret
        raise HubError(
            f"{path} cannot be read.", fix='Write each line as NAME = "value".'
        ) from None


def _security(chosen: str | None, port: str | None, host: str) -> Security:
    if chosen is None:
        if _is_here(host):
            return "none"
        return "ssl" if port == str(SSL_PORT) else "starttls"
    if chosen not in ("starttls", "ssl", "none"):
        raise HubError(
            "SMTP_SECURITY is not known.", fix="Set it to starttls, ssl, or (here only) none."
        )
    if chosen == "none" and not _is_here(host):
        raise HubError(
            f"Mails and the password would go to {host} in the clear.",
            fix="Set SMTP_SECURITY to starttls or ssl.",
        )
    return cast("Security", chosen)


def _port(given: str | None, usual: int) -> int:
    if given is None:
        return usual
    if not given.isdigit() or not 0 < int(given) < 65_536:
        raise HubError("SMTP_PORT is no port.", fix="Set it to a number, usually 587 or 465.")
    return int(given)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
