"""What the systems of a generated world told at two times, to be loaded again in any order.

Documents and files go through the loaders themselves, so that raw rows are what a real load of them
would have left: its own keys, times, superseded versions and marks of deletion.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from ingestion.api import Stream, load_streams
from ingestion.api.shapes import Json
from ingestion.auth import SourceSystem
from sandbox.world import World, WorldSettings, generate
from tests.dbt.building import load
from tests.ingestion.served_shop import SOURCES, ConnectedShop, served
from warehouse.database import Warehouse
from warehouse.vault import open_vault

# Nothing incremental is made of these, and each kind takes dlt a quarter of a second per load.
LEFT_OUT = frozenset((
    "abandoned_checkouts", "bill_payments", "bills", "company_info", "deposits", "employees",
    "general_ledger", "inventory_changes", "inventory_counts", "merchants", "payment_methods",
    "payouts", "purchases", "reports", "tax_agencies", "tax_codes", "tax_rates", "team_members",
    "terms", "timecards", "transfers", "vendor_credits", "vendors",
))  # fmt: skip
# What of a document may have been corrected, and its lists of which a row may have been added.
CORRECTED: dict[str, tuple[str, ...]] = {
    "square.customers": ("email_address", "phone_number", "given_name", "family_name"),
    "square.orders": ("customer_id", "location_id", "state", "reference_id", "tenders"),
    "square.payments": ("order_id", "processing_fee", "status", "reference_id"),
    "shopify.customers": ("defaultEmailAddress", "defaultPhoneNumber", "firstName", "lastName"),
    "shopify.orders": (
        "customer", "email", "name", "sourceName", "retailLocation", "test",
        "originalTotalPriceSet", "currentTotalPriceSet",
    ),
    "shopify.balance_transactions": ("fee", "sourceOrderTransactionId"),
    "quickbooks.customers": ("PrimaryEmailAddr", "PrimaryPhone", "GivenName", "FamilyName"),
    **dict.fromkeys(
        ("quickbooks.invoices", "quickbooks.sales_receipts", "quickbooks.credit_memos",
         "quickbooks.refund_receipts"),
        ("CustomerRef", "DepartmentRef", "ClassRef", "DocNumber", "PrivateNote", "TotalAmt"),
    ),
}  # fmt: skip
GROWN = ("line_items", "agreements", "transactions", "Line")
CORRECTED_RATE = 0.4
Row = tuple[str, ...]


@dataclass
class Told:
    """One kind of documents, and the versions of each that its system told."""

    source: SourceSystem
    stream: Stream
    versions: dict[str, list[Json]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.source}.{self.stream.name}"

    def add(self, document: Json) -> None:
        known = self.versions.setdefault(str(document[self.stream.table.key]), [])
        if document not in known:
            known.append(document)

    def replayed(self, documents: list[Json]) -> Stream:
        """A stream that gives these documents, whenever it is asked."""
        return replace(
            self.stream, read=lambda _part, _since: iter([documents]), parts=lambda: [""],
            is_sorted=False, tells_changes=False, clock=None, count=None, all_keys=None,
            is_whole_due=lambda _since: False,
        )  # fmt: skip


@dataclass
class Sheet:
    """One kind of the owner's files, and the versions of each of its rows."""

    kind: str
    header: Row
    versions: dict[str, list[Row]]

    def write(self, inbox: Path, name: str, rows: Sequence[Row]) -> None:
        """One export; without rows none."""
        if not rows:
            return
        (inbox / self.kind).mkdir(exist_ok=True)
        with (inbox / self.kind / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([self.header, *rows])


def told_by_systems(settings: WorldSettings, folder: Path, before_the_end: timedelta,
                    warehouse: Warehouse) -> list[Told]:  # fmt: skip
    """What each system of a new world tells some time before its end, and then."""
    generate(settings, folder).close()
    world = World(folder)
    ends_at = world.ends_at
    world.close()
    early = ends_at - before_the_end
    world = World(folder, now=early)
    found: dict[str, Told] = {}
    with ExitStack() as stack:
        shops: list[ConnectedShop] = []
        for name in SOURCES:
            shops.append(stack.enter_context(served(name, world)).connect(warehouse))
            warehouse = shops[-1].warehouse
        for since in (None, early):
            for shop in shops:
                for stream in shop.streams():
                    if stream.name not in LEFT_OUT:
                        told = Told(shop.system.source, stream)
                        told = found.setdefault(told.name, told)
                        for document in _documents(stream, since):
                            told.add(document)
            world.advance(ends_at)
    world.close()
    return [told for told in found.values() if told.versions]


def _documents(stream: Stream, since: datetime | None) -> Iterator[Json]:
    """All documents, and what was deleted since: what has a clock tells deletions as changes."""
    for part in stream.parts():
        for moment in {None, since if stream.clock else None}:
            for page in stream.read(part, moment):
                yield from page


def kept_by_the_owner(systems: Sequence[Told], first_day: date, seed: int) -> list[Sheet]:
    """Files whose rows were corrected, about products and customers that the systems know too."""
    generator = random.Random(seed)
    skus = _texts(systems, "square.catalog_objects", r'"sku": "([^"]+)"')
    people = _texts(systems, "shopify.customers", r'"emailAddress": "([^"]+)"')

    def day() -> date:
        return first_day + timedelta(days=generator.randrange(12))

    def sale(number: int, line: int) -> Row:
        sku = generator.choice([*skus, "OWN-1", "OWN-2"])
        return (
            f"B{number}", str(line), f"{day()} {generator.randrange(8, 20):02}:15:00", sku,
            f"Product {sku}", str(generator.choice([-1, 1, 2, 3])), "4.50",
            generator.choice(["", "0.50"]), generator.choice(["", "1.00"]),
            generator.choice(["", *people, "new@example.org"]),
            generator.choice(["Market Street", "Harbour"]),
            generator.choice(["USD", "USD", "EUR"]),
        )  # fmt: skip

    def versions(most: int) -> range:
        return range(generator.randint(1, most))

    return [
        Sheet(
            "sales",
            ("order_id", "line_id", "sold_at", "product_id", "product_name", "quantity",
             "unit_price_amount", "discount_amount", "tip_amount", "customer_email",
             "location_name", "currency_code"),
            {f"{number} {line}": [sale(number, line) for _ in versions(3)]
             for number in range(30) for line in range(generator.randint(1, 2))},
        ),
        Sheet(
            "products",
            ("product_id", "sku", "product_name", "category_name", "unit_cost_amount",
             "valid_from_date"),
            {f"{sku} {start}": [
                (sku, generator.choice([sku, f"{sku}-B"]), f"Product {sku}", "Goods",
                 f"{generator.randint(100, 300) / 100:.2f}", start) for _ in versions(3)]
             for sku in (*skus[:4], "OWN-1") for start in ("", str(first_day + timedelta(days=5)))},
        ),
        Sheet(
            "customers",
            ("customer_id", "customer_email", "postal_code", "accepts_marketing"),
            {f"C{number}": [(f"C{number}", generator.choice(people), f"1000{number}",
                             generator.choice(["yes", "no"])) for _ in versions(2)]
             for number in range(4)},
        ),
        Sheet(
            "exchange_rates",
            ("rate_date", "currency_code", "rate", "rate_source"),
            {str(start): [(str(first_day + timedelta(days=start)), "EUR",
                           f"1.{generator.randint(1000, 2000)}", "Bank") for _ in versions(2)]
             for start in (0, 4, 8)},
        ),
    ]  # fmt: skip


def add_corrected(systems: Sequence[Told], seed: int) -> None:
    """Earlier versions of documents, as if they had been corrected since.

    A world corrects few of its documents. Such a version happened on another day, has some fields
    of another document of its kind, and lacks the last row of a list.
    """
    generator = random.Random(seed)
    for told in systems:
        newest = [versions[-1] for versions in told.versions.values()]
        for one in newest if told.name in CORRECTED else ():
            if generator.random() < CORRECTED_RATE:
                other = generator.choice(newest)
                told.add(_as_it_was(one, other, CORRECTED[told.name], generator))


def _as_it_was(one: Json, other: Json, fields: Sequence[str], generator: random.Random) -> Json:
    text = json.dumps(one)
    days = sorted(set(re.findall(r"\b2\d{3}-\d\d-\d\d", text)))
    if days and generator.random() < 0.5:
        day = generator.choice(days)
        moved = date.fromisoformat(day) - timedelta(days=generator.randint(1, 4))
        text = text.replace(day, str(moved))
    found: Json = json.loads(text)
    for name in fields:
        if generator.random() < 0.7:
            continue
        found.pop(name, None)
        found |= {name: other[name]} if name in other else {}
    for name in GROWN:
        if found.get(name) and generator.random() < 0.3:
            found[name] = found[name][:-1]
    return found


def _texts(systems: Sequence[Told], name: str, pattern: str) -> list[str]:
    """A few texts of one kind of documents."""
    told = next(told for told in systems if told.name == name)
    return sorted(set(re.findall(pattern, json.dumps(list(told.versions.values())))))[:6]


def load_told(warehouse: Warehouse, documents: dict[str, list[Json]],
              systems: Sequence[Told]) -> None:  # fmt: skip
    """One load of each system: these documents by kind, and an empty answer of every other kind."""
    for source in SOURCES:
        streams = [told.replayed(documents.get(told.name, []))
                   for told in systems if told.source == source]  # fmt: skip
        load_streams(warehouse, open_vault(warehouse), source, streams, accepts_shrinking=True)


def load_files(warehouse: Warehouse, rows: dict[str, list[Row]], sheets: Sequence[Sheet],
               name: str) -> None:  # fmt: skip
    """One load of the owner's files."""
    for sheet in sheets:
        sheet.write(warehouse.business.inbox, name, rows.get(sheet.kind, []))
    load(warehouse)
