"""One sale in several systems counts once: a shop, a till and books against their world."""

from __future__ import annotations

from decimal import Decimal

from sandbox.quickbooks.books import Books
from sandbox.world import World
from warehouse.database import Warehouse

KINDS = {
    "SalesReceipt": "sales_receipt",
    "Invoice": "invoice",
    "CreditMemo": "credit_memo",
    "RefundReceipt": "refund_receipt",
}


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


def _rows(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect("analyst") as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def _assert_days_agree_with_the_systems_reports(warehouse: Warehouse, world: World) -> None:
    """Each day agrees to the cent; only repeated sales are left out, and those by name."""
    assert (
        _rows(
            warehouse,
            """
        select distinct source_system, explanation from rpt_reconciliation
        where explanation not in ('equal', 'excluded: duplicate_of_shopify')""",
        )
        == []
    )
    assert _rows(
        warehouse,
        """
        select distinct source_system from rpt_reconciliation
        where source_amount <> 0 and measure = 'net_amount' order by 1""",
    ) == [("shopify",), ("square",)]
    repeated = _rows(
        warehouse,
        """
        select coalesce(-sum(difference_amount), 0) from rpt_reconciliation
        where measure = 'net_amount'
        union all
        select coalesce(sum(net_amount), 0) from fct_sale_lines
        where exclusion_reason = 'duplicate_of_shopify' and source_system = 'square'""",
    )
    assert repeated[0] == repeated[1]


def _assert_counted_lines_are_the_events_of_the_shops(warehouse: Warehouse, world: World) -> None:
    """The counted lines are the events of the ledger, to the cent; each return has its sale."""
    ((gross, discount, reversal, tax),) = world.rows(
        """
        select sum(gross_cents), sum(discount_cents), sum(reversal_cents), sum(tax_cents)
        from event_lines join events using (event_id)
        join orders on orders.order_id = events.order_id join places using (place_id)
        where not is_test and system in ('shopify', 'square')"""
    )
    assert _rows(
        warehouse,
        """
        select sum(gross_amount) * 100, sum(discount_amount) * 100, sum(reversal_amount) * 100,
            sum(tax_amount) * 100
        from fct_sale_lines
        where is_counted and source_system in ('shopify', 'square')""",
    ) == [(gross, discount, reversal, tax)]
    assert _rows(
        warehouse,
        "select count(*) from fct_orders where net_amount < 0 and gross_amount = 0 "
        "and is_counted and source_system in ('shopify', 'square')",
    ) == [(0,)]


CHECKS = (
    _assert_books_are_recognised,
    _assert_card_payments_are_recognised,
    _assert_every_row_is_counted_or_has_a_reason,
    _assert_money_is_taken_once,
    _assert_settlements_are_deposits,
    _assert_days_agree_with_the_systems_reports,
    _assert_counted_lines_are_the_events_of_the_shops,
)
