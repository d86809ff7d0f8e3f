"""Square's payouts: what it sends to the bank, net of its fees and of refunds."""

from __future__ import annotations

from typing import Any

from sandbox.square.books import Books
from sandbox.square.documents import Documents, Json, stamp
from sandbox.square.paging import Call, SquareError, cut, moment, read_cursor

MOST = 100


class Payouts:
    """Answers ``/v2/payouts``."""

    def __init__(self, books: Books, documents: Documents) -> None:
        """The payouts of one account."""
        self.books, self.documents = books, documents

    def payouts(self, call: Call) -> Json:
        """GET /v2/payouts: of one location, or of the main one when none is named."""
        asked = dict(call.query)
        cursor = asked.pop("cursor", None)
        where = ["location_id = ?"]
        values: list[Any] = [asked.get("location_id") or self._main()]
        for name, clause in (("begin_time", "created_at >= ?"), ("end_time", "created_at < ?")):
            if asked.get(name):
                where.append(clause)
                values.append(moment(asked[name]))
        if asked.get("status"):
            where.append("status = ?")
            values.append(asked["status"])
        rows, following = self._page("square_payouts", "number", where, values, asked, cursor)
        return {"payouts": [self._payout(row) for row in rows], **following}

    def payout(self, call: Call) -> Json:
        """GET /v2/payouts/{id}."""
        return {"payout": self._payout(self._found(call.path["payout_id"]))}

    def entries(self, call: Call) -> Json:
        """GET /v2/payouts/{id}/payout-entries."""
        asked = dict(call.query)
        cursor = asked.pop("cursor", None)
        payout = self._found(call.path["payout_id"])
        rows, following = self._page(
            "square_payout_entries", "payment_id", ["payout_id = ?"], [payout["id"]],
            {**asked, "id": payout["id"]}, cursor,
        )  # fmt: skip
        return {"payout_entries": [self._entry(row) for row in rows], **following}

    def _page(self, table: str, key: str, where: list[str], values: list[Any], asked: Json,
              cursor: str | None) -> tuple[list[Json], Json]:  # fmt: skip
        sign, way = (">", "asc") if asked.get("sort_order") == "ASC" else ("<", "desc")
        if (last := read_cursor(asked, cursor)) is not None:
            where, values = [*where, f"{key} {sign} ?"], [*values, *last]
        limit = min(int(asked.get("limit") or MOST), MOST)
        rows = self.books.rows(
            f"select * from {table} where {' and '.join(where)} order by {key} {way} "
            f"limit {limit + 1}", *values,
        )  # fmt: skip
        return cut(rows, limit, asked, key)

    def _main(self) -> str:
        (row,) = self.books.rows(
            "select location_id from square_locations order by place_id limit 1"
        )
        return str(row["location_id"])

    def _found(self, identity: str) -> Json:
        rows = self.books.rows("select * from square_payouts where id = ?", identity)
        if not rows:
            raise SquareError("NOT_FOUND", f"Payout not found for id {identity}", status=404)
        return rows[0]

    def _payout(self, row: Json) -> Json:
        return {
            "id": row["id"], "status": row["status"], "location_id": row["location_id"],
            "created_at": stamp(row["created_at"]), "updated_at": stamp(row["updated_at"]),
            "amount_money": self.documents.money(row["amount_cents"]),
            "destination": {"type": "BANK_ACCOUNT", "id": "bact:CHECKING"},
            "version": 1 + (row["status"] == "PAID"), "type": "BATCH", "payout_fee": [],
            "arrival_date": row["arrival_date"].isoformat(),
        }  # fmt: skip

    def _entry(self, row: Json) -> Json:
        gross, fee = row["amount_cents"], row["fee_cents"]
        details: Json = {"payment_id": row["square_payment_id"]}
        if row["is_refund"]:
            details["refund_id"] = row["refund_id"]
        kind = "refund" if row["is_refund"] else "charge"
        return {
            "id": f"poe_{row['payment_id']}", "payout_id": row["payout_id"],
            "effective_at": stamp(row["paid_at"]), "type": kind.upper(),
            "gross_amount_money": self.documents.money(gross),
            "fee_amount_money": self.documents.money(fee),
            "net_amount_money": self.documents.money(gross - fee),
            f"type_{kind}_details": details,
        }  # fmt: skip
