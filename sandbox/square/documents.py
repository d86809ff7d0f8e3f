"""Square's JSON objects: orders with their lines, payments, refunds, catalog, customers."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

from sandbox.square.books import Books

Json = dict[str, Any]
MERCHANT_ID = "MHARBOURHEARTH"
OPENED = "2019-03-01T09:00:00.000Z"
TENDER = {"card": "CARD", "cash": "CASH", "gift_card": "SQUARE_GIFT_CARD", "other": "OTHER"}
SOURCE = {"card": "CARD", "cash": "CASH", "gift_card": "CARD", "other": "EXTERNAL"}


def stamp(moment: datetime | date) -> str:
    """RFC 3339 with milliseconds, in UTC."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def without_nulls(document: Json) -> Json:
    """Square leaves out what is not set."""
    return {name: value for name, value in document.items() if value not in (None, [])}


class Documents:
    """Makes documents of the books' rows."""

    def __init__(self, books: Books) -> None:
        """Documents in the currency of the business."""
        self.books = books
        self.currency = books.settings["currency"]

    def money(self, cents: int) -> Json:
        """Whole minor units with their currency."""
        return {"amount": int(cents), "currency": self.currency}

    # --- orders ---------------------------------------------------------------------------

    def orders(self, rows: list[Json]) -> list[Json]:
        """Full orders of rows of ``square_orders``, in their sequence."""
        ids = [row["event_id"] for row in rows]
        if not ids:
            return []
        among = "event_id between ? and ? and event_id in (select unnest(?))"
        bounds = (min(ids), max(ids), ids)
        lines: dict[int, list[Json]] = defaultdict(list)
        for line in self.books.rows(f"select * from square_lines where {among}", *bounds):
            lines[line["event_id"]].append(line)
        paid: dict[int, list[Json]] = defaultdict(list)
        for payment in self.books.rows(f"select * from square_payments where {among}", *bounds):
            paid[payment["event_id"]].append(payment)
        codes = {row["order_id"]: row for row in self.books.rows(
            "select o.order_id, code, discount_ppm, tax_ppm from orders o left join promotions "
            "using (promotion_id) where o.order_id in (select unnest(?))",
            [row["order_id"] for row in rows],
        )}  # fmt: skip
        sales = {row["order_id"]: row["id"] for row in self.books.rows(
            "select order_id, id from square_orders where is_sale and order_id in "
            "(select unnest(?))", [row["order_id"] for row in rows if not row["is_sale"]] or [0],
        )}  # fmt: skip
        return [
            self._order(row, lines[row["event_id"]], paid[row["event_id"]], codes[row["order_id"]],
                        sales.get(row["order_id"]))
            for row in rows
        ]  # fmt: skip

    def _order(self, row: Json, lines: list[Json], paid: list[Json], code: Json,
               sale_id: str | None) -> Json:  # fmt: skip
        sold = [line for line in lines if line["line_type"] == "product" and line["quantity"] > 0]
        cards = [line for line in lines if line["line_type"] == "gift_card"]
        back = [line for line in lines if line["reversal_cents"] or (
            line["line_type"] == "product" and line["quantity"] < 0)]  # fmt: skip
        service = [line for line in lines if line["line_type"] == "service_charge"]
        tip = sum(line["charge_cents"] for line in lines if line["line_type"] == "tip")
        amounts = self._amounts(
            discount=sum(line["discount_cents"] for line in sold),
            service=sum(line["charge_cents"] for line in service),
            tax=sum(line["tax_cents"] for line in sold), tip=tip,
            total=sum(line["gross_cents"] - line["discount_cents"] + line["tax_cents"]
                      for line in sold)
            + sum(line["charge_cents"] for line in (*service, *cards)) + tip,
        )  # fmt: skip
        returned = self._amounts(
            discount=sum(_back_discount(line) for line in back), service=0,
            tax=-sum(line["tax_cents"] for line in back), tip=0,
            total=sum(line["reversal_cents"] - line["tax_cents"] for line in back),
        )  # fmt: skip
        net = {name: self.money(amounts[name]["amount"] - returned[name]["amount"])
               for name in amounts}  # fmt: skip
        document = {
            "id": row["id"], "location_id": row["location_id"],
            "reference_id": row["reference"], "source": {"name": "Point of Sale"},
            "customer_id": row["customer_id"],
            "line_items": [self._line(line) for line in sold]
            + [self._card(line) for line in cards],
            "discounts": self._discounts(sold, code), "taxes": self._taxes(sold, code),
            "service_charges": [self._service(line) for line in service],
            "returns": self._returns(row, back, returned, sale_id),
            "return_amounts": returned if back else None, "net_amounts": net,
            "tenders": [self._tender(payment) for payment in paid if not payment["is_refund"]],
            "refunds": [self._order_refund(payment) for payment in paid if payment["is_refund"]],
            "created_at": stamp(row["created_at"]), "updated_at": stamp(row["updated_at"]),
            "closed_at": stamp(row["closed_at"]), "state": "COMPLETED",
            "version": row["version"], "total_money": amounts["total_money"],
            "total_tax_money": amounts["tax_money"],
            "total_discount_money": amounts["discount_money"],
            "total_tip_money": amounts["tip_money"],
            "total_service_charge_money": amounts["service_charge_money"],
            "net_amount_due_money": self.money(0),
        }  # fmt: skip
        return without_nulls(document)

    def _amounts(self, *, discount: int, service: int, tax: int, tip: int, total: int) -> Json:
        return {
            "total_money": self.money(total), "tax_money": self.money(tax),
            "discount_money": self.money(discount), "tip_money": self.money(tip),
            "service_charge_money": self.money(service),
        }  # fmt: skip

    def _named(self, line: Json) -> Json:
        if line["is_custom"] or line["line_type"] == "adjustment":
            return {"item_type": "CUSTOM_AMOUNT"}
        return without_nulls({
            "catalog_object_id": line["variation_id"], "name": line["title"],
            "variation_name": line["variant_title"] or "Regular", "item_type": "ITEM",
        })  # fmt: skip

    def _line(self, line: Json) -> Json:
        uid = f"line-{line['line_id']}"
        total = line["gross_cents"] - line["discount_cents"] + line["tax_cents"]
        applied = [
            {"uid": f"{uid}-{scope}", "discount_uid": discount_uid,
             "applied_money": self.money(line[column])}
            for scope, column, discount_uid in (
                ("own", "shown_line_discount_cents", f"{uid}-reduction"),
                ("code", "shown_order_discount_cents", "order-discount"),
            ) if line[column] and line["action_type"] == "order"
        ]  # fmt: skip
        return without_nulls({
            "uid": uid, "quantity": str(line["quantity"]), **self._named(line),
            "base_price_money": self.money(line["unit_price_cents"]),
            "variation_total_price_money": self.money(line["gross_cents"]),
            "gross_sales_money": self.money(line["gross_cents"]),
            "applied_discounts": applied,
            "applied_taxes": [{"uid": f"{uid}-tax", "tax_uid": "sales-tax",
                               "applied_money": self.money(line["tax_cents"])}]
            if line["tax_cents"] else [],
            "modifiers": [self._modifier(uid)] if line["has_modifier"] else [],
            "total_discount_money": self.money(line["discount_cents"]),
            "total_tax_money": self.money(line["tax_cents"]),
            "total_service_charge_money": self.money(0), "total_money": self.money(total),
        })  # fmt: skip

    def _modifier(self, uid: str) -> Json:
        return {"uid": f"{uid}-milk", "catalog_object_id": "MODOAT", "name": "Oat drink",
                "quantity": "1", "base_price_money": self.money(0),
                "total_price_money": self.money(0)}  # fmt: skip

    def _card(self, line: Json) -> Json:
        value = self.money(line["charge_cents"])
        return {
            "uid": "gift-card", "quantity": "1", "name": "Gift Card", "item_type": "GIFT_CARD",
            "base_price_money": value, "gross_sales_money": value, "total_money": value,
            "variation_total_price_money": value, "total_tax_money": self.money(0),
            "total_discount_money": self.money(0),
        }  # fmt: skip

    def _discounts(self, sold: list[Json], code: Json) -> list[Json]:
        found = [
            {"uid": f"line-{line['line_id']}-reduction", "name": "Reduced", "scope": "LINE_ITEM",
             "type": "FIXED_AMOUNT", "applied_money": self.money(line["shown_line_discount_cents"]),
             "amount_money": self.money(line["shown_line_discount_cents"])}
            for line in sold
            if line["shown_line_discount_cents"] and line["action_type"] == "order"
        ]  # fmt: skip
        total = sum(line["shown_order_discount_cents"] for line in sold)
        if total:
            found.append({
                "uid": "order-discount", "name": code["code"],
                "catalog_object_id": discount_id(code["code"]), "scope": "ORDER",
                "type": "FIXED_PERCENTAGE", "percentage": f"{code['discount_ppm'] / 10_000:g}",
                "applied_money": self.money(total),
            })  # fmt: skip
        return found

    def _taxes(self, sold: list[Json], code: Json) -> list[Json]:
        total = sum(line["tax_cents"] for line in sold)
        if not total:
            return []
        return [{
            "uid": "sales-tax", "name": "Sales Tax", "type": "ADDITIVE", "scope": "ORDER",
            "percentage": f"{code['tax_ppm'] / 10_000:g}", "applied_money": self.money(total),
        }]  # fmt: skip

    def _service(self, line: Json) -> Json:
        value = self.money(line["charge_cents"])
        return {
            "uid": "auto-gratuity", "name": "Large party", "percentage": "18",
            "type": "AUTO_GRATUITY", "calculation_phase": "SUBTOTAL_PHASE", "taxable": False,
            "applied_money": value, "total_money": value, "total_tax_money": self.money(0),
        }  # fmt: skip

    def _returns(
        self, row: Json, back: list[Json], returned: Json, sale_id: str | None
    ) -> list[Json]:
        if not back:
            return []
        # Square sometimes does not know which sale is given back.
        is_known = row["event_id"] % 10 != 0
        return [without_nulls({
            "uid": f"return-{row['event_id']}", "source_order_id": sale_id if is_known else None,
            "return_line_items": [self._return_line(line, is_known) for line in back],
            "return_amounts": returned,
        })]  # fmt: skip

    def _return_line(self, line: Json, is_known: bool) -> Json:
        discount = _back_discount(line)
        is_line = line["line_id"] > 0
        total = line["reversal_cents"] - line["tax_cents"]
        return without_nulls({
            "uid": f"back-{line['event_id']}-{line['line_id']}",
            "source_line_item_uid": f"line-{line['line_id']}" if is_known and is_line else None,
            "quantity": str(max(1, -line["quantity"])), **self._named(line),
            "base_price_money": self.money(line["unit_price_cents"] or line["reversal_cents"]),
            "gross_return_money": self.money(line["reversal_cents"] + discount),
            "total_discount_money": self.money(discount),
            "total_tax_money": self.money(-line["tax_cents"]), "total_money": self.money(total),
        })  # fmt: skip

    def _tender(self, payment: Json) -> Json:
        return without_nulls({
            "id": payment["id"], "location_id": payment["location_id"],
            "created_at": stamp(payment["paid_at"]), "type": TENDER[payment["method"]],
            "amount_money": self.money(payment["amount_cents"]),
            "tip_money": self.money(payment["tip_cents"]),
            "processing_fee_money": self.money(payment["fee_cents"]),
            "customer_id": payment["customer_id"], "payment_id": payment["id"],
        })  # fmt: skip

    def _order_refund(self, payment: Json) -> Json:
        return {
            "id": payment["refund_id"], "location_id": payment["location_id"],
            "tender_id": payment["id"], "created_at": stamp(payment["paid_at"]),
            "reason": "Returned goods", "amount_money": self.money(-payment["amount_cents"]),
            "status": "APPROVED",
        }  # fmt: skip

    # --- money ----------------------------------------------------------------------------

    def payment(self, row: Json) -> Json:
        """A completed payment; its amount leaves the tip out, its total does not."""
        tip = row["tip_cents"]
        brand = {"gift_card": "SQUARE_GIFT_CARD", "card": "VISA"}.get(row["method"])
        fee = {
            "type": "INITIAL",
            "effective_at": stamp(row["paid_at"]),
            "amount_money": self.money(row["fee_cents"]),
        }
        total = self.money(row["amount_cents"])
        return without_nulls({
            "id": row["id"], "created_at": stamp(row["paid_at"]),
            "updated_at": stamp(row["updated_at"]),
            "amount_money": self.money(row["amount_cents"] - tip), "tip_money": self.money(tip),
            "total_money": total, "approved_money": total,
            "processing_fee": [fee] if row["fee_cents"] else [],
            "refunded_money": self.money(row["refunded_cents"]) if row["refunded_cents"] else None,
            "refund_ids": row["refund_ids"], "status": "COMPLETED",
            "source_type": SOURCE[row["method"]], "location_id": row["location_id"],
            "order_id": row["order_document_id"], "customer_id": row["customer_id"],
            "card_details": {"status": "CAPTURED", "entry_method": "EMV",
                             "card": {"card_brand": brand}} if brand else None,
            "cash_details": {"buyer_supplied_money": total} if row["method"] == "cash" else None,
            "external_details": {"type": "OTHER", "source": "Delivery service"}
            if row["method"] == "other" else None,
            "receipt_number": row["id"][:4], "reference_id": row["reference"],
            "note": f"Lakeside {row['reference']}" if row["reference"] else None,
        })  # fmt: skip

    def refund(self, row: Json) -> Json:
        """A refund; its order is the return, not the sale: that is found through the payment."""
        return without_nulls({
            "id": row["refund_id"], "status": "COMPLETED", "location_id": row["location_id"],
            "destination_type": SOURCE[row["method"]], "payment_id": row["id"],
            "amount_money": self.money(-row["amount_cents"]),
            "order_id": row["order_document_id"], "reason": "Returned goods",
            "created_at": stamp(row["paid_at"]), "updated_at": stamp(row["updated_at"]),
        })  # fmt: skip

    # --- who and what ---------------------------------------------------------------------

    def location(self, row: Json) -> Json:
        """A location with its time zone."""
        return {
            "id": row["location_id"], "name": row["name"], "timezone": row["time_zone"],
            "status": "ACTIVE", "type": "PHYSICAL", "country": "US", "currency": self.currency,
            "merchant_id": MERCHANT_ID, "language_code": "en-US", "capabilities":
            ["CREDIT_CARD_PROCESSING"], "business_name": self.books.settings["name"],
            "created_at": "2019-03-01T09:00:00Z", "address": {
                "locality": row["city"], "administrative_district_level_1": row["region"],
                "country": "US",
            },
        }  # fmt: skip

    def customer(self, row: Json) -> Json:
        """A customer profile; Square makes one per e-mail, whoever the person is."""
        return {
            "id": row["id"], "created_at": stamp(row["created_at"]),
            "updated_at": stamp(row["updated_at"]), "given_name": row["given_name"],
            "family_name": row["family_name"], "email_address": row["email"],
            "phone_number": row["phone"], "creation_source": "INSTANT_PROFILE", "version": 0,
            "preferences": {"email_unsubscribed": not row["is_marketing_allowed"]},
        }  # fmt: skip

    def catalog(self) -> list[Json]:
        """All catalog objects, the deleted ones too: categories, the sales tax, modifiers,
        discounts, and items with their variations."""
        rows = self.books.rows("select * from square_variants order by variant_id")
        categories = {row["category_id"]: row["category"] for row in rows}
        found = [_entry("CATEGORY", identity, OPENED, category_data={"name": name})
                 for identity, name in categories.items()]  # fmt: skip
        found.append(_entry("TAX", "SALESTAX", OPENED, tax_data={
            "name": "Sales Tax", "calculation_phase": "TAX_SUBTOTAL_PHASE", "enabled": True,
            "inclusion_type": "ADDITIVE", "percentage": "8.875"}))  # fmt: skip
        found += [self._modifier_list(), *self._promotions()]
        items: dict[str, list[Json]] = defaultdict(list)
        for row in rows:
            items[row["item_id"]].append(row)
        return found + [self._item(variants) for variants in items.values()]

    def _modifier_list(self) -> Json:
        names = {"MODOAT": "Oat drink", "MODWHOLE": "Whole milk"}
        modifiers = [
            _entry("MODIFIER", identity, OPENED, modifier_data={
                "name": name, "price_money": self.money(0), "ordinal": number,
                "modifier_list_id": "MODMILK"})
            for number, (identity, name) in enumerate(names.items())
        ]  # fmt: skip
        return _entry("MODIFIER_LIST", "MODMILK", OPENED, modifier_list_data={
            "name": "Milk", "selection_type": "SINGLE", "modifiers": modifiers})  # fmt: skip

    def _promotions(self) -> list[Json]:
        rows = self.books.rows("select *, midnight(from_date) as began_at from promotions "
                               "order by promotion_id")  # fmt: skip
        return [
            _entry("DISCOUNT", discount_id(row["code"]), stamp(row["began_at"]), discount_data={
                "name": row["code"], "discount_type": "FIXED_PERCENTAGE",
                "percentage": f"{row['discount_ppm'] / 10_000:g}"})
            for row in rows
        ]  # fmt: skip

    def _item(self, variants: list[Json]) -> Json:
        """An item with its variations; one that was given up is deleted, and its version tells."""
        first = variants[0]
        is_deleted, identity = first["is_deleted"], first["item_id"]
        variations = [
            _entry("ITEM_VARIATION", row["id"], stamp(row["changed_at"]), is_deleted,
                   item_variation_data={
                       "item_id": identity, "name": row["variant_title"] or "Regular",
                       "sku": row["sku"], "ordinal": number, "pricing_type": "FIXED_PRICING",
                       "price_money": self.money(row["price_cents"]), "sellable": True,
                       "stockable": True, "track_inventory": row["is_stocked"]})
            for number, row in enumerate(variants)
        ]  # fmt: skip
        milk = [{"modifier_list_id": "MODMILK", "enabled": True}]
        changed = stamp(max(row["changed_at"] for row in variants))
        return _entry("ITEM", identity, changed, is_deleted, item_data=without_nulls({
            "name": first["title"], "product_type": "REGULAR", "is_taxable": True,
            "tax_ids": ["SALESTAX"], "variations": variations,
            "modifier_list_info": milk if first["category"] == "Coffee" else [],
            "categories": [{"id": first["category_id"]}]}))  # fmt: skip


def _entry(
    kind: str, identity: str, changed: str, is_deleted: bool = False, **content: Any
) -> Json:
    """A catalog object; its version is the moment of its last change."""
    return {"type": kind, "id": identity, "updated_at": changed,
            "version": int(datetime.fromisoformat(changed).timestamp() * 1000),
            "is_deleted": is_deleted, "present_at_all_locations": True, **content}  # fmt: skip


def discount_id(code: str) -> str:
    """The catalog object of a promotion."""
    return "DISCOUNT" + code.replace("-", "")


def _back_discount(line: Json) -> int:
    """The part of a line's discount that goes back with the goods."""
    if not line["line_id"] or not line["sold_quantity"]:
        return 0
    gross = line["sold_gross_cents"] * -line["quantity"]
    return int((2 * gross + line["sold_quantity"]) // (2 * line["sold_quantity"])) - int(
        line["reversal_cents"]
    )
