"""The books of QuickBooks in the marts, against its own reports and the ledger behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from sandbox.quickbooks.books import Books
from sandbox.world import World, WorldSettings, generate
from tests.dbt.building import build
from tests.ingestion.served_shop import ServedSystem, served
from warehouse.database import Warehouse

SETTINGS = WorldSettings(seed=3, years=0.25, orders_per_day=20)
BOOKS = "+rpt_books_reconciliation +fct_ledger_documents"
STATEMENTS = f"{BOOKS} +rpt_balance_sheet +rpt_receivables_ageing +rpt_payables_ageing"
A_MOMENT = timedelta(minutes=1)
Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSystem]:
    """QuickBooks of a world, just before a document of an earlier month is deleted."""
    folder = tmp_path_factory.mktemp("world")
    generate(SETTINGS, folder).close()
    world = World(folder)
    Books(world)
    deleted_at = _deletion_of_an_earlier_month(world)
    world.close()
    world = World(folder, now=deleted_at - A_MOMENT)
    with served("quickbooks", world) as system:
        yield system
    world.close()


def _deletion_of_an_earlier_month(world: World) -> datetime:
    """When the last invoice was deleted whose own month was over already."""
    ((moment,),) = world.rows(
        """
        select max(known_from) from quickbooks_versions
        where is_deleted and kind = 'Invoice'
            and date_trunc('month', known_from) > date_trunc('month', txn_date)"""
    )
    assert isinstance(moment, datetime)
    return moment


def _rows(warehouse: Warehouse, query: str) -> Rows:
    with warehouse.connect("analyst") as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def _built(warehouse: Warehouse, select: str) -> None:
    done = build(warehouse, select=select, only_due=True)
    assert done.returncode == 0, done.stdout[-4000:]


def _ledger(world: World, table: str) -> Rows:
    """Debits less credits in cents by account and month, as they stand now."""
    return [
        tuple(row)
        for row in world.rows(
            f"""
        select account_id::varchar, date_trunc('month', txn_date)::date,
            sum(debit_cents - credit_cents)::bigint as cents
        from {table}
        where known_from <= ? and (known_until is null or known_until > ?)
        group by all having cents <> 0 order by all""",
            world.now,
            world.now,
        )
    ]


def _assert_agrees(warehouse: Warehouse, world: World) -> None:
    """Three reports per account, month and basis, and the ledger itself, to the cent."""
    assert _rows(
        warehouse,
        """
        select report_name, accounting_basis, sum(abs(difference_amount)),
            count(*) filter (where explanation not in ('equal', 'implicit posting')),
            count(*) filter (where source_amount <> 0) > 50
        from rpt_books_reconciliation group by 1, 2 order by 1, 2""",
    ) == [
        (report, basis, 0, 0, True)
        for report in ("balance_sheet", "profit_and_loss", "trial_balance")
        for basis in ("accrual", "cash")
    ]
    for basis, table in (
        ("accrual", "quickbooks_postings"),
        ("cash", "quickbooks_cash_postings"),
    ):
        ours = _rows(
            warehouse,
            f"""
            select source_account_id, date_trunc('month', entry_date)::date,
                (sum(home_amount) * 100)::bigint
            from fct_ledger_entries join dim_accounts using (account_key)
            where accounting_basis = '{basis}'
            group by 1, 2 having sum(home_amount) <> 0""",
        )
        assert sorted(ours) == sorted(_ledger(world, table)), basis


def _assert_undone_left_no_entries(warehouse: Warehouse, world: World) -> None:
    """What was voided or deleted is still there, with its reason and without entries."""
    ((voided,),) = world.rows(
        "select count(*) from quickbooks_versions v where is_void and known_from <= ? and "
        "(known_until is null or known_until > ?)", world.now, world.now,
    )  # fmt: skip
    found: dict[object, int] = dict(
        _rows(
            warehouse,
            """
        select coalesce(exclusion_reason, 'counted'), count(*) from fct_ledger_documents
        group by 1""",
        )  # type: ignore[arg-type]
    )
    assert found["voided"] == voided > 0
    assert found["counted"] > 500
    assert _rows(
        warehouse,
        """
        select count(*) from fct_ledger_entries join fct_ledger_documents using (document_key)
        where not is_counted""",
    ) == [(0,)]


def _assert_open_items_agree(warehouse: Warehouse, world: World) -> None:
    """What each customer and vendor owes in their currency; in the home currency, the accounts."""
    for mart, party, kinds in (
        ("rpt_receivables_ageing", "customer_id", ("Invoice", "CreditMemo")),
        ("rpt_payables_ageing", "vendor_id", ("Bill", "VendorCredit")),
    ):
        theirs = world.rows(
            f"""
            with paid as (
                select target_id, sum(amount_cents) as cents from quickbooks_links
                where known_from <= ? and (known_until is null or known_until > ?)
                group by target_id
            )
            select {party}::varchar, currency,
                sum((total_cents - coalesce(cents, 0))
                    * case when kind = '{kinds[1]}' then -1 else 1 end)::bigint
            from quickbooks_versions left join paid on target_id = document_id
            where kind in {kinds} and not is_void and not is_deleted
                and known_from <= ? and (known_until is null or known_until > ?)
            group by all having bool_or(total_cents <> coalesce(cents, 0)) order by all""",
            *[world.now] * 4,
        )
        ours = _rows(
            warehouse,
            f"select source_{party}, currency_code, (document_open_amount * 100)::bigint "
            f"from {mart}",
        )
        assert sorted(ours) == sorted(tuple(row) for row in theirs), mart
    # The books convert each settlement on its own, which leaves cents.
    assert _rows(
        warehouse,
        """
        select abs(sum(amount)) < 0.10 from (
            select amount * case when account_type = 'Accounts Payable' then -1 else 1 end as amount
            from rpt_balance_sheet where accounting_basis = 'accrual'
                and month_start_date = (select max(month_start_date) from rpt_balance_sheet)
                and account_type in ('Accounts Receivable', 'Accounts Payable')
            union all select -open_amount from rpt_receivables_ageing
            union all select open_amount from rpt_payables_ageing) as sides""",
    ) == [(True,)]


def test_the_statements_agree_with_the_books_also_after_documents_were_voided_and_deleted(
    books: ServedSystem, warehouse_factory: Callable[..., Warehouse]
) -> None:
    world = books.world
    connected = books.connect(warehouse_factory())
    warehouse = connected.warehouse
    connected.load()
    before, after = world.now, world.now + 2 * A_MOMENT
    for moment, select in ((after, BOOKS), (world.ends_at, STATEMENTS)):
        world.advance(moment)
        connected.load()
        _built(warehouse, select)
        _assert_agrees(warehouse, world)
        _assert_undone_left_no_entries(warehouse, world)
    _assert_open_items_agree(warehouse, world)
    # What was loaded before its deletion keeps its row.
    ((deleted,),) = world.rows(
        "select count(*) from quickbooks_versions "
        "where is_deleted and created_at <= ? and known_from > ?", after, before,
    )  # fmt: skip
    assert _rows(
        warehouse, "select count(*) from fct_ledger_documents where exclusion_reason = 'deleted'"
    ) == [(deleted,)]
    assert deleted > 0
