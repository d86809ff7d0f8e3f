"""What comes before an order: the visit, the checkout that was left, the draft."""

from __future__ import annotations

from collections import defaultdict

from sandbox.shopify.documents import Document
from sandbox.shopify.world_baskets import Row, Till, gid
from sandbox.shopify.world_tables import Tables

STORE = "https://sandbox.myshopify.com"
TACTICS = {"cpc": "AD", "paid": "AD", "organic": "SEO", "email": "NEWSLETTER"}


def visit_document(row: Row) -> Document:
    """A ``CustomerVisit`` of a row with the columns of a session."""
    product = row["landing_product_id"]
    is_tagged = row["medium"] in ("cpc", "paid", "email")
    referrers = {"google": "https://www.google.com/", "facebook": "https://www.facebook.com/"}
    return {
        "id": gid("CustomerVisit", row["session_id"]),
        "occurredAt": row["visited"],
        "landingPage": f"{STORE}/products/{product}" if product else f"{STORE}/",
        "referrerUrl": referrers.get(row["source"]),
        "source": row["source"],
        "sourceDescription": f"{row['medium']} from {row['source']}",
        "sourceType": TACTICS.get(row["medium"]),
        "referralInfoHtml": "",
        "utmParameters": {"source": row["source"], "medium": row["medium"],
                          "campaign": row["campaign"], "content": None, "term": None}
        if is_tagged else None,
    }  # fmt: skip


def checkout_document(currency: str, row: Row) -> Document:
    """A checkout that was left with one kind of goods in it; tax is not known yet."""
    till, number = Till(currency, currency, 1_000_000), row["checkout_id"]
    unit, whole = row["unit_price_cents"], row["unit_price_cents"] * row["quantity"]
    amount, none = till.bag(whole), till.bag(0)
    line = {
        "id": gid("AbandonedCheckoutLineItem", number), "title": row["title"], "sku": row["sku"],
        "variantTitle": row["variant_title"] or None, "quantity": row["quantity"],
        "variant": gid("ProductVariant", row["variant_id"]),
        "product": gid("Product", row["product_id"]), "customAttributes": [],
        "originalUnitPriceSet": till.bag(unit), "originalTotalPriceSet": amount,
        "discountedUnitPriceSet": till.bag(unit), "discountedTotalPriceSet": amount,
        "discountedUnitPriceWithCodeDiscount": till.bag(unit),
        "discountedTotalPriceWithCodeDiscount": amount, "discountAllocations": [],
    }  # fmt: skip
    return {
        "id": gid("AbandonedCheckout", number), "name": f"#C{number}", "note": "",
        "createdAt": row["created"], "updatedAt": row["created"], "completedAt": None,
        "customer": gid("Customer", row["contact_id"]), "discountCodes": [],
        "abandonedCheckoutUrl": f"{STORE}/checkouts/{number}/recover", "customAttributes": [],
        "taxesIncluded": False, "taxLines": [], "lineItemsQuantity": row["quantity"],
        "lineItems": [line], "subtotalPriceSet": amount, "totalLineItemsPriceSet": amount,
        "totalPriceSet": amount, "totalTaxSet": none, "totalDiscountSet": none,
    }  # fmt: skip


def draft_documents(tables: Tables, since: str) -> list[Document]:
    """Draft orders that were made or completed since an instant."""
    rows = tables.rows("from shopify_drafts where updated >= ? order by draft_id", since)
    lines: dict[int, list[Row]] = defaultdict(list)
    for line in tables.rows(
        "select l.* from shopify_all_lines l join shopify_all_orders o using (order_id) "
        "where order_id in (select unnest(?)) and added_at = placed_at order by line_id",
        [row["template_order_id"] for row in rows] or [0],
    ):
        lines[line["order_id"]].append(line)
    currency = str(tables.settings["currency"])
    return [_draft(currency, row, lines[row["template_order_id"]]) for row in rows]


def _draft(currency: str, row: Row, lines: list[Row]) -> Document:
    till, number = Till(currency, currency, 1_000_000), row["draft_id"]
    goods = sum(line["gross_cents"] - line["discount_cents"] for line in lines)
    tax = sum(line["tax_cents"] for line in lines)
    return {
        "id": gid("DraftOrder", number), "legacyResourceId": str(number), "name": f"#D{number}",
        "status": row["status"].upper(), "createdAt": row["created"], "updatedAt": row["updated"],
        "completedAt": row["completed"], "email": row["email"], "note2": None, "tags": [],
        "customer": gid("Customer", row["contact_id"]), "currencyCode": currency,
        "presentmentCurrencyCode": currency, "taxesIncluded": False, "taxExempt": False,
        "order": gid("Order", row["order_id"]) if row["order_id"] else None,
        "subtotalPriceSet": till.bag(goods), "totalTaxSet": till.bag(tax),
        "totalPriceSet": till.bag(goods + tax), "totalShippingPriceSet": till.bag(0),
        "lineItems": [
            {"id": gid("DraftOrderLineItem", 10**9 + line["line_id"]), "title": line["title"],
             "name": line["title"], "sku": line["sku"], "quantity": line["quantity"],
             "variant": gid("ProductVariant", line["variant_id"]), "custom": False,
             "product": gid("Product", line["product_id"]), "taxable": True,
             "originalUnitPriceSet": till.bag(line["unit_price_cents"]),
             "originalTotalSet": till.bag(line["gross_cents"]),
             "discountedTotalSet": till.bag(line["gross_cents"] - line["discount_cents"])}
            for line in lines
        ],
    }  # fmt: skip
