"""Orders that move to another day or customer, or lose all lines, leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sandbox.world import WorldSettings
from tests.dbt.building import LEDGER
from tests.dbt.served_business import served_business
from warehouse.database import Warehouse

CHANGES = """
create temporary table moved as
    select id, row_number() over (order by id) as number from raw_shopify.orders;
-- A third moves five days on, a third to one customer, ten lose every line.
update raw_shopify.orders__agreements set happened_at = happened_at + interval '5 days'
    where order_id in (select id from moved where number % 3 = 0);
update raw_shopify.orders set processed_at = processed_at + interval '5 days'
    where id in (select id from moved where number % 3 = 0);
update raw_shopify.orders set customer_id = (select min(customer_id) from raw_shopify.orders)
    where id in (select id from moved where number % 3 = 1);
delete from raw_shopify.orders__agreements__sales
    where order_id in (select id from moved where number <= 10);
update raw_shopify.orders set _load_number = nextval('quality.load_numbers')
    where id in (select id from moved where number % 3 < 2 or number <= 10);
"""


def test_every_mart_follows_orders_that_leave(
    tmp_path: Path, snapshot: Callable[[Warehouse], dict[str, list[str]]]
) -> None:
    settings = WorldSettings(seed=4, years=0.1, orders_per_day=20)
    # The systems' own reports know nothing of these changes.
    ledger = LEDGER.replace("+rpt_reconciliation", "+fct_sale_outcomes_daily")
    models = f"{ledger} +rpt_baskets_monthly +rpt_best_sellers_seasonal"
    with served_business(settings, tmp_path, timedelta(0), models) as business:
        first = snapshot(business.warehouse)
        with business.warehouse.connect("loader") as connection:
            connection.execute(CHANGES)
        business.build()
        built = snapshot(business.warehouse)
        business.build(full_refresh=True, data_tests=False)
        rebuilt = snapshot(business.warehouse)
    assert built != first
    assert {table: rows for table, rows in built.items() if rows != rebuilt[table]} == {}
