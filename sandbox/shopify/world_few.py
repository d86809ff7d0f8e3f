"""What is few in a generated shop: the shop itself, its places, products and customers."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from sandbox.shopify.documents import Document, MemoryDocuments, number_of
from sandbox.shopify.world_baskets import Row, decimal, gid
from sandbox.shopify.world_leads import checkout_document, draft_documents
from sandbox.shopify.world_payouts import payments_account
from sandbox.shopify.world_tables import ZONE, Tables

FIRST_LEVEL = 100_000


class FewDocuments(MemoryDocuments):
    """Documents held in memory, as of one moment; they are never changed afterwards.

    Attributes:
        now: that moment.
    """

    def __init__(self, tables: Tables, now: datetime, before: FewDocuments | None = None) -> None:
        """Make the documents, or take over what has not changed since an earlier moment."""
        super().__init__()
        self.now = now
        self._tables = tables
        self._currency = str(tables.settings["currency"])
        self._name = str(tables.settings["name"])
        if before is not None and before.now <= now:
            self.take_over(before)
            since = before.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            self._add_shop()
            since = ""
        self._add_catalogue(since)
        self._add_customers(since)
        self._delete_products()
        self._add_leads(since)
        self.add_single("shopifyPaymentsAccount", payments_account(tables))

    def at(self, now: datetime) -> FewDocuments:
        """The documents of another moment."""
        return FewDocuments(self._tables, now, self)

    def _add_shop(self) -> None:
        (first,) = self._tables.rows("select coalesce(min(created), '') as began "
                                     "from shopify_all_orders")  # fmt: skip
        began = first["began"]
        shop = {
            "id": gid("Shop", 1),
            "name": self._name,
            "email": "owner@example.com",
            "contactEmail": "owner@example.com",
            "myshopifyDomain": "sandbox.myshopify.com",
            "url": "https://sandbox.myshopify.com",
            "currencyCode": self._currency,
            "ianaTimezone": ZONE,
            "taxesIncluded": False,
            "taxShipping": False,
            "createdAt": began,
            "updatedAt": began,
            "plan": {"publicDisplayName": "Basic", "partnerDevelopment": False,
                     "shopifyPlus": False},
        }  # fmt: skip
        self.add_single("shop", shop)
        for place in self._tables.rows("from shopify_places"):
            location = {
                "id": gid("Location", place["place_id"]),
                "legacyResourceId": str(place["place_id"]),
                "name": place["name"],
                "isActive": True,
                "isPrimary": place["trade"] == "online",
                "fulfillsOnlineOrders": place["trade"] == "online",
                "shipsInventory": place["trade"] == "online",
                "createdAt": began,
                "updatedAt": began,
                "address": {"city": place["city"], "provinceCode": place["region"],
                            "countryCode": "US", "formatted": [place["city"]]},
            }  # fmt: skip
            self.add("Location", location)

    def _add_catalogue(self, since: str) -> None:
        products: dict[int, Document] = {}
        levels: dict[int, list[Row]] = defaultdict(list)
        for level in self._tables.rows("from shopify_levels order by place_id"):
            levels[level["variant_id"]].append(level)
        for row in self._tables.rows(
            "from shopify_variants where product_id in "
            "(select product_id from shopify_variants where changed >= ?) order by variant_id",
            since,
        ):
            product = products.setdefault(row["product_id"], {
                "id": gid("Product", row["product_id"]), "title": row["title"],
                "legacyResourceId": str(row["product_id"]),
                "handle": row["title"].lower().replace(" ", "-"),
                "status": "ARCHIVED" if row["is_archived"] else "ACTIVE",
                "vendor": self._name, "productType": row["category"],
                "tags": [], "isGiftCard": False, "createdAt": row["began"],
                "publishedAt": row["began"], "updatedAt": row["changed"], "variants": [],
            })  # fmt: skip
            product["updatedAt"] = max(product["updatedAt"], row["changed"])
            product["variants"].append(gid("ProductVariant", row["variant_id"]))
            self._add_variant(row, len(product["variants"]), levels[row["variant_id"]])
        self.add("Product", *products.values())

    def _delete_products(self) -> None:
        """Take out what was deleted, and note that it was."""
        for row in self._tables.rows("from shopify_deletions where kind = 'Product'"):
            product = gid("Product", row["number"])
            for variant in self.get("Product", [product]).get(product, {}).get("variants", []):
                number = number_of(variant)
                self.remove("ProductVariant", variant)
                self.remove("InventoryItem", gid("InventoryItem", number))
            if self.get("Product", [product]):
                self.remove("Product", product)
            self.add("DeletionEvent", {
                "id": gid("DeletionEvent", row["number"]), "subjectId": product,
                "subjectType": "PRODUCT", "occurredAt": row["deleted"],
                "createdAt": row["deleted"],
            })  # fmt: skip

    def _add_variant(self, row: Row, position: int, levels: list[Row]) -> None:
        number = row["variant_id"]
        shared = {"legacyResourceId": str(number), "sku": row["sku"],
                  "createdAt": row["began"], "updatedAt": row["changed"]}  # fmt: skip
        title = row["variant_title"] or "Default Title"
        self.add("ProductVariant", shared | {
            "id": gid("ProductVariant", number), "title": title, "barcode": None,
            "displayName": f"{row['title']} - {title}", "position": position, "taxable": True,
            "price": decimal(row["price_cents"]), "compareAtPrice": None,
            "product": gid("Product", row["product_id"]),
            "selectedOptions": [{"name": "Title", "value": title}],
            "inventoryItem": gid("InventoryItem", number),
            "inventoryQuantity": sum(level["on_hand"] for level in levels),
        })  # fmt: skip
        cost = {"amount": decimal(row["unit_cost_cents"]), "currencyCode": self._currency}
        self.add("InventoryItem", shared | {
            "id": gid("InventoryItem", number), "tracked": True, "requiresShipping": True,
            "unitCost": cost, "variant": gid("ProductVariant", number),
            "inventoryLevels": [self._level(row, level) for level in levels],
        })  # fmt: skip

    def _level(self, row: Row, level: Row) -> Document:
        """What lies at one place; nothing is set aside, so all of it can be sold."""
        number = level["place_id"] * FIRST_LEVEL + level["variant_id"]
        amounts = {"available": level["on_hand"], "on_hand": level["on_hand"], "committed": 0,
                   "incoming": level["incoming"], "reserved": 0, "damaged": 0}  # fmt: skip
        return {
            "id": gid("InventoryLevel", number), "isActive": True, "canDeactivate": False,
            "createdAt": row["began"], "updatedAt": level["moved"],
            "item": gid("InventoryItem", level["variant_id"]),
            "location": gid("Location", level["place_id"]),
            "quantities": [
                {"id": f"{gid('InventoryQuantity', number)}?name={name}", "name": name,
                 "quantity": amount, "updatedAt": level["moved"]}
                for name, amount in amounts.items()
            ],
        }  # fmt: skip

    def _add_leads(self, since: str) -> None:
        """Checkouts that were left, and drafts."""
        rows = self._tables.rows("from shopify_checkouts where created >= ?", since)
        self.add("AbandonedCheckout", *(checkout_document(self._currency, row) for row in rows))
        self.add("DraftOrder", *draft_documents(self._tables, since))

    def _add_customers(self, since: str) -> None:
        consent = {True: "SUBSCRIBED", False: "NOT_SUBSCRIBED"}
        self.add("Customer", *(
            {
                "id": gid("Customer", row["contact_id"]),
                "legacyResourceId": str(row["contact_id"]),
                "firstName": row["given_name"],
                "lastName": row["family_name"],
                "displayName": f"{row['given_name']} {row['family_name']}",
                "email": row["email"],
                "phone": row["phone"],
                "defaultEmailAddress": {"emailAddress": row["email"],
                                        "marketingState": consent[row["is_marketing_allowed"]]},
                "defaultPhoneNumber": {"phoneNumber": row["phone"]},
                "numberOfOrders": str(row["orders_count"]),
                "state": "ENABLED",
                "tags": [],
                "locale": "en",
                "verifiedEmail": True,
                "taxExempt": False,
                "createdAt": row["created"],
                "updatedAt": row["updated"],
            }
            for row in self._tables.rows("from shopify_customers where updated >= ?", since)
        ))  # fmt: skip
