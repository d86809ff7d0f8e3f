"""Stock in the marts against the shelves of a generated world, and incremental builds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from sandbox.world import WorldSettings
from tests.dbt.served_business import Rows, ServedBusiness, served_business
from warehouse.database import Warehouse

SETTINGS = WorldSettings(seed=11, years=0.13, orders_per_day=25)
QUIET = timedelta(days=6)
MODELS = "+path:dbt_project/models/marts/inventory stg_square__inventory_counts"
LOCAL_DAY = "cast(timezone(time_zone, happened_at) as date)"
# A shelf of Shopify whose product was deleted there has no level any more.
KEPT = "not (system = 'shopify' and discontinued_at is not null and product_id % 2 = 1)"
SHELVES = (
    "movements join places using (place_id) join variants using (variant_id) "
    "join products using (product_id)"
)


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBusiness]:
    """Loaded some days before the end of its world, and again at the end."""
    folder = tmp_path_factory.mktemp("shop")
    with served_business(SETTINGS, folder, QUIET, MODELS) as shop:
        yield shop


def _levels(business: ServedBusiness) -> Rows:
    return business.rows(
        """
        select location_name, sku, closing_quantity::int
        from fct_inventory_daily join dim_products using (product_key)
        where stock_date = (select max(stock_date) from fct_inventory_daily) order by 1, 2"""
    )


def _levels_of_shopify(business: ServedBusiness, day: date) -> Rows:
    return business.rows(
        f"""
        select location_name, sku, closing_quantity::int
        from fct_inventory_daily as levels join dim_products using (product_key)
        where levels.source_system = 'shopify' and stock_date = '{day}' order by 1, 2"""
    )


def _true_levels(business: ServedBusiness) -> Rows:
    return business.world.rows(
        f"select name, sku, arg_max(on_hand, movement_id) from {SHELVES} where {KEPT} "
        "group by all order by all"
    )


def _true_days_out(business: ServedBusiness, until: date) -> Rows:
    """Days that ended with an empty shelf at a place of Square."""
    return business.world.rows(
        f"""
        with moved as (
            select name, sku, {LOCAL_DAY} as day, on_hand, movement_id from {SHELVES}
            where system = 'square'
        ), days as (
            select name, sku, cast(unnest(generate_series(min(day), ?, interval 1 day)) as date)
                as day
            from moved group by name, sku
        )
        select name, sku, days.day from days join moved using (name, sku)
        where moved.day <= days.day group by all having arg_max(on_hand, movement_id) <= 0
        order by all""",
        until,
    )


def test_stock_is_that_of_the_shelves_and_an_incremental_build_equals_a_full_refresh(
    business: ServedBusiness, snapshot: Callable[[Warehouse], dict[str, list[str]]]
) -> None:
    assert _levels(business) == _true_levels(business)
    day_before = (business.world.now - timedelta(days=1)).date()
    known_then = _levels_of_shopify(business, day_before)
    assert len(known_then) > 50

    business.world.advance(business.world.ends_at)
    business.update()
    assert _levels(business) == _true_levels(business)
    kinds = {
        kind
        for (kind,) in business.rows(
            "select distinct movement_type from fct_inventory_movements "
            "where source_system = 'shopify'"
        )
    }
    assert {"opening", "sale", "level_change"} <= kinds
    assert _levels_of_shopify(business, day_before) == known_then, "what was seen once is kept"

    incremental = snapshot(business.warehouse)
    business.build(full_refresh=True, data_tests=False)
    full = snapshot(business.warehouse)
    for table, rows in full.items():
        assert incremental[table] == rows, f"{table} differs from its full refresh"


def test_each_movement_of_square_is_one_of_the_world(business: ServedBusiness) -> None:
    ours = business.rows(
        """
        select location_name, case movement_type when 'opening' then 'recount' else movement_type
            end, count(*), sum(quantity)::int
        from fct_inventory_movements where source_system = 'square' group by 1, 2 order by 1, 2"""
    )
    named = {"receive": "receipt"}
    truth = business.world.rows(
        f"select name, kind, count(*), sum(quantity) from {SHELVES} where system = 'square' "
        "group by all"
    )
    assert ours == sorted(
        (name, named.get(kind, kind), count, total) for name, kind, count, total in truth
    )
    said = business.said_by("stock_equals_the_counts_of_square")
    assert "WARN=0 ERROR=0" in said, said


def test_days_out_of_stock_are_those_of_the_shelves(business: ServedBusiness) -> None:
    ((last_day,),) = business.rows("select max(stock_date) from fct_inventory_daily")
    truth = _true_days_out(business, last_day)
    assert len(truth) > 50
    assert (
        business.rows(
            """
            select location_name, sku, stock_date
            from fct_inventory_daily join dim_products using (product_key)
            where is_out_of_stock and fct_inventory_daily.source_system = 'square'
            order by 1, 2, 3"""
        )
        == truth
    )
    ((counted,),) = business.rows(
        "select sum(stock_out_days_count)::int from rpt_inventory_health "
        "where source_system = 'square'"
    )
    ((period_end,),) = business.rows("select max(period_end_date) from rpt_inventory_health")
    assert counted == sum(day <= period_end for _, _, day in truth)


def test_stock_is_worth_what_was_paid_last(business: ServedBusiness) -> None:
    ours = business.rows(
        """
        select location_name, sku, round(value_at_cost_amount * 100)
        from fct_inventory_daily as levels join dim_products using (product_key)
        where stock_date = (select max(stock_date) from fct_inventory_daily)
            and levels.source_system = 'square'"""
    )
    truth = business.world.rows(
        f"""
        with paid as (
            select variant_id, arg_max(unit_cost_cents, movement_id) as cost
            from movements join places using (place_id)
            where system = 'square' and kind = 'receive' group by all
        )
        select name, sku, arg_max(on_hand, movement_id) * any_value(cost)
        from {SHELVES} join paid using (variant_id) where system = 'square' group by all"""
    )
    assert len(truth) > 50
    assert set(truth) <= set(ours)


def test_the_health_of_the_inventory_adds_up_to_the_movements(business: ServedBusiness) -> None:
    ((end,),) = business.rows("select max(period_end_date) from rpt_inventory_health")
    truth = business.world.rows(
        f"""
        with moved as (
            select *, row_number() over (
                partition by place_id, variant_id order by movement_id) as number
            from movements
        )
        select name, sku, -coalesce(sum(quantity) filter (kind in ('sale', 'return')), 0),
            -coalesce(sum(quantity) filter (
                kind = 'waste' or (kind = 'recount' and number > 1)), 0)
        from {SHELVES.replace("movements", "moved", 1)}
        where system = 'square' and {LOCAL_DAY} <= ? group by all order by all""",
        end,
    )
    assert (
        business.rows(
            """
            select location_name, sku, units::int, shrinkage_quantity::int
            from rpt_inventory_health where source_system = 'square' order by 1, 2"""
        )
        == truth
    )
    # Turnover by hand, of the shelf that sold most.
    ((place, sku, turnover),) = business.rows(
        """
        select location_key, product_key, turnover_rate from rpt_inventory_health
        where turnover_rate is not null order by units desc, sku limit 1"""
    )
    ((cost, held, days),) = business.rows(
        f"""
        select sum((sold_quantity - returned_quantity) * unit_cost_amount),
            sum(value_at_cost_amount), count(*)
        from fct_inventory_daily where location_key = '{place}' and product_key = '{sku}'
            and is_cost_known and stock_date <= '{end}'"""
    )
    assert float(turnover) == pytest.approx(float(cost / (held / days)) * 365 / days, abs=1e-5)
