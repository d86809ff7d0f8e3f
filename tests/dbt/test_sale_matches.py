"""One sale in several systems counts once: Shopify, Square and the books of one world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.quickbooks.books import Books
from sandbox.world import World, WorldSettings, generate
from tests.dbt.building import LEDGER, build, build_ledger
from tests.ingestion.served_shop import SOURCES, ConnectedShop, ServedSystem, served
from warehouse.database import Warehouse

SETTINGS = WorldSettings(seed=12, years=0.3, orders_per_day=40)
QUIET = timedelta(days=10)
KINDS = {
    "SalesReceipt": "sales_receipt",
    "Invoice": "invoice",
    "CreditMemo": "credit_memo",
    "RefundReceipt": "refund_receipt",
}
Snapshot = Callable[[Warehouse], dict[str, list[str]]]


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ServedSystem]]:
    """All three systems of one world, whose present is some days before its end."""
    folder = tmp_path_factory.mktemp("world")
    generate(SETTINGS, folder).close()
    world = World(folder)
    ends_at = world.ends_at
    world.close()
    world = World(folder, now=ends_at - QUIET)
    with ExitStack() as stack:
        yield [stack.enter_context(served(name, world)) for name in SOURCES]
    world.close()


def _run(shops: list[ConnectedShop]) -> Warehouse:
    """Load everything and build the ledger from it."""
    warehouse = shops[-1].warehouse
    for shop in shops:
        shop.load()
    build_ledger(warehouse)
    return warehouse


def _matches(warehouse: Warehouse, source: str) -> dict[str, tuple[str, str]]:
    with warehouse.connect("transformer") as connection:
        return {
            row[0]: (row[1], row[2])
            for row in connection.execute(
                "select source_order_id, canonical_system, canonical_order_id "
                "from intermediate.int_sale_matches "
                "where source_system = %s and canonical_system is not null",
                (source,),
            )
        }


def _documents(warehouse: Warehouse) -> set[str]:
    """The sales documents that the books still hold."""
    with warehouse.connect("transformer") as connection:
        return {
            row[0]
            for row in connection.execute(
                "select source_order_id from intermediate.int_quickbooks_sales "
                "where deleted_at is null and not coalesce(is_voided, false)"
            )
        }


def _assert_books_are_recognised(warehouse: Warehouse, world: World) -> None:
    documents = _documents(warehouse)
    truth = {
        f"{KINDS[row['document_type']]} {row['document_id']}": (row["system"], row["order_id"])
        for row in Books(world).rows("select * from quickbooks_copies")
        if row["document_type"] in KINDS
    }
    truth = {document: sale for document, sale in truth.items() if document in documents}
    found = {
        document: sale
        for document, sale in _matches(warehouse, "quickbooks").items()
        if document in documents
    }
    right = [
        document
        for document, (system, order) in found.items()
        if document in truth
        and truth[document][0] == system
        and (system == "square" or order.rsplit("/", 1)[-1] == str(truth[document][1]))
    ]
    assert len(truth) > 500
    assert {system for system, _ in truth.values()} == {"shopify", "square"}
    assert len(right) / len(found) >= 0.99
    assert len(right) / len(truth) >= 0.99
    # What neither shop nor till sold are the invoices and credits of business customers.
    with warehouse.connect("analyst") as connection:
        counted = {
            row[0]
            for row in connection.execute(
                "select distinct source_order_id from fct_sale_lines "
                "where source_system = 'quickbooks' and is_counted"
            )
        }
    assert counted
    assert not counted & truth.keys()


def _assert_card_payments_are_recognised(warehouse: Warehouse, world: World) -> None:
    ((due,),) = world.rows("select count(*) from copies where other_system = 'square'")
    assert due > 10
    found = _matches(warehouse, "square")
    assert len(found) == due
    real = {str(row[0]) for row in world.rows("select order_id from copies")}
    assert {order.rsplit("/", 1)[-1] for _, order in found.values()} == real


def _assert_every_row_is_counted_or_has_a_reason(warehouse: Warehouse, world: World) -> None:
    """Closing sums: what the systems hold is what is counted and what is excluded, per source."""
    ((net,),) = world.rows(
        "select sum(gross_cents - discount_cents - reversal_cents) from event_lines "
        "join events using (event_id) join orders on orders.order_id = events.order_id "
        "join places using (place_id) where not is_test and system in ('shopify', 'square')"
    )
    with warehouse.connect("analyst") as connection:
        counted = connection.execute(
            "select sum(net_amount) * 100 from fct_sale_lines "
            "where is_counted and source_system in ('shopify', 'square')"
        ).fetchone()
        reasons = connection.execute(
            "select distinct exclusion_reason from fct_sale_lines order by 1"
        ).fetchall()
        ledger = connection.execute(
            "select count(*), sum(total_amount) from fct_sale_lines "
            "where source_system = 'quickbooks' and line_type <> 'gift_card'"
        ).fetchone()
        parts = connection.execute(
            "select sum(lines), sum(total) from (select count(*) as lines, "
            "sum(total_amount) as total from fct_sale_lines where source_system = 'quickbooks' "
            "and line_type <> 'gift_card' "
            "group by coalesce(exclusion_reason, 'counted')) as outcomes"
        ).fetchone()
    assert counted == (Decimal(net),)
    assert {row[0] for row in reasons} >= {
        None, "duplicate_of_shopify", "duplicate_of_square", "gift_card_sale", "voided"
    }  # fmt: skip
    assert ledger == parts


def _assert_money_is_taken_once(warehouse: Warehouse, world: World) -> None:
    """Payments and fees are the ledger's; a card taken on another's terminal is one tender."""
    due = {
        row[0]: row[1:]
        for row in world.rows(
            "select system, sum(amount_cents) filter (where system <> 'shopify' or method <> "
            "'other'), sum(fee_cents) from payments join orders using (order_id) "
            "join places using (place_id) where not is_test group by system"
        )
    }
    ((copied, fees),) = world.rows("select sum(amount_cents), sum(fee_cents) from copies")
    due["square"] = (due["square"][0] + copied, due["square"][1] + fees)
    with warehouse.connect("analyst") as connection:
        found = {
            row[0]: (int(row[1]), int(row[2]))
            for row in connection.execute(
                "select source_system, sum(payment_amount) * 100, sum(fee_amount) * 100 "
                "from fct_payments where is_counted group by source_system"
            )
        }
        strangers = connection.execute(
            "select count(*) from fct_payments left join fct_orders using (order_key) "
            "where fct_payments.is_counted and fct_orders.order_key is null"
        ).fetchone()
    assert found == due
    assert strangers == (0,)


def _assert_settlements_are_deposits(warehouse: Warehouse, world: World) -> None:
    truth = {
        row["payout_id"]: str(row["document_id"])
        for row in Books(world).rows(
            "select payout_id, document_id from quickbooks_copies where payout_id is not null"
        )
    }
    with warehouse.connect("analyst") as connection:
        found = {
            row[0].rsplit("/", 1)[-1]: row[1]
            for row in connection.execute(
                "select source_payout_id, source_deposit_id from fct_payouts "
                "where source_deposit_id is not null"
            )
        }
        unexplained = connection.execute(
            "select coalesce(sum(abs(unexplained_amount)), 0) from fct_payouts"
        ).fetchone()
        known = {
            row[0]
            for row in warehouse.connect("transformer").execute(
                "select source_document_id from staging.stg_quickbooks__deposits "
                "where deleted_at is null"
            )
        }
    due = {payout: deposit for payout, deposit in truth.items() if deposit in known}
    right = sum(due.get(payout) == deposit for payout, deposit in found.items())
    assert len(due) > 50
    assert right / len(found) >= 0.99
    assert right / len(due) >= 0.99
    assert unexplained == (0,)


CHECKS = (
    _assert_books_are_recognised,
    _assert_card_payments_are_recognised,
    _assert_every_row_is_counted_or_has_a_reason,
    _assert_money_is_taken_once,
    _assert_settlements_are_deposits,
)


def test_a_sale_in_several_systems_counts_once_also_when_they_tell_of_it_later(
    systems: list[ServedSystem], warehouse_factory: Callable[..., Warehouse], snapshot: Snapshot
) -> None:
    world = systems[0].world
    shops: list[ConnectedShop] = []
    warehouse = warehouse_factory()
    for system in systems:
        shops.append(system.connect(warehouse))
        warehouse = shops[-1].warehouse
    # The books come first and alone: everything in them looks like a sale of their own.
    _run([shop for shop in shops if shop.system.source == "quickbooks"])
    warehouse = _run(shops)
    for check in CHECKS:
        check(warehouse, world)

    world.advance(world.ends_at)
    warehouse = _run(shops)
    for check in CHECKS:
        check(warehouse, world)
    incremental = snapshot(warehouse)
    done = build(warehouse, select=LEDGER, full_refresh=True, data_tests=False)
    assert done.returncode == 0, done.stdout[-4000:]
    for table, rows in snapshot(warehouse).items():
        assert incremental[table] == rows, f"{table} differs from its full refresh"
