"""The marts on small businesses whose every figure is known, and on repeated builds."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ingestion.sources.registry import API_SOURCES
from orchestration.defs.predict.assets import TASKS
from orchestration.defs.predict.tasks import run_task
from tests.dbt.building import LEDGER, build, load
from warehouse.database import Warehouse
from warehouse.errors import HubError

Factory = Callable[..., Warehouse]
Snapshot = Callable[[Warehouse], dict[str, list[str]]]

HEADER = (
    "order_id,line_id,sold_at,product_id,product_name,category_name,quantity,"
    "unit_price_amount,discount_amount,tip_amount,customer_email,location_name,status\n"
)
MARCH = (
    HEADER
    + """\
A1,1,2026-03-01 09:15:00,tea,Tea,Drinks,2,3.00,1.00,,ada@example.org,Market Street,paid
A1,2,2026-03-01 09:15:00,bun,Bun,Food,1,4.00,,,ada@example.org,Market Street,paid
A2,1,2026-03-01 23:50:00,tea,Tea,Drinks,1,3.00,,0.50,,Market Street,paid
A3,1,2026-03-02 10:00:00,bun,Bun,Food,3,4.00,,,bob@example.org,Harbour,paid
"""
)
PRODUCTS = """\
product_id,product_name,category_name,unit_cost_amount,valid_from_date
tea,Tea,Drinks,1.00,
bun,Bun,Food,1.50,2026-03-02
"""
# One order gains a line, one quantity is corrected, a return of an old order comes in.
APRIL = (
    HEADER
    + """\
