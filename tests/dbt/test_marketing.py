"""Advertising, visits, attribution and price tests in the marts against a generated world."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from sandbox.world import WorldSettings
from tests.dbt.served_business import Rows, ServedBusiness, served_business

# Long enough for two price tests, of which the second loses visitors of one arm.
SETTINGS = WorldSettings(seed=13, years=0.66, orders_per_day=12)
MODELS = "+path:dbt_project/models/marts/marketing"
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBusiness]:
    """Loaded some days before the end of its world."""
    folder = tmp_path_factory.mktemp("shop")
    with served_business(SETTINGS, folder, timedelta(days=4), MODELS) as shop:
        yield shop


def test_spend_is_what_the_platforms_charged(business: ServedBusiness) -> None:
    ours = business.rows(
        """
        select spend_date, platform_name, campaign_name, (spend_amount * 100)::int, clicks_count,
            impressions_count, claimed_conversions_count::int
        from fct_marketing_spend order by 1, 2, 3"""
    )
    assert (
        ours
        == business.world.rows(
            "select spend_date, platform, campaign, spend_cents, clicks, impressions, conversions "
            "from ad_spend order by all"
        )
        != []
    )


def test_the_funnel_holds_every_visit(business: ServedBusiness) -> None:
    truth = business.world.rows(
        f"""
        select cast(timezone('{ZONE}', started_at) as date) as day, count(*), count_if(has_cart),
            count_if(has_checkout), count_if(order_id > 0)
        from web_sessions where started_at < midnight(business_day()) group by all order by all"""
    )
    assert (
        business.rows(
            """
            select funnel_date, sum(sessions_count)::int, sum(carts_count)::int,
                sum(checkouts_count)::int, sum(orders_count)::int
            from rpt_conversion_funnel where source_system = 'spreadsheets'
            group by 1 order by 1"""
        )
        == truth
    )
    # Shopify knows who ordered, and who left a checkout with an address.
    ((ordered, left),) = business.world.rows(
        """
        select (select count(*) from orders where trade = 'online' and not is_test),
            (select count(*) from checkouts)"""
    )
    ((orders, checkouts, sessions),) = business.rows(
        "select sum(orders_count)::int, sum(checkouts_count)::int, sum(sessions_count) "
        "from rpt_conversion_funnel where source_system = 'shopify'"
    )
    assert (orders, checkouts, sessions) == (ordered, ordered + left, None)
    assert business.rows(
        "select count(*) from rpt_conversion_funnel where conversion_rate "
        "<> round(orders_count::numeric / sessions_count, 6) and sessions_count > 0"
    ) == [(0,)]


def test_each_order_of_the_web_shop_is_attributed_to_the_visit_it_came_from(
    business: ServedBusiness,
) -> None:
    truth = business.world.rows(
        """
        select case when medium = 'organic' then 'Organic Search' when medium = 'cpc'
            then 'Paid Search' when medium = 'paid' then 'Paid Social' when medium = 'email'
            then 'Email' else 'Direct' end as channel, count(*)
        from web_sessions join orders using (order_id) where not is_test
        group by all order by all"""
    )
    assert (
        business.rows(
            "select marketing_channel, count(*) from rpt_customer_journey "
            "where touchpoint_number = touchpoints_count group by 1 order by 1"
        )
        == truth
    )
    ((first, last, linear),) = business.rows(
        "select sum(first_touch_amount), sum(last_touch_amount), sum(linear_amount) "
        "from rpt_customer_journey"
    )
    assert [(first,), (last,)] == 2 * business.rows(
        "select sum(net_amount) from fct_orders join dim_channels using (channel_key) "
        "where channel_name = 'Online Store' and source_system = 'shopify' "
        "and is_counted"
    )
    assert float(linear) == pytest.approx(float(last), abs=0.01)


def test_price_tests_have_the_figures_of_their_arms(business: ServedBusiness) -> None:
    truth = business.world.rows(
        f"""
        with seen as (
            select test_id, test_arm as arm, cast(timezone('{ZONE}', started_at) as date) as day,
                count(distinct visitor_id) as visitors, count_if(order_id > 0) as buyers
            from web_sessions where test_id > 0 and started_at < midnight(business_day())
            group by all
        ), sold as (
            select test_id, test_arm as arm, cast(sum(l.quantity) as bigint) as units,
                sum(gross_cents - discount_cents) as net, sum(l.quantity * cost) as cost
            from orders join events using (order_id) join event_lines l using (event_id)
            join variants v using (variant_id)
            join (select distinct test_id, product_id from price_tests) using (test_id, product_id)
            join (select variant_id, arg_max(unit_cost_cents, valid_from_date) as cost
                from costs group by all) using (variant_id)
            where kind = 'sale' and line_type = 'product' and not is_test
                and placed_at < midnight(business_day())
            group by all
        )
        select title, arm, cast(sum(visitors) as bigint) as visitors, cast(sum(buyers) as bigint),
            coalesce(any_value(units), 0), coalesce(any_value(net), 0),
            coalesce(any_value(net - cost), 0) / sum(visitors) / 100, bool_or(is_mismatched)
        from seen join price_tests using (test_id, arm) join products using (product_id)
        left join sold using (test_id, arm)
        group by all order by all"""
    )
    ours: Rows = business.rows(
        """
        select substr(test_name, 10), variant_name, visitors_count, orders_count, units::int,
            round(net_amount * 100)::int, margin_per_visitor_amount::float,
            is_sample_ratio_mismatched
        from rpt_price_tests order by 1, 2"""
    )
    assert len(ours) == 4
    assert ours == [
        (*row[:6], pytest.approx(row[6], abs=1e-5), row[7]) for row in map(tuple, truth)
    ]
    assert {row[7] for row in ours} == {True, False}


def test_acquisition_sets_the_spend_of_a_month_against_who_came_in_it(
    business: ServedBusiness,
) -> None:
    months = business.rows(
        """
        select cohort_month, (spend_amount * 100)::int, new_customers_count,
            paid_new_customers_count, blended_cac_amount::float, is_right_censored
        from rpt_acquisition order by 1"""
    )
    spent = dict(
        business.world.rows(
            "select cast(date_trunc('month', spend_date) as date), cast(sum(spend_cents) as bigint)"
            " from ad_spend group by all"
        )
    )
    came: dict[date, int] = dict(
        business.rows(
            """
            select date_trunc('month', first_date)::date, count(*) from (
                select min(order_date) as first_date from fct_orders
                where is_counted and customer_key is not null group by customer_key
            ) as firsts group by 1"""
        )
    )
    assert {month: cents for month, cents, *_ in months if cents is not None} == spent
    assert {month: count for month, _, count, *_ in months if count} == came
    assert all(is_censored for *_, is_censored in months), "no cohort is a year old"
    for _, cents, count, paid, blended, _ in months:
        assert paid <= count
        if cents and count:
            assert blended == pytest.approx(cents / count / 100, abs=1e-5)
    assert sum(paid for _, _, _, paid, _, _ in months) > 0
