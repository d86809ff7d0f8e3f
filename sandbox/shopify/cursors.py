"""Cursors: opaque to the client, a position to the server."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from sandbox.shopify.documents import Position
from sandbox.shopify.errors import ApiError


def encode(sort: str, position: Position) -> str:
    """Cursor of a row under an order."""
    text = json.dumps({"last_id": position.document_id, "last_value": position.value, "by": sort})
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode(sort: str, cursor: str) -> Position:
    """Position of a cursor.

    Raises:
        ApiError: The text is no cursor, or one of another order.
    """
    try:
        content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if content["by"] == sort:
            return Position(content["last_value"], content["last_id"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        pass
    raise ApiError("Invalid cursor for current pagination sort.", "BAD_REQUEST")