A1,2,2026-03-01 09:15:00,bun,Bun,Food,2,4.00,,,ada@example.org,Market Street,paid
A2,2,2026-03-01 23:50:00,bun,Bun,Food,1,4.00,,,,Market Street,paid
A4,1,2026-04-01 12:00:00,tea,Tea,Drinks,-1,3.00,,,ada@example.org,Market Street,paid
"""
)


def _put(warehouse: Warehouse, kind: str, name: str, text: str) -> Path:
    folder = warehouse.business.inbox / kind
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _rows(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect("analyst") as connection:
        return connection.execute(query).fetchall()


def _built(warehouse: Warehouse, **options: object) -> None:
    done = build(warehouse, **options)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.fixture
def shop(warehouse_factory: Factory) -> Warehouse:
    warehouse = warehouse_factory()
    _put(warehouse, "sales", "march.csv", MARCH)
    _put(warehouse, "products", "costs.csv", PRODUCTS)
    load(warehouse)
    return warehouse


def test_a_small_shop_adds_up_and_incremental_builds_equal_a_full_refresh(
    shop: Warehouse, snapshot: Snapshot
) -> None:
    _built(shop, only_due=True)
    assert _rows(
        shop,
        """
        select sale_date::text, location_name, net_amount::float, orders_count, units::int,
            tip_amount::float, discount_amount::float
        from rpt_sales_daily order by 1, 2""",
    ) == [
        ("2026-03-01", "Market Street", 12.0, 2, 4, 0.5, 1.0),
        ("2026-03-02", "Harbour", 12.0, 1, 3, 0.0, 0.0),
    ]
    # The bun's cost is known from 2 March on only.
    assert _rows(
        shop,
        """
        select sale_date::text, category_name, net_amount::float, known_cost_net_amount::float,
            cost_amount::float, gross_margin_amount::float
        from rpt_margin_daily order by 1, 2""",
    ) == [
        ("2026-03-01", "Drinks", 8.0, 8.0, 3.0, 5.0),
        ("2026-03-01", "Food", 4.0, 0.0, None, None),
        ("2026-03-02", "Food", 12.0, 12.0, 4.5, 7.5),
    ]
    assert _rows(shop, "select distinct explanation from rpt_reconciliation") == [("equal",)]

    first = snapshot(shop)
    _built(shop, select="config.materialized:incremental", data_tests=False)
    assert snapshot(shop) == first, "a second build changes nothing"

    _put(shop, "sales", "april.csv", APRIL)
    _put(shop, "products", "costs.csv", PRODUCTS.replace("1.00,", "1.20,"))
    load(shop)
    _built(shop, only_due=True)
    assert _rows(
        shop,
        """
        select sale_date::text, sum(net_amount)::float, sum(reversal_amount)::float
        from rpt_sales_daily group by 1 order by 1""",
    ) == [("2026-03-01", 20.0, 0.0), ("2026-03-02", 12.0, 0.0), ("2026-04-01", -3.0, 3.0)]
    assert _rows(
        shop,
        """
        select count(*) filter (where exclusion_reason = 'superseded'),
            count(*) filter (where is_counted) from fct_sale_lines""",
    ) == [(1, 7)]
    assert _rows(shop, "select distinct explanation from rpt_reconciliation") == [("equal",)]

    incremental = snapshot(shop)
    _built(shop, full_refresh=True, data_tests=False)
    full = snapshot(shop)
    for table, rows in full.items():
        assert incremental[table] == rows, f"{table} differs from its full refresh"


def test_any_order_of_files_gives_the_same_marts(
    warehouse_factory: Factory, snapshot: Snapshot
) -> None:
    """Overlapping exports, in two orders, with a build between the loads or not."""
    generator = random.Random(20260301)
    lines = [
        f"B{n},1,2026-0{generator.randint(1, 3)}-1{generator.randint(0, 9)} 1{n % 10}:00:00,"
        f"p{n % 4},P{n % 4},C{n % 2},{generator.randint(1, 5)},2.50,,,c{n % 6}@example.org,X,paid"
        for n in range(60)
    ]
    exports = [
        "\n".join([HEADER.strip(), *lines[start : start + 35]]) + "\n" for start in (0, 10, 25)
    ]
    figures = []
    for order in ((0, 1, 2), (2, 0, 1)):
        warehouse = warehouse_factory()
        for step, number in enumerate(order):
            _put(warehouse, "sales", f"export_{number}.csv", exports[number])
            load(warehouse)
            if step != 1:
                _built(warehouse, select=LEDGER, only_due=True, data_tests=step == 2)
        figures.append(
            _rows(
                warehouse,
                """
            select sale_date::text, location_name, net_amount, orders_count, units
            from rpt_sales_daily order by 1, 2""",
            )
        )
        figures.append(
            _rows(
                warehouse,
                """
            select source_customer_ids is not null, orders_count, net_amount,
                first_order_date::text from dim_customers order by 2, 3, 4""",
            )
        )
        incremental = snapshot(warehouse)
        _built(warehouse, select=LEDGER, full_refresh=True, data_tests=False)
        assert snapshot(warehouse) == incremental
    assert figures[0] == figures[2]
    assert figures[1] == figures[3]


def test_a_failing_test_stops_what_depends_on_it(shop: Warehouse) -> None:
    """A difference from the source that nobody can name must not reach the forecasts."""
    with psycopg.connect(shop.server.admin_url(shop.database)) as connection:
        connection.execute(
            "update quality.source_totals set amount = amount + 1 where measure = 'net_amount'"
        )
    done = build(shop, select=LEDGER, only_due=True)
    assert done.returncode != 0
    assert "every_difference_from_the_source_has_a_name" in done.stdout


def test_a_fact_s_rows_are_tested_until_they_pass_and_not_again(shop: Warehouse) -> None:
    """Tests of large facts read what no build has passed; what failed stays in their view."""
    name = "net_sales_are_gross_minus_discounts_minus_reversals"
    _built(shop, select=LEDGER, only_due=True)
    wrong = (
        "update marts.fct_sale_lines set net_amount = net_amount {} where source_order_id = 'A1'"
    )

    def alter(statement: str) -> None:
        with shop.connect("transformer") as connection:
            connection.execute(statement)

    alter(wrong.format("+ 1"))
    assert build(shop, select=name).returncode == 0, "a row that has passed is read again"
    alter(
        "update marts.fct_sale_lines set load_number = nextval('quality.load_numbers') "
        "where source_order_id = 'A1'"
    )
    for attempt in ("first", "second"):
        done = build(shop, select=LEDGER)
        assert done.returncode != 0, f"the {attempt} build must fail"
        assert f"FAIL 1 {name}" in done.stdout or f"in test {name}" in done.stdout
    alter(wrong.format("- 1"))
    _built(shop, select=LEDGER)
    alter(wrong.format("+ 1"))
    assert build(shop, select=name).returncode == 0
    rebuilt = build(shop, select=LEDGER, full_refresh=True)
    assert rebuilt.returncode == 0, "a table built anew is mended, and tested whole"
    alter(wrong.format("+ 1"))
    alter("delete from intermediate.checked_loads")
    assert build(shop, select=name).returncode != 0


def test_an_empty_business_builds_empty_marts(warehouse_factory: Factory) -> None:
    warehouse = warehouse_factory()
    (warehouse.business.inbox / "sales").mkdir(parents=True)
    load(warehouse)
    _built(warehouse, only_due=True)  # all was built before the files were looked for
    assert _rows(warehouse, "select count(*) from fct_sale_lines") == [(0,)]
    assert _rows(warehouse, "select count(*), sum(customers_count) from rpt_rfm_segments") == [
        (11, 0)
    ]
    for task in TASKS:
        assert run_task(task, warehouse, "first") == "answered from 0 observations, 1 refused"
        assert run_task(task, warehouse, "second") == "unchanged"
    assert _rows(warehouse, "select task, reason from rpt_model_refusals order by task") == [
        (name, "Not enough data: there are no counted sales yet.")
        for name in sorted(task.name for task in TASKS)
    ]
    assert set(_rows(warehouse, "select status, is_newest from rpt_model_runs")) == {
        ("refused", True)
    }


def test_a_task_whose_features_are_not_there_says_what_to_do(warehouse_factory: Factory) -> None:
    warehouse = warehouse_factory()
    with warehouse.connect("transformer") as connection:
        connection.execute("drop view features.ftr_as_of cascade")
    with pytest.raises(HubError, match=r"ftr_as_of(.|\n)*hub run"):
        run_task(TASKS[0], warehouse, "first")


def test_returns_cancellations_tests_and_foreign_money_are_told_apart(
    warehouse_factory: Factory,
) -> None:
    warehouse = warehouse_factory()
    _put(
        warehouse,
        "sales",
        "oddities.csv",
        """\
