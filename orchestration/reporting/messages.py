"""What is sent, before it is known how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Attachment:
    """A file that comes with a mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """One message in the words of each channel.

    Attributes:
        subject: one line.
        text: plain text, which is all that the console shows.
        html: for mails; without it they are plain.
        brief: for chats, in Slack's markup; without it they get the text.
        pictures: PNG files by the ``cid:`` under which the HTML shows them.
        attachments: files beside it.
    """

    subject: str
    text: str
    html: str | None = None
    brief: str | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


def one_line(text: str) -> str:
    """A text that fits into a subject."""
    return " ".join(text.split())[:200]


def slack_text(text: str) -> str:
    """A text that Slack shows as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
