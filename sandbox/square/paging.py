"""Cursors: opaque to the client, bound to the question they were given for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class SquareError(Exception):
    """An error as Square words it."""

    def __init__(
        self, code: str, detail: str, *, status: int = 400, field: str | None = None
    ) -> None:
        """What went wrong; the category follows from the status."""
        super().__init__(detail)
        self.status = status
        category = {401: "AUTHENTICATION_ERROR", 429: "RATE_LIMIT_ERROR"}.get(
            status, "INVALID_REQUEST_ERROR"
        )
        self.body = {"errors": [{"category": category, "code": code, "detail": detail,
                                 **({"field": field} if field else {})}]}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """What a request asked: parts of its path, its query string and its JSON body."""

    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]


def moment(text: str) -> datetime:
    """An instant of a request.

    Raises:
        SquareError: it is no RFC 3339 time.
    """
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise SquareError("INVALID_TIME", f"{text!r} is no RFC 3339 time.") from None


def cut(
    rows: list[dict[str, Any]], limit: int, question: Any, *keys: str
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """(page, the member ``cursor`` of the answer): of one row more than fits, if there is one."""
    page = rows[:limit]
    if len(rows) <= limit:
        return page, {}
    last = [
        value.isoformat() if isinstance(value := page[-1][key], datetime) else value for key in keys
    ]
    return page, {"cursor": write_cursor(question, last)}


def _digest(question: Any) -> str:
    text = json.dumps(question, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_cursor(question: Any, last: list[Any]) -> str:
    """A cursor behind the last row that was given."""
    text = json.dumps([_digest(question), *last], default=str)
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_cursor(question: Any, cursor: str | None) -> list[Any] | None:
    """Where to go on.

    Raises:
        SquareError: it is no cursor, or one of another question.
    """
    if not cursor:
        return None
    try:
        digest, *last = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error):
        digest, last = "", []
    if digest != _digest(question):
        raise SquareError("INVALID_CURSOR", "The cursor is not valid for this request.",
                          field="cursor")  # fmt: skip
    return list(last)