order_id,line_id,sold_at,product_id,quantity,unit_price_amount,currency_code,status
S1,1,2026-03-01 10:00:00,tea,2,5.00,USD,paid
S2,1,2026-03-01 11:00:00,tea,-1,5.00,USD,paid
S3,1,2026-03-01 12:00:00,tea,1,5.00,EUR,paid
""",
    )
    load(warehouse)
    _built(warehouse, select=LEDGER, only_due=True)
    assert _rows(
        warehouse,
        """
        select source_order_id, action_type, exclusion_reason, net_amount::float,
            reversal_amount::float
        from fct_sale_lines order by 1""",
    ) == [
        ("S1", "order", None, 10.0, 0.0),
        ("S2", "return", None, -5.0, 5.0),
        ("S3", "order", "no_exchange_rate", 5.0, 0.0),
    ]
    assert _rows(warehouse, "select net_amount::float, orders_count from rpt_sales_daily") == [
        (5.0, 1)
    ]
    assert _rows(
        warehouse,
        """
        select measure, our_amount::float, source_amount::float, explanation
        from rpt_reconciliation where measure = 'net_amount'""",
    ) == [("net_amount", 5.0, 10.0, "excluded: no_exchange_rate")]


def test_foreign_money_counts_at_the_rate_of_its_day_also_when_the_rate_comes_later(
    warehouse_factory: Factory, snapshot: Snapshot
) -> None:
    warehouse = warehouse_factory()
    _put(
        warehouse,
        "sales",
        "two_currencies.csv",
        """\
