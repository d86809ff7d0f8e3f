"""A shop of a few objects, made by hand, with everything a connector reads."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.documents import MemoryDocuments

NOW = 1_795_435_200.0  # 2026-11-23T12:00:00Z


def gid(type_name: str, number: int) -> str:
    """A global id."""
    return f"gid://shopify/{type_name}/{number}"


def money(amount: str) -> dict[str, Any]:
    """A money bag in dollars."""
    value = {"amount": amount, "currencyCode": "USD"}
    return {"shopMoney": value, "presentmentMoney": value}


def order(number: int, created_at: str, lines: int = 2, **fields: Any) -> dict[str, Any]:
    """An order with lines at 5.00 each."""
    return {
        "id": gid("Order", number),
        "name": f"#{number}",
        "createdAt": created_at,
        "updatedAt": created_at,
        "processedAt": created_at,
        "cancelledAt": None,
        "closedAt": None,
        "test": False,
        "tags": [],
        "currencyCode": "USD",
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "FULFILLED",
        "totalPriceSet": money(f"{5 * lines}.00"),
        "customer": gid("Customer", 1 + number % 2),
        "lineItems": [
            {
                "id": gid("LineItem", 100 * number + line),
                "title": "Mug",
                "name": "Mug - blue",
                "sku": "MUG-B",
                "quantity": 1,
                "originalTotalSet": money("5.00"),
                "variant": gid("ProductVariant", 1 + line % 2),
                "discountAllocations": [],
            }
            for line in range(1, lines + 1)
        ],
        **fields,
    }


def _rich_order() -> dict[str, Any]:
    sale = {
        "id": gid("Sale", 1),
        "__typename": "ProductSale",
        "actionType": "ORDER",
        "lineType": "PRODUCT",
        "quantity": 2,
        "totalAmount": money("9.00"),
        "totalTaxAmount": money("0.80"),
        "totalDiscountAmountBeforeTaxes": money("1.00"),
        "lineItem": {"id": gid("LineItem", 701)},
    }
    application = {
        "__typename": "DiscountCodeApplication",
        "code": "TEN",
        "index": 0,
        "value": {"__typename": "PricingPercentageValue", "percentage": 10.0},
    }
    refund = {
        "id": gid("Refund", 1),
        "createdAt": "2026-11-21T09:00:00Z",
        "totalRefundedSet": money("4.50"),
        "refundLineItems": [
            {"lineItem": {"id": gid("LineItem", 701)}, "quantity": 1, "subtotalSet": money("4.50")}
        ],
    }
    return order(
        7,
        "2026-11-20T10:00:00Z",
        discountApplications=[application],
        agreements=[
            {
                "id": gid("SalesAgreement", 1),
                "__typename": "OrderAgreement",
                "happenedAt": "2026-11-20T10:00:00Z",
                "reason": "ORDER",
                "sales": [sale],
            }
        ],
        refunds=[refund],
        returns=[{"id": gid("Return", 1), "name": "#7-R1", "status": "CLOSED"}],
        transactions=[
            {
                "id": gid("OrderTransaction", 1),
                "kind": "SALE",
                "status": "SUCCESS",
                "gateway": "shopify_payments",
                "amountSet": money("9.80"),
                "fees": [{"amount": {"amount": "0.58", "currencyCode": "USD"}}],
            }
        ],
        fulfillments=[
            {
                "id": gid("Fulfillment", 1),
                "status": "SUCCESS",
                "createdAt": "2026-11-20T12:00:00Z",
                "location": gid("Location", 1),
            }
        ],
        customerJourneySummary={
            "customerOrderIndex": 2,
            "firstVisit": {
                "id": gid("CustomerVisit", 1),
                "source": "google",
                "utmParameters": {"campaign": "autumn", "source": "google", "medium": "cpc"},
            },
        },
    )


def handmade_shop() -> MemoryDocuments:
    """Two customers, one product, seven orders, and one of everything else."""
    made = MemoryDocuments()
    made.add_single(
        "shop",
        {
            "id": gid("Shop", 1),
            "name": "Corner Shop",
            "currencyCode": "USD",
            "ianaTimezone": "America/New_York",
            "plan": {"publicDisplayName": "Basic"},
        },
    )
    made.add("Location", {"id": gid("Location", 1), "name": "Main Street", "isActive": True})
    made.add(
        "Customer",
        *(
            {
                "id": gid("Customer", number),
                "displayName": name,
                "createdAt": "2026-01-02T00:00:00Z",
                "updatedAt": "2026-11-01T00:00:00Z",
                "numberOfOrders": "3",
                "defaultEmailAddress": {"emailAddress": f"{name.lower()}@example.com"},
            }
            for number, name in ((1, "Ada"), (2, "Bo"))
        ),
    )
    made.add(
        "Product",
        {
            "id": gid("Product", 1),
            "title": "Mug",
            "status": "ACTIVE",
            "vendor": "Clay & Co",
            "productType": "Tableware",
            "updatedAt": "2026-10-01T00:00:00Z",
            "variants": [gid("ProductVariant", number) for number in (1, 2)],
        },
    )
    for number, sku in ((1, "MUG-A"), (2, "MUG-B")):
        made.add(
            "ProductVariant",
            {
                "id": gid("ProductVariant", number),
                "sku": sku,
                "price": "5.00",
                "product": gid("Product", 1),
                "inventoryItem": gid("InventoryItem", number),
            },
        )
        made.add(
            "InventoryItem",
            {
                "id": gid("InventoryItem", number),
                "sku": sku,
                "tracked": True,
                "updatedAt": "2026-10-01T00:00:00Z",
                "unitCost": {"amount": "2.10", "currencyCode": "USD"},
            },
        )
        made.add_children(
            "InventoryItem",
            "inventoryLevels",
            gid("InventoryItem", number),
            [
                {
                    "id": f"gid://shopify/InventoryLevel/{number}?inventory_item_id={number}",
                    "location": gid("Location", 1),
                    "quantities": [
                        {"name": "available", "quantity": 12},
                        {"name": "on_hand", "quantity": 14},
                    ],
                }
            ],
        )
    days = (
        "2026-06-01T10:00:00Z",  # older than sixty days
        "2026-10-01T10:00:00Z",
        "2026-11-01T03:30:00Z",  # 1 November in UTC, still 31 October in New York
        "2026-11-02T10:00:00Z",
        "2026-11-10T10:00:00Z",
        "2026-11-15T10:00:00Z",
    )
    made.add("Order", *(order(number, day) for number, day in enumerate(days, start=1)))
    made.add("Order", _rich_order())
    made.add(
        "AbandonedCheckout",
        {
            "id": gid("AbandonedCheckout", 1),
            "createdAt": "2026-11-18T10:00:00Z",
            "updatedAt": "2026-11-18T10:00:00Z",
            "completedAt": None,
            "totalPriceSet": money("15.00"),
            "lineItems": [{"id": gid("AbandonedCheckoutLineItem", 1), "quantity": 3}],
        },
    )
    account = {"id": gid("ShopifyPaymentsAccount", 1), "activated": True}
    made.add_single("shopifyPaymentsAccount", account)
    made.add_children(
        "ShopifyPaymentsAccount",
        "payouts",
        account["id"],
        [
            {
                "id": gid("ShopifyPaymentsPayout", 1),
                "issuedAt": "2026-11-22T00:00:00Z",
                "status": "PAID",
                "net": {"amount": "9.22", "currencyCode": "USD"},
            }
        ],
    )
    made.add_report(
        "sales",
        [
            {"day": "2026-11-20", "net_sales": "9.00", "orders": 1, "sales_channel": "Online"},
            {"day": "2026-11-21", "net_sales": "-4.50", "orders": 0, "sales_channel": "Online"},
            {"day": "2026-11-20", "net_sales": "5.00", "orders": 1, "sales_channel": "POS"},
        ],
    )
    return made
