"""Square's inventory: counts as of now, and the changes that led to them.

Adjustments are those of API version 2026-09-16: a change of place has two locations, and only what
was received from a supplier has a cost.
"""

from __future__ import annotations

from typing import Any

from sandbox.square.books import Books
from sandbox.square.documents import Documents, Json, stamp, without_nulls
from sandbox.square.paging import Call, cut, moment, read_cursor

MOST = 1_000
STATES = {
    "receive": ("NONE", "IN_STOCK"),
    "transfer": ("IN_STOCK", "IN_STOCK"),
    "return": ("RETURNED_BY_CUSTOMER", "IN_STOCK"),
    "sale": ("IN_STOCK", "SOLD"),
    "waste": ("IN_STOCK", "WASTE"),
}


class Inventory:
    """Answers ``/v2/inventory``."""

    def __init__(self, books: Books, documents: Documents) -> None:
        """The inventory of one account."""
        self.books, self.documents = books, documents

    def counts(self, call: Call) -> Json:
        """POST /v2/inventory/counts/batch-retrieve: one count per variation and location."""
        where, values = _chosen(call.body)
        if call.body.get("updated_after"):
            where.append("calculated_at > ?")
            values.append(moment(call.body["updated_after"]))
        if "IN_STOCK" not in (call.body.get("states") or ["IN_STOCK"]):
            where.append("false")
        question = {**call.body, "cursor": None}
        if (last := read_cursor(question, call.body.get("cursor"))) is not None:
            where.append("(place_id, variant_id) > (?, ?)")
            values += last
        limit = min(int(call.body.get("limit") or MOST), MOST)
        rows = self.books.rows(
            "select * from (select location_id, variation_id, place_id, variant_id, "
            "max(happened_at) as calculated_at, arg_max(on_hand, movement_id) as on_hand "
            "from square_levels where happened_at <= now_at() group by all) "
            f"where {' and '.join(where)} order by place_id, variant_id limit {limit + 1}",
            *values,
        )
        page, following = cut(rows, limit, question, "place_id", "variant_id")
        counts = [
            {"catalog_object_id": row["variation_id"], "catalog_object_type": "ITEM_VARIATION",
             "state": "IN_STOCK", "location_id": row["location_id"],
             "quantity": str(row["on_hand"]), "calculated_at": stamp(row["calculated_at"])}
            for row in page
        ]  # fmt: skip
        return {"counts": counts, **following}

    def changes(self, call: Call) -> Json:
        """POST /v2/inventory/changes/batch-retrieve: counts and adjustments, oldest first."""
        where, values = _chosen(call.body)
        where.append("happened_at <= now_at()")
        for name, sign in (("updated_after", ">"), ("updated_before", "<")):
            if call.body.get(name):
                where.append(f"happened_at {sign} ?")
                values.append(moment(call.body[name]))
        kinds = call.body.get("types") or ["PHYSICAL_COUNT", "ADJUSTMENT"]
        states = call.body.get("states") or []
        named = [kind for kind, pair in STATES.items() if not states or set(pair) & set(states)]
        shown = named if "ADJUSTMENT" in kinds else []
        where.append("kind in (select unnest(?))")
        values.append([*shown, *(["recount"] if "PHYSICAL_COUNT" in kinds else [])] or [""])
        question = {**call.body, "cursor": None}
        if (last := read_cursor(question, call.body.get("cursor"))) is not None:
            where.append("movement_id > ?")
            values += last
        limit = min(int(call.body.get("limit") or MOST), MOST)
        rows = self.books.rows(
            f"select * from square_movements where {' and '.join(where)} "
            f"order by movement_id limit {limit + 1}", *values,
        )  # fmt: skip
        page, following = cut(rows, limit, question, "movement_id")
        return {"changes": [self._change(row) for row in page], **following}

    def _change(self, row: Json) -> Json:
        at = stamp(row["happened_at"])
        shared = {"id": row["id"], "catalog_object_id": row["variation_id"],
                  "catalog_object_type": "ITEM_VARIATION", "occurred_at": at,
                  "created_at": at}  # fmt: skip
        if row["kind"] == "recount":
            counted = {**shared, "state": "IN_STOCK", "location_id": row["location_id"],
                       "quantity": str(row["on_hand"])}  # fmt: skip
            return {"type": "PHYSICAL_COUNT", "physical_count": counted}
        from_state, to_state = STATES[row["kind"]]
        quantity = abs(row["quantity"])
        is_received = row["kind"] == "receive"
        adjustment = without_nulls({
            **shared, "from_state": from_state, "to_state": to_state, "quantity": str(quantity),
            "from_location_id": row["location_id"],
            "to_location_id": row["other_location_id"] or row["location_id"],
            "transaction_id": row["order_document_id"] if row["kind"] == "sale" else None,
            "cost_money": self.documents.money(quantity * row["unit_cost_cents"])
            if is_received else None,
        })  # fmt: skip
        return {"type": "ADJUSTMENT", "adjustment": adjustment}


def _chosen(body: Json) -> tuple[list[str], list[Any]]:
    where, values = ["true"], []
    for name, column in (("location_ids", "location_id"), ("catalog_object_ids", "variation_id")):
        if body.get(name):
            where.append(f"{column} in (select unnest(?))")
            values.append(body[name])
    return where, values
