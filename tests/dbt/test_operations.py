"""Staff, baskets, seasons and menus in the marts against a generated world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.world import WorldSettings
from tests.dbt.served_business import ServedBusiness, served_business

# Over the day on which the clocks go back.
SETTINGS = WorldSettings(seed=12, years=0.13, orders_per_day=25, last_day=date(2025, 11, 20))
MODELS = (
    "+rpt_labour_hourly +rpt_baskets_monthly +rpt_best_sellers_seasonal +rpt_menu "
    "labour_hours_equal_the_timecards"
)
STEP = timedelta(seconds=30)


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBusiness]:
    """Loaded at noon of a day on which people are at work."""
    folder = tmp_path_factory.mktemp("shop")
    with served_business(SETTINGS, folder, timedelta(days=3, hours=-4), MODELS) as shop:
        yield shop


def test_labour_hours_are_those_of_the_timecards_on_the_local_clock(
    business: ServedBusiness,
) -> None:
    cards = business.world.rows(
        """
        select name, time_zone, job, started_at, ended_at, break_started_at, break_ended_at,
            is_break_paid, t.hourly_wage_cents
        from timecards t join places using (place_id) join staff using (staff_id)
        where system = 'square' and ended_at is not null"""
    )
    hours: dict[tuple[object, ...], float] = defaultdict(float)
    wages: dict[tuple[object, ...], float] = defaultdict(float)
    for place, zone, job, start, end, pause, resumed, is_paid, wage in cards:
        moment, local = start, ZoneInfo(zone)
        while moment < end:
            if is_paid or not pause <= moment < resumed:
                clock = moment.astimezone(local)
                key = (place, job, clock.date(), clock.hour)
                hours[key] += 1 / 120
                wages[key] += wage / 12_000
            moment += STEP
    ours = {
        row[:4]: row[4:]
        for row in business.rows(
            "select location_name, job_name, work_date, work_hour, paid_hours::float, "
            "labour_cost_amount::float from fct_labour_hours where paid_hours > 0"
        )
    }
    assert ours.keys() == hours.keys()
    for key, (worked, cost) in ours.items():
        assert worked == pytest.approx(hours[key], abs=1e-5), key
        assert cost == pytest.approx(wages[key], abs=1e-4), key
    ((on_shift,),) = business.world.rows(
        "select count(*) from timecards join places using (place_id) "
        "where ended_at is null and system = 'square'"
    )
    assert on_shift > 0, "a shift that goes on is not counted yet"


def test_hours_of_the_week_add_up_to_their_days(business: ServedBusiness) -> None:
    ((labour, cost, orders),) = business.rows(
        "select sum(paid_hours), sum(labour_cost_amount), sum(orders_count) from rpt_labour_hourly"
    )
    assert (labour, cost) == business.rows(
        """
        select sum(paid_hours), sum(labour_cost_amount) from fct_labour_hours
        where work_date between (select max(period_start_date) from rpt_labour_hourly)
            and (select max(period_end_date) from rpt_labour_hourly)"""
    )[0]
    assert (orders,) == business.rows(
        """
        select sum(orders_count) from rpt_sales_daily
        where sale_date between (select max(period_start_date) from rpt_labour_hourly)
            and (select max(period_end_date) from rpt_labour_hourly)"""
    )[0]
    ((rate, net, worked),) = business.rows(
        "select net_per_labour_hour_amount, net_amount, paid_hours from rpt_labour_hourly "
        "where paid_hours > 0 order by net_amount desc limit 1"
    )
    assert rate == pytest.approx(net / worked)


def test_best_sellers_are_what_is_left_of_each_month_s_orders(business: ServedBusiness) -> None:
    """Stocked goods only: the till sells some dishes without saying which."""
    truth = business.world.rows(
        """
        select cast(date_trunc('month', timezone(time_zone, placed_at)) as date) as month, sku,
            cast(sum(l.quantity) as bigint) as units,
            sum(gross_cents - discount_cents - reversal_cents) / 100 as net
        from event_lines l join events using (event_id)
        join orders o on o.order_id = events.order_id join places using (place_id)
        join variants using (variant_id)
        where not is_test and line_type = 'product'
            and variant_id in (select variant_id from movements)
        group by all having units > 0 order by all"""
    )
    ours = business.rows(
        """
        select period_start_date, sku, units::int, net_amount::float
        from rpt_best_sellers_seasonal join dim_products using (product_key)
        where period_type = 'month' order by 1, 2"""
    )
    stocked = {sku for _, sku, _, _ in truth}
    assert [row for row in ours if row[1] in stocked] == [
        (month, sku, units, pytest.approx(net)) for month, sku, units, net in truth
    ]
    seasons: dict[str, int] = dict(
        business.rows(
            "select period_name, sum(units)::int from rpt_best_sellers_seasonal "
            "where period_type = 'season' group by 1"
        )
    )
    assert seasons.keys() == {"Autumn"}
    ((autumn,),) = business.rows(
        "select sum(quantity)::int from fct_sale_lines where is_counted "
        "and line_type = 'product' and product_key is not null"
    )
    # What was given back in full is in no ranking.
    assert seasons["Autumn"] >= autumn


def test_baskets_and_repeat_orders_are_those_of_the_orders(business: ServedBusiness) -> None:
    orders = business.rows(
        """
        select customer_key, location_key, date_trunc('month', order_date)::date, net_amount,
            exists (
                select from fct_sale_lines as lines where lines.order_key = orders.order_key
                and action_type = 'order' and is_counted
            )
        from fct_orders as orders where is_counted
        order by order_date, ordered_at, order_key"""
    )
    known: set[object] = set()
    counted: dict[tuple[object, object], list[float]] = defaultdict(lambda: [0, 0.0, 0, 0])
    for customer, place, month, net, is_purchase in orders:
        figures = counted[month, place]
        figures[1] += float(net)
        if net > 0:
            figures[0] += 1
            if customer:
                figures[2] += 1
                figures[3] += customer in known
        if is_purchase:
            known.add(customer)
    assert {
        row[:2]: pytest.approx(list(row[2:]))
        for row in business.rows(
            "select month_start_date, location_key, orders_count, net_amount::float, "
            "identified_orders_count, repeat_orders_count from rpt_baskets_monthly"
        )
    } == dict(counted)
    assert sum(repeated for *_, repeated in counted.values()) > 0


def test_dishes_cost_what_their_recipes_cost(business: ServedBusiness) -> None:
    recipes = dict(
        business.world.rows(
            """
            select sku, sum(r.quantity * pack_cost_cents / 100 / pack_size)
            from recipes r join ingredients using (ingredient_id) join variants using (product_id)
            group by all"""
        )
    )
    ours = business.rows(
        "select sku, menu.unit_cost_amount::float, margin_rate, quadrant from rpt_menu as menu "
        "join dim_products using (product_key) where cost_basis = 'recipe'"
    )
    assert len(ours) > 30
    for sku, cost, margin_rate, quadrant in ours:
        assert cost == pytest.approx(recipes[sku], rel=1e-3), sku
        assert margin_rate is not None
        assert quadrant != "Cost unknown"
    assert business.rows(
        "select count(*) from rpt_menu where (cost_basis = 'unknown') "
        "<> (quadrant = 'Cost unknown')"
    ) == [(0,)]