order_id,line_id,sold_at,product_id,quantity,unit_price_amount,tip_amount,currency_code
S1,1,2026-03-01 10:00:00,tea,2,5.00,,USD
S2,1,2026-03-01 12:00:00,tea,3,0.33,0.10,EUR
S3,1,2026-03-20 12:00:00,tea,1,5.00,,EUR
""",
    )
    rates = "rate_date,currency_code,rate,rate_source\n2026-02-27,EUR,1.234567,Bank\n"
    query = """
        select source_order_id, sum(total_amount)::float, min(currency_code),
            sum(source_total_amount)::float, min(source_currency_code),
            min(exchange_rate)::float, min(exchange_rate_source), min(exclusion_reason)
        from fct_sale_lines group by 1 order by 1"""
    load(warehouse)
    _built(warehouse, select=LEDGER, only_due=True)
    assert [row[-1] for row in _rows(warehouse, query)] == [
        None, "no_exchange_rate", "no_exchange_rate",
    ]  # fmt: skip
    _put(warehouse, "exchange_rates", "bank.csv", rates)
    load(warehouse)
    _built(warehouse, select=LEDGER, only_due=True)
    # 3 x 0.33 and the tip; the twentieth of March is three weeks after the last rate.
    converted = pytest.approx(1.09 * 1.234567, abs=1e-6)
    assert _rows(warehouse, query) == [
        ("S1", 10.0, "USD", 10.0, "USD", None, None, None),
        ("S2", converted, "USD", 1.09, "EUR", 1.234567, "Bank", None),
        ("S3", 5.0, "EUR", 5.0, "EUR", None, None, "no_exchange_rate"),
    ]
    assert _rows(
        warehouse,
        """
        select distinct sale_date::text, explanation
        from rpt_reconciliation where difference_amount <> 0 or sale_date = '2026-03-01'""",
    ) == [("2026-03-01", "equal"), ("2026-03-20", "excluded: no_exchange_rate")]
    _put(warehouse, "exchange_rates", "bank.csv", rates.replace("1.234567", "1.5"))
    load(warehouse)
    _built(warehouse, select=LEDGER, only_due=True)
    assert _rows(warehouse, query)[1][1] == pytest.approx(1.635)
    built = snapshot(warehouse)
    _built(warehouse, select=LEDGER, full_refresh=True, data_tests=False)
    assert snapshot(warehouse) == built


def test_past_margins_stay_when_a_cost_changes(warehouse_factory: Factory) -> None:
    """An API tells what a product costs now; what was sold before keeps the cost of its day."""
    warehouse = warehouse_factory()
    _put(
        warehouse,
        "sales",
        "sales.csv",
        "order_id,line_id,sold_at,product_id,quantity,unit_price_amount\n"
        "S1,1,2026-03-01 10:00:00,tea,2,5.00\n",
    )
    _put(warehouse, "products", "list.csv", "product_id,product_name,sku\ntea,Tea,TEA-1\n")
    load(warehouse)
    for source in API_SOURCES:
        source.ensure_tables(warehouse)
    margins = "+unit_costs_history +rpt_margin_daily"

    def tell_cost(amount: str) -> None:
        with warehouse.connect("loader") as connection:
            connection.execute("delete from raw_quickbooks.items")
            connection.execute(
                "insert into raw_quickbooks.items (id, name, type, sku, purchase_cost, "
                "_load_number) values ('7', 'Tea', 'NonInventory', 'tea-1', %s, "
                "nextval('quality.load_numbers'))",
                (amount,),
            )

    costs = "select cost_amount::float, gross_margin_amount::float from rpt_margin_daily"
    tell_cost("2.00")
    _built(warehouse, select=margins)
    assert _rows(warehouse, costs) == [(4.0, 6.0)]
    tell_cost("3.00")
    _built(warehouse, select=margins, full_refresh=True, data_tests=False)
    assert _rows(warehouse, costs) == [(4.0, 6.0)]
    assert _rows(warehouse, "select unit_cost_amount::float from dim_products") == [(3.0,)]
