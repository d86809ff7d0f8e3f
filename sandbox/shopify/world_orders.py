"""Shopify's order documents: line items, agreements with their sales, refunds, transactions.

A sale's ``totalAmount`` is after discounts and with tax: without its tax it is net sales, and with
``totalDiscountAmountBeforeTaxes`` added gross sales. What is taken back has negative amounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from sandbox.shopify.documents import Document
from sandbox.shopify.world_baskets import TIP, Basket, Row, gid, shown_discount
from sandbox.shopify.world_leads import visit_document
from sandbox.shopify.world_tables import Tables

SALE_TYPES = {
    "product": ("ProductSale", "PRODUCT"),
    "shipping": ("ShippingLineSale", "SHIPPING"),
    "tip": ("TipSale", "TIP"),
    "gift_card": ("GiftCardSale", "GIFT_CARD"),
    "fee": ("FeeSale", "FEE"),
    "adjustment": ("AdjustmentSale", "ADJUSTMENT"),
}
GATEWAYS = {"card": "shopify_payments", "cash": "cash", "gift_card": "gift_card",
            "other": "manual"}  # fmt: skip
# Where orders go, by the currency their customers saw.
ADDRESSES = {
    currency: {"city": city, "provinceCode": province, "countryCodeV2": country, "zip": code}
    for currency, city, province, country, code in (
        ("USD", "New York", "NY", "US", "10001"), ("CAD", "Toronto", "ON", "CA", "M5V 2T6"),
        ("EUR", "Berlin", None, "DE", "10115"), ("GBP", "London", None, "GB", "EC1A 1BB"),
    )
}  # fmt: skip
RATE, FLAT_CENTS = "0.029", 30


class OrderDocuments:
    """Makes documents of rows of ``shopify_orders``, a batch at a time."""

    def __init__(self, tables: Tables) -> None:
        """Documents of the tables of one world."""
        self._tables = tables

    def documents(self, rows: Sequence[Row]) -> list[Document]:
        """Full orders, in the sequence of the rows."""
        if not rows:
            return []
        lines, sales, payments = (
            self._grouped(table, rows)
            for table in ("shopify_lines", "shopify_sales", "shopify_payments")
        )
        return [
            _Order(self._tables.settings, row, lines[row["order_id"]], sales[row["order_id"]],
                   payments[row["order_id"]]).document()
            for row in rows
        ]  # fmt: skip

    def _grouped(self, table: str, rows: Sequence[Row]) -> dict[int, list[Row]]:
        ids = [row["order_id"] for row in rows]
        found: dict[int, list[Row]] = defaultdict(list)
        query = (
            f"select * from {table} where order_id between ? and ? "
            "and order_id in (select unnest(?))"
        )
        for row in self._tables.rows(query, min(ids), max(ids), ids):
            found[row["order_id"]].append(row)
        for group in found.values():
            group.sort(key=_sequence)
        return found


def _sequence(row: Row) -> tuple[int, int]:
    return (row.get("sale_id") or row.get("payment_id") or 0, row.get("line_id") or 0)


class _Order(Basket):
    """One order while its document is made."""

    def __init__(self, settings: Row, row: Row, lines: list[Row], sales: list[Row],
                 payments: list[Row]) -> None:  # fmt: skip
        super().__init__(str(settings["currency"]), str(settings["name"]), row, lines, sales)
        self.payments = payments
        self.gid = gid("Order", row["order_id"])
        self.by_line = {line["line_id"]: line for line in lines}

    def document(self) -> Document:
        row = self.row
        transactions = self._transactions()
        refunds, returns = self._refunds(transactions), self._returns()
        is_pos = row["trade"] == "retail"
        return {
            "id": self.gid,
            "legacyResourceId": str(row["order_id"]),
            "name": row["name"],
            "number": int(row["name"][1:]),
            "email": row["email"],
            "createdAt": row["created"],
            "processedAt": row["created"],
            "updatedAt": row["updated"],
            "cancelledAt": row["cancelled"],
            "cancelReason": "CUSTOMER" if row["cancelled"] else None,
            "closedAt": row["cancelled"],
            "closed": row["cancelled"] is not None,
            "confirmed": True,
            "test": row["is_test"],
            "tags": [],
            "edited": any(sale["kind"] == "edit" for sale in self.sales),
            "currencyCode": self.till.currency,
            "presentmentCurrencyCode": self.till.shown,
            "taxesIncluded": self.is_included,
            "taxExempt": False,
            "dutiesIncluded": False,
            "sourceName": "pos" if is_pos else "web",
            "app": {"id": gid("App", 1 + is_pos),
                    "name": "Point of Sale" if is_pos else "Online Store"},
            "customer": gid("Customer", row["contact_id"]) if row["contact_id"] else None,
            "retailLocation": gid("Location", row["place_id"]) if is_pos else None,
            "displayFulfillmentStatus": "FULFILLED" if row["fulfilled"] else "UNFULFILLED",
            "returnStatus": "RETURNED" if returns else "NO_RETURN",
            "discountCode": row["code"],
            "discountCodes": [row["code"]] if row["code"] else [],
            "discountApplications": self.applications,
            "lineItems": list(self.items.values()),
            "shippingLine": self.shipping(),
            "shippingLines": [line] if (line := self.shipping()) else [],
            "agreements": self._agreements(refunds, returns),
            "refunds": list(refunds.values()),
            "returns": list(returns.values()),
            "fulfillments": self._fulfillments(),
            "customerJourneySummary": self._journey(),
            "shippingAddress": ADDRESSES[self.till.shown] if not is_pos else None,
            "billingAddress": ADDRESSES[self.till.shown] if not is_pos else None,
            "transactions": transactions,
            "paymentGatewayNames": sorted({one["gateway"] for one in transactions}),
            **self._totals(),
        }  # fmt: skip

    def _fulfillments(self) -> list[Document]:
        """Everything is handed over, or sent, at once."""
        row, place = self.row, self.row["place_id"]
        if not row["fulfilled"]:
            return []
        is_sent = row["trade"] == "online"
        number = f"1Z{row['order_id']:010d}"
        tracking = {"company": "UPS", "number": number,
                    "url": f"https://example.com/track/{number}"}  # fmt: skip
        return [{
            "id": gid("Fulfillment", row["order_id"]), "name": f"{row['name']}-F1",
            "legacyResourceId": str(row["order_id"]), "status": "SUCCESS",
            "displayStatus": "IN_TRANSIT" if is_sent else "FULFILLED",
            "totalQuantity": sum(line["quantity"] for line in self.lines),
            "location": gid("Location", place), "createdAt": row["fulfilled"],
            "updatedAt": row["fulfilled"], "requiresShipping": is_sent, "order": self.gid,
            "inTransitAt": row["fulfilled"] if is_sent else None, "deliveredAt": None,
            "trackingInfo": [tracking] if is_sent else [],
        }]  # fmt: skip

    def _journey(self) -> Document | None:
        """The visit that ended in an order of the online store; the counter knows of none."""
        row = self.row
        if row["session_id"] is None:
            return None
        visit = visit_document(row)
        index = row["nth_order"] - 1 if row["contact_id"] else None
        return {"ready": True, "daysToConversion": 0, "firstVisit": visit, "lastVisit": visit,
                "customerOrderIndex": index}  # fmt: skip

    # --- what happened --------------------------------------------------------------------

    @cached_property
    def events(self) -> dict[int, list[Row]]:
        """Sales by their event."""
        events: dict[int, list[Row]] = defaultdict(list)
        for sale in self.sales:
            events[sale["event_id"]].append(sale)
        return events

    def _agreements(
        self, refunds: dict[int, Document], returns: dict[int, Document]
    ) -> list[Document]:
        found = []
        for event_id, sales in self.events.items():
            kind = sales[0]["kind"]
            agreement: Document = {
                "id": gid("SalesAgreement", event_id),
                "happenedAt": sales[0]["happened"],
                "app": None,
                "user": None,
                "sales": [self._sale(sale) for sale in sales],
            }
            if kind == "sale":
                agreement |= {"__typename": "OrderAgreement", "reason": "ORDER", "order": self.gid}
            elif kind == "edit":
                agreement |= {"__typename": "OrderEditAgreement", "reason": "ORDER_EDIT"}
            elif event_id in returns:
                agreement |= {"__typename": "ReturnAgreement", "reason": "RETURN",
                              "return": returns[event_id]}  # fmt: skip
            else:
                agreement |= {"__typename": "RefundAgreement", "reason": "REFUND",
                              "refund": refunds[event_id]}  # fmt: skip
            found.append(agreement)
        return found

    def _sale(self, sale: Row) -> Document:
        type_name, line_type = SALE_TYPES[sale["line_type"]]
        is_back = sale["quantity"] < 0 or sale["reversal_cents"] > 0
        before, after = sale["discount_cents"], sale["discount_cents"]
        line = self.by_line.get(sale["line_id"])
        if line:
            # A part that goes back takes its part of the discount with it.
            before, after = (
                _part(line["discount_cents"], sale["quantity"], line["quantity"]),
                _part(shown_discount(line), sale["quantity"], line["quantity"]),
            )
            after = after if self.is_included else before
        document: Document = {
            "__typename": type_name,
            "id": gid("Sale", sale["sale_id"]),
            "actionType": "RETURN" if is_back else "ORDER",
            "lineType": line_type,
            "quantity": sale["quantity"] or None,
            "totalAmount": self.bag(_due([sale])),
            "totalTaxAmount": self.bag(sale["tax_cents"]),
            "totalDiscountAmountBeforeTaxes": self.bag(before),
            "totalDiscountAmountAfterTaxes": self.bag(after),
            "taxes": [
                {"id": gid("SaleTax", sale["sale_id"]), "amount": tax["priceSet"], "taxLine": tax}
                for tax in self.taxes(sale["tax_cents"])
            ],
        }
        if sale["line_type"] == "tip":
            document["lineItem"] = self.items[TIP]
        elif sale["line_type"] in ("product", "gift_card"):
            document["lineItem"] = self.items[sale["line_id"]]
        elif sale["line_type"] == "shipping":
            document["shippingLine"] = self.shipping()
        elif sale["line_type"] == "fee":
            document["fee"] = {"__typename": "RestockingFee", "percentage": 10.0,
                               "id": gid("RestockingFee", sale["sale_id"]),
                               "amountSet": self.bag(sale["charge_cents"])}  # fmt: skip
        return document

    def _returns(self) -> dict[int, Document]:
        """Goods that came back under a return: exchanges, and whatever a fee was kept from."""
        found: dict[int, Document] = {}
        for event_id, sales in self.events.items():
            has_fee = any(sale["line_type"] == "fee" for sale in sales)
            if sales[0]["kind"] == "exchange" or has_fee:
                back = -sum(sale["quantity"] for sale in sales
                            if sale["line_type"] == "product" and sale["quantity"] < 0)  # fmt: skip
                found[event_id] = {
                    "id": gid("Return", event_id),
                    "name": f"{self.row['name']}-R{len(found) + 1}",
                    "status": "CLOSED",
                    "createdAt": sales[0]["happened"],
                    "closedAt": sales[0]["happened"],
                    "totalQuantity": back,
                }
        return found

    def _refunds(self, transactions: list[Document]) -> dict[int, Document]:
        found = {}
        for event_id, sales in self.events.items():
            kind, happened = sales[0]["kind"], sales[0]["happened"]
            ids = {gid("OrderTransaction", 2 * one["payment_id"]): one for one in self.payments
                   if one["event_id"] == event_id and one["amount_cents"] < 0}  # fmt: skip
            if not ids and kind not in ("cancellation", "refund", "goodwill"):
                continue
            back = kind in ("cancellation", "refund")
            found[event_id] = {
                "id": gid("Refund", event_id),
                "legacyResourceId": str(event_id),
                "createdAt": happened,
                "processedAt": happened,
                "updatedAt": happened,
                "note": "Goodwill" if kind == "goodwill" else None,
                "totalRefundedSet": self.bag(-sum(one["amount_cents"] for one in ids.values())),
                "refundLineItems": [
                    self._refund_line(sale, is_cancelled=kind == "cancellation")
                    for sale in sales if back and sale["line_type"] == "product"
                ],
                "refundShippingLines": [],
                "orderAdjustments": [
                    {"id": gid("OrderAdjustment", sale["sale_id"]), "reason": "REFUND_DISCREPANCY",
                     "amountSet": self.bag(-sale["reversal_cents"]), "taxAmountSet": self.bag(0)}
                    for sale in sales if sale["line_type"] == "adjustment"
                ],
                "transactions": [one for one in transactions if one["id"] in ids],
            }  # fmt: skip
        return found

    def _refund_line(self, sale: Row, *, is_cancelled: bool) -> Document:
        item = self.items[sale["line_id"]]
        shown = sale["reversal_cents"] - (sale["tax_cents"] if self.is_included else 0)
        return {
            "id": gid("RefundLineItem", sale["sale_id"]),
            "lineItem": item,
            "quantity": -sale["quantity"],
            "restockType": "CANCEL" if is_cancelled else "RETURN",
            "restocked": True,
            "priceSet": item["originalUnitPriceSet"],
            "subtotalSet": self.bag(shown),
            "totalTaxSet": self.bag(-sale["tax_cents"]),
        }

    # --- what was paid --------------------------------------------------------------------

    def _transactions(self) -> list[Document]:
        found: list[Document] = []
        paid = None
        for payment in self.payments:
            number = 2 * payment["payment_id"]
            if payment["amount_cents"] < 0:
                found.append(self._transaction(payment, number, "REFUND", paid))
                continue
            # A third of the online card payments are authorised first and captured afterwards.
            is_two_step = (
                payment["method"] == "card"
                and self.row["trade"] == "online"
                and payment["payment_id"] % 3 == 0
            )
            first = None
            if is_two_step:
                first = self._transaction(payment, number - 1, "AUTHORIZATION", None)
                found.append(first)
            kind = "CAPTURE" if is_two_step else "SALE"
            paid = self._transaction(payment, number, kind, first)
            found.append(paid)
        return found

    def _transaction(
        self, payment: Row, number: int, kind: str, parent: Document | None
    ) -> Document:
        fee = payment["fee_cents"] if kind in ("SALE", "CAPTURE") else 0
        return {
            "id": gid("OrderTransaction", number),
            "kind": kind,
            "status": "SUCCESS",
            "test": self.row["is_test"],
            "gateway": GATEWAYS[payment["method"]],
            "createdAt": payment["paid"],
            "processedAt": payment["paid"],
            "paymentId": f"{self.row['name']}.{payment['payment_id']}",
            "amountSet": self.bag(abs(payment["amount_cents"])),
            "parentTransaction": parent,
            "fees": [
                {"id": gid("TransactionFee", number), "type": "processing_fee", "rate": RATE,
                 "amount": self.till.money(fee), "flatFee": self.till.money(FLAT_CENTS),
                 "taxAmount": self.till.money(0)}
            ] if fee else [],
        }  # fmt: skip

    def _totals(self) -> Document:
        bought = [
            sale for sale in self.sales if sale["quantity"] > 0 and sale["line_type"] != "fee"
        ]
        placed = [sale for sale in self.sales if sale["kind"] == "sale"]
        received = sum(one["amount_cents"] for one in self.payments if one["amount_cents"] > 0)
        refunded = -sum(one["amount_cents"] for one in self.payments if one["amount_cents"] < 0)
        current = _due(self.sales)
        shown = sum(line["shown_gross_cents"] - shown_discount(line) for line in self.lines)
        shipping = sum(s["charge_cents"] for s in self.sales if s["line_type"] == "shipping")
        amounts = {
            "originalTotalPriceSet": _due(placed),
            "totalPriceSet": _due(bought),
            "currentTotalPriceSet": current,
            "subtotalPriceSet": shown + self.row["gift_card_cents"],
            "totalDiscountsSet": sum(map(shown_discount, self.lines)),
            "totalTaxSet": sum(sale["tax_cents"] for sale in bought),
            "currentTotalTaxSet": sum(sale["tax_cents"] for sale in self.sales),
            "totalShippingPriceSet": self.row["shipping_cents"],
            "currentShippingPriceSet": shipping,
            "totalRefundedShippingSet": self.row["shipping_cents"] - shipping,
            "totalTipReceivedSet": self.row["tip_cents"],
            "totalReceivedSet": received,
            "totalRefundedSet": refunded,
            "netPaymentSet": received - refunded,
            "totalOutstandingSet": current - (received - refunded),
        }
        is_unpaid = not self.payments and current > 0
        if not received:
            status = "PENDING" if is_unpaid else ("VOIDED" if self.row["cancelled"] else "PAID")
        else:
            status = "PAID"
            if refunded:
                status = "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
        return {
            **{name: self.bag(cents) for name, cents in amounts.items()},
            "displayFinancialStatus": status,
            "unpaid": is_unpaid,
            "fullyPaid": not is_unpaid,
        }


def _due(sales: Iterable[Row]) -> int:
    """What is to be paid for ledger lines; negative when money goes back."""
    return sum(
        sale["gross_cents"] - sale["discount_cents"] - sale["reversal_cents"]
        + sale["tax_cents"] + sale["charge_cents"]
        for sale in sales
    )  # fmt: skip


def _part(cents: int, quantity: int, whole: int) -> int:
    part = (2 * cents * abs(quantity) + whole) // (2 * whole)
    return part if quantity > 0 else -part
