"""A clock that was wrong at one run hides no sale from the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from orchestration.defs.transform.models import ensure_sources
from orchestration.planning.project import dbt_items
from orchestration.planning.work import bring_up_to_date
from tests.dbt.building import build, load
from tests.ingestion.clocks import clock_off
from warehouse.database import Warehouse

HEADER = "order_id,line_id,sold_at,product_id,quantity,unit_price_amount\n"
SALES = [
    HEADER + "S1,1,2026-03-01 10:00:00,tea,1,5.00\n",
    # One more of a day that was built before, and one of a new day.
    HEADER + "S2,1,2026-03-01 11:00:00,tea,2,5.00\n" + "S3,1,2026-03-02 10:00:00,tea,3,5.00\n",
]
COSTS = ["1.00", "2.00"]
MODELS = "+rpt_sales_daily +rpt_margin_daily +dim_products"


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param((9, 0), id="put back after it was ahead"),
        pytest.param((0, -30), id="fell behind"),
        pytest.param((-2, 9), id="was behind and ran ahead"),
    ],
)
def test_sales_and_costs_show_after_the_clock_was_changed(
    hours: tuple[float, float],
    warehouse_factory: Callable[..., Warehouse],
    snapshot: Callable[[Warehouse], dict[str, list[str]]],
) -> None:
    warehouse = warehouse_factory()
    inbox = warehouse.business.inbox
    for number, (sales, cost) in enumerate(zip(SALES, COSTS, strict=True)):
        for kind, text in (
            ("sales", sales),
            ("products", f"product_id,product_name,unit_cost_amount\ntea,Tea,{cost}\n"),
        ):
            (inbox / kind).mkdir(parents=True, exist_ok=True)
            (inbox / kind / f"export_{number}.csv").write_text(text, encoding="utf-8")
        with clock_off(warehouse, hours[number]):
            load(warehouse)
        _built(warehouse, only_due=True)
    incremental = snapshot(warehouse)
    with warehouse.connect("analyst") as connection:
        days = connection.execute(
            "select sale_date::text, net_amount::float, cost_amount::float "
            "from rpt_margin_daily order by 1"
        ).fetchall()
    assert days == [("2026-03-01", 15.0, 6.0), ("2026-03-02", 15.0, 6.0)]
    _built(warehouse, full_refresh=True)
    assert incremental == snapshot(warehouse)


def _built(warehouse: Warehouse, models: str = MODELS, **options: bool) -> None:
    done = build(warehouse, select=models, data_tests=False, **options)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stdout[-4000:]


# (role, table, column of today, column of the version before)
FORMER = (
    ("transformer", "intermediate.int_sale_matches", "changed_number", "changed_at"),
    ("transformer", "intermediate.int_product_identities", "changed_number", "changed_at"),
    ("transformer", "intermediate.int_shopify_inventory_levels", "load_number", "loaded_at"),
    ("transformer", "intermediate.ledger_departures", "left_number", "left_at"),
    ("transformer", "intermediate.checked_loads", "load_number", "loaded_at"),
    ("transformer", "marts.fct_order_fees", "changed_number", "changed_at"),
    ("ml", "ml.customer_identities", "changed_number", "changed_at"),
)


def test_what_is_never_built_anew_outlives_the_version_that_went_by_clocks(
    warehouse_factory: Callable[..., Warehouse],
    snapshot: Callable[[Warehouse], dict[str, list[str]]],
) -> None:
    warehouse = warehouse_factory()
    inbox = warehouse.business.inbox / "sales"
    inbox.mkdir(parents=True)
    (inbox / "till.csv").write_text(SALES[0], encoding="utf-8")
    load(warehouse)
    models = f"{MODELS} +fct_order_margins +fct_inventory_daily +fct_forecast_log"
    _built(warehouse, models)
    before = snapshot(warehouse)
    for role, table, number, moment in FORMER:
        with warehouse.connect(role) as connection:  # type: ignore[arg-type]
            connection.execute(
                f"alter table {table} add column {moment} timestamptz not null default now(), "
                f"drop column {number} cascade"
            )
    with warehouse.connect("transformer") as connection:
        connection.execute(
            "alter table intermediate.unit_costs_history drop column load_number cascade"
        )
    ensure_sources(warehouse)  # as each run does
    _built(warehouse, models, full_refresh=True)
    assert snapshot(warehouse) == before
    with warehouse.connect("transformer") as connection:
        known = connection.execute(
            "select distinct changed_number from intermediate.int_product_identities"
        ).fetchall()
    assert known == [(0,)]
    (inbox / "later.csv").write_text(SALES[1], encoding="utf-8")
    load(warehouse)
    _built(warehouse, models)
    assert snapshot(warehouse) != before
    tables = {item.name: ".".join(item.relation or ()) for item in dbt_items() if item.is_kept}
    kept = _identities(warehouse, tables.values())
    assert len(kept) == 5
    done = bring_up_to_date(warehouse, tables, full_refresh=True)
    assert {result.unique_id for result in done if result.is_fine} == tables.keys()
    assert _identities(warehouse, tables.values()) == kept, "a full refresh has made it anew"


def _identities(warehouse: Warehouse, tables: Iterable[str]) -> set[int]:
    """Of tables: one that is built anew is another one."""
    with warehouse.connect("transformer") as connection:
        found = connection.execute(
            "select cast(cast(name as regclass) as oid) from unnest(cast(%s as text[])) as name",
            (list(tables),),
        )
        return {oid for (oid,) in found}
