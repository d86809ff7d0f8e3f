"""What was bought: money in two currencies, and the line items of Shopify's orders."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sandbox.shopify.documents import Document

Row = dict[str, Any]
# Lines that sell a gift card have no line of their own in the world; these numbers are free.
GIFT_LINE, TIP_LINE = 10**12, 2 * 10**12
TIP = -1


def gid(type_name: str, number: int) -> str:
    """A global id."""
    return f"gid://shopify/{type_name}/{number}"


def decimal(cents: int) -> str:
    """Whole cents as Shopify writes amounts."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"


@lru_cache(maxsize=65_536)
def _own_bag(cents: int, currency: str) -> Document:
    """An amount of the shop's own currency; documents share it and nobody changes it."""
    own = {"amount": decimal(cents), "currencyCode": currency}
    return {"shopMoney": own, "presentmentMoney": own}


class Till:
    """Money of one order: in the shop's currency and in the one the customer saw."""

    def __init__(self, currency: str, shown: str, rate_ppm: int) -> None:
        """``rate_ppm``: millionths of the customer's currency per unit of the shop's."""
        self.currency, self.shown, self.rate_ppm = currency, shown, rate_ppm

    def money(self, cents: int) -> Document:
        """An amount in the shop's currency."""
        return {"amount": decimal(cents), "currencyCode": self.currency}

    def bag(self, cents: int) -> Document:
        """An amount in both currencies."""
        if self.shown == self.currency:
            return _own_bag(cents, self.currency)
        own = self.money(cents)
        there = (abs(cents) * self.rate_ppm + 500_000) // 1_000_000
        amount = decimal(there if cents >= 0 else -there)
        return {"shopMoney": own,
                "presentmentMoney": {"amount": amount, "currencyCode": self.shown}}  # fmt: skip


class Basket:
    """The lines of one order, with their discounts and taxes.

    Attributes:
        items: line items by the number of the line; 0 is a gift card, ``TIP`` the tip.
        applications: discounts of the order, in the sequence of their ``index``.
    """

    def __init__(self, currency: str, vendor: str, row: Row, lines: list[Row],
                 sales: list[Row]) -> None:  # fmt: skip
        """Make the line items of a row of ``shopify_orders``."""
        self.row, self.lines, self.sales, self.vendor = row, lines, sales, vendor
        self.till = Till(currency, row["presentment_currency"], row["presentment_rate_ppm"])
        self.bag = self.till.bag
        self.is_included = bool(row["is_tax_included"])
        self.applications: list[Document] = []
        self.code = self._code() if row["code"] else None
        self.items = {line["line_id"]: self._item(line) for line in lines}
        if row["gift_card_cents"]:
            gift = gid("LineItem", GIFT_LINE + row["order_id"])
            self.items[0] = self._other_item(gift, "Gift card", row["gift_card_cents"], True)
        if row["tip_cents"]:
            tip = gid("LineItem", TIP_LINE + row["order_id"])
            self.items[TIP] = self._other_item(tip, "Tip", row["tip_cents"], False)

    def _code(self) -> Document:
        application = {
            "__typename": "DiscountCodeApplication",
            "index": 0,
            "code": self.row["code"],
            "allocationMethod": "ACROSS",
            "targetSelection": "ALL",
            "targetType": "LINE_ITEM",
            "value": {"__typename": "PricingPercentageValue",
                      "percentage": self.row["discount_ppm"] / 10_000},
        }  # fmt: skip
        self.applications.append(application)
        return application

    def _item(self, line: Row) -> Document:
        reduced, coded = line["shown_line_discount_cents"], line["shown_order_discount_cents"]
        allocations = []
        if reduced:
            manual = {
                "__typename": "ManualDiscountApplication",
                "index": len(self.applications),
                "title": "Reduced",
                "description": None,
                "allocationMethod": "ONE",
                "targetSelection": "EXPLICIT",
                "targetType": "LINE_ITEM",
                "value": {"__typename": "MoneyV2", **self.till.money(reduced)},
            }
            self.applications.append(manual)
            allocations.append(self._allocation(reduced, manual))
        if coded and self.code:
            allocations.append(self._allocation(coded, self.code))
        gone = sum(sale["quantity"] for sale in self.sales
                   if sale["line_id"] == line["line_id"] and sale["quantity"] < 0)  # fmt: skip
        name = " - ".join(filter(None, (line["title"], line["variant_title"])))
        return {
            "id": gid("LineItem", line["line_id"]),
            "title": line["title"],
            "name": name,
            "variantTitle": line["variant_title"] or None,
            "vendor": self.vendor,
            "sku": line["sku"],
            "quantity": line["quantity"],
            "currentQuantity": line["quantity"] + gone,
            "refundableQuantity": line["quantity"] + gone,
            "isGiftCard": False,
            "requiresShipping": True,
            "taxable": True,
            "product": gid("Product", line["product_id"]),
            "variant": gid("ProductVariant", line["variant_id"]),
            "originalUnitPriceSet": self.bag(line["unit_price_cents"]),
            "originalTotalSet": self.bag(line["shown_gross_cents"]),
            "discountedTotalSet": self.bag(line["shown_gross_cents"] - reduced),
            "totalDiscountSet": self.bag(reduced),
            "discountAllocations": allocations,
            "taxLines": self.taxes(line["tax_cents"]),
        }

    def _other_item(self, identity: str, title: str, cents: int, is_card: bool) -> Document:
        """A line of no product: a gift card or a tip."""
        value = self.bag(cents)
        return {
            "id": identity,
            "title": title,
            "name": title,
            "variantTitle": None,
            "vendor": self.vendor,
            "sku": None,
            "quantity": 1,
            "currentQuantity": 1,
            "refundableQuantity": 1,
            "isGiftCard": is_card,
            "requiresShipping": False,
            "taxable": False,
            "product": None,
            "variant": None,
            "originalUnitPriceSet": value,
            "originalTotalSet": value,
            "discountedTotalSet": value,
            "totalDiscountSet": self.bag(0),
            "discountAllocations": [],
            "taxLines": [],
        }

    def _allocation(self, cents: int, application: Document) -> Document:
        bag = self.bag(cents)
        return {
            "allocatedAmount": bag["shopMoney"],
            "allocatedAmountSet": bag,
            "discountApplication": application,
        }

    def taxes(self, cents: int) -> list[Document]:
        """Tax lines of an amount of tax."""
        ppm = self.row["tax_ppm"]
        if not ppm:
            return []
        title = "VAT" if self.is_included else f"{self.row['region']} sales tax"
        return [{"title": title, "rate": ppm / 1_000_000, "ratePercentage": ppm / 10_000,
                 "price": decimal(cents), "priceSet": self.bag(cents)}]  # fmt: skip

    def shipping(self) -> Document | None:
        """The shipping line, when shipping was charged."""
        cents = self.row["shipping_cents"]
        if not cents:
            return None
        bag, is_gone = self.bag(cents), self.row["cancelled"] is not None
        return {
            "id": gid("ShippingLine", self.row["order_id"]),
            "title": "Standard",
            "code": "standard",
            "custom": False,
            "isRemoved": False,
            "originalPriceSet": bag,
            "discountedPriceSet": bag,
            "currentDiscountedPriceSet": self.bag(0) if is_gone else bag,
            "discountAllocations": [],
            "taxLines": [],
        }


def shown_discount(line: Row) -> int:
    """What the customer saw taken off a line."""
    discount: int = line["shown_line_discount_cents"] + line["shown_order_discount_cents"]
    return discount
