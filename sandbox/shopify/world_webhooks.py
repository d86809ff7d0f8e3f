"""Webhooks of a generated world: what Shopify tells an app of each thing that happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sandbox.shopify.webhooks import Event
from sandbox.shopify.world_baskets import decimal, gid
from sandbox.shopify.world_tables import Tables
from sandbox.world.world import Happening


def webhook_events(tables: Tables, happened: Sequence[Happening]) -> list[Event]:
    """Orders created, changed and cancelled and refunds made, in the order of time.

    Payloads hold what a receiver needs to fetch the object: its ids, name and times.
    """
    mine = [one for one in happened if one.system == "shopify"]
    orders = {row["order_id"]: row for row in tables.rows(
        "select order_id, name, created, updated, cancelled from shopify_orders "
        "where order_id in (select unnest(?))", [one.order_id for one in mine] or [0],
    )}  # fmt: skip
    found: list[Event] = []
    for one in mine:
        row = orders[one.order_id]
        order: dict[str, Any] = {
            "id": one.order_id, "admin_graphql_api_id": gid("Order", one.order_id),
            "name": row["name"], "created_at": row["created"], "updated_at": row["updated"],
            "cancelled_at": row["cancelled"],
        }  # fmt: skip
        topics = {"sale": ["orders/create"], "cancellation": ["orders/updated", "orders/cancelled"]}
        found += [
            Event(topic, order, event_id=f"{one.event_id}-{topic}", triggered_at=one.happened_at)
            for topic in topics.get(one.kind, ["orders/updated"])
        ]
        if one.amount_cents < 0:
            refund = {
                "id": one.event_id, "admin_graphql_api_id": gid("Refund", one.event_id),
                "order_id": one.order_id, "created_at": f"{one.happened_at:%Y-%m-%dT%H:%M:%SZ}",
                "transactions": [{"kind": "refund", "amount": decimal(-one.amount_cents)}],
            }  # fmt: skip
            found.append(Event("refunds/create", refund, event_id=f"{one.event_id}-refunds/create",
                               triggered_at=one.happened_at))  # fmt: skip
    return found


def deletion_events(tables: Tables, since: datetime, until: datetime) -> list[Event]:
    """Products and orders that were deleted after one instant and up to another: an id is all
    that is told of them."""
    rows = tables.rows(
        "from shopify_deletions where deleted_at > ? and deleted_at <= ? order by deleted_at",
        since, until,
    )  # fmt: skip
    return [
        Event(f"{row['kind'].lower()}s/delete", {"id": row["number"]},
              event_id=f"{row['kind']}-{row['number']}-delete", triggered_at=row["deleted_at"])
        for row in rows
    ]  # fmt: skip
