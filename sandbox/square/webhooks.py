"""Webhooks as Square sends them: signed over the address they go to and the raw body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.square.books import Books
from sandbox.square.documents import MERCHANT_ID, Documents, stamp
from sandbox.world.world import Happening

Json = dict[str, Any]
SIGNATURE_HEADER = "x-square-hmacsha256-signature"


def signature(notification_url: str, body: bytes, key: str) -> str:
    """Base64 HMAC-SHA256 of the notification URL followed by the raw body."""
    text = notification_url.encode() + body
    return base64.b64encode(hmac.new(key.encode(), text, hashlib.sha256).digest()).decode()


def notifications(books: Books, happened: Sequence[Happening]) -> list[Json]:
    """Bodies for what happened at Square's places: orders made and changed, money moved."""
    mine = [one.event_id for one in happened if one.system == "square"]
    if not mine:
        return []
    documents = Documents(books)
    found: list[Json] = []
    rows = books.rows(
        "select * from square_orders where event_id in (select unnest(?)) or is_sale and order_id "
        "in (select order_id from events where kind <> 'sale' and event_id in (select unnest(?)))"
        " order by updated_at, event_id",
        mine, mine,
    )  # fmt: skip
    for row in rows:
        change = "created" if row["event_id"] in mine else "updated"
        described = {"order_id": row["id"], "version": row["version"], "state": "COMPLETED",
                     "location_id": row["location_id"], "created_at": stamp(row["created_at"]),
                     f"{change}_at": stamp(row["updated_at"])}  # fmt: skip
        found.append(_body(f"order.{change}", row["id"], stamp(row["updated_at"]),
                           f"order_{change}", described))  # fmt: skip
    payments = books.rows(
        "select *, 0 as refunded_cents, cast([] as varchar[]) as refund_ids "
        "from square_payments where event_id in (select unnest(?)) order by payment_id", mine,
    )  # fmt: skip
    for row in payments:
        kind = "refund" if row["is_refund"] else "payment"
        document = documents.refund(row) if row["is_refund"] else documents.payment(row)
        found.append(_body(f"{kind}.created", document["id"], document["created_at"],
                           kind, document))  # fmt: skip
    return found


def _body(topic: str, identity: str, created_at: str, member: str, content: Json) -> Json:
    return {
        "merchant_id": MERCHANT_ID,
        "type": topic,
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{topic} {identity} {created_at}")),
        "created_at": created_at,
        "data": {"type": member, "id": identity, "object": {member: content}},
    }


def deliver(url: str, key: str, bodies: Iterable[Json]) -> list[int]:
    """Post notifications to the notification URL and return the status of each."""
    return [_post(url, key, json.dumps(body, separators=(",", ":")).encode()) for body in bodies]


def _post(url: str, key: str, body: bytes) -> int:
    headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature(url, body, key)}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
