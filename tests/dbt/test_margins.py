"""What orders leave after goods and fees, against the ledger of a generated world."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.dbt import metricflow
from sandbox.world import WorldSettings
from tests.dbt.served_business import Rows, ServedBusiness, served_business
from warehouse.database import Warehouse

SETTINGS = WorldSettings(seed=12, years=0.13, orders_per_day=25)
QUIET = timedelta(days=6)
MODELS = (
    "+rpt_contribution_after_ads_daily +rpt_product_performance +rpt_margin_daily +rpt_sales_daily "
    "+fct_payouts +dim_dates products_and_categories_add_up_to_their_day "
    "orders_bear_the_fees_of_their_payments +rpt_profit_steps_daily "
    "profit_steps_add_up_to_net_sales_and_contribution"
)
CENT = Decimal("0.005")
Snapshot = Callable[[Warehouse], dict[str, list[str]]]

# Card fees of an order, also of those taken on the terminal of another system.
FEES = "(select order_id, fee_cents from payments union all select order_id, fee_cents from copies)"
GOODS = """
    event_lines l join events using (event_id) join orders o on o.order_id = events.order_id
    join places using (place_id)"""

TOTALS = """
    select (select sum(payment_fee_amount) from rpt_contribution_daily),
        (select sum(payment_fee_amount) from rpt_margin_daily),
        (select sum(payment_fee_amount) from rpt_product_performance)"""


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBusiness]:
    """Loaded some days before the end of its world, and again at the end."""
    folder = tmp_path_factory.mktemp("shop")
    with served_business(SETTINGS, folder, QUIET, MODELS) as shop:
        yield shop


def _days(business: ServedBusiness) -> Rows:
    """Net sales and fees by place and day of the order, in cents."""
    return business.rows(
        """
        select lower(location_name), order_date, (sum(net_amount) * 100)::int,
            (coalesce(sum(payment_fee_amount), 0) * 100)::int
        from rpt_contribution_daily group by 1, 2 order by 1, 2"""
    )


def _true_days(business: ServedBusiness) -> Rows:
    return business.world.rows(
        f"""
        with fees as (select order_id, sum(fee_cents) as fee from {FEES} group by order_id),
        sold as (
            select o.order_id, sum(gross_cents - discount_cents - reversal_cents) as net
            from {GOODS} group by all
        )
        select lower(name), cast(timezone(time_zone, placed_at) as date), cast(sum(net) as bigint),
            cast(sum(coalesce(fee, 0)) as bigint)
        from sold join orders using (order_id) join places using (place_id)
        left join fees using (order_id)
        where not is_test and system in ('shopify', 'square') group by all order by all"""
    )


def test_each_order_leaves_what_the_world_s_ledger_leaves_of_it(business: ServedBusiness) -> None:
    """Shopify knows what every unit costs; a refund that names no goods is in no margin."""
    truth = business.world.rows(
        f"""
        with fees as (select order_id, sum(fee_cents) as fee from {FEES} group by order_id),
        costs as (
            select variant_id, arg_max(unit_cost_cents, valid_from_date) as cost from costs
            where valid_from_date <= business_day() group by variant_id
        ), sold as (
            select o.order_id, sum(gross_cents - discount_cents - reversal_cents) as net,
                sum(l.quantity * coalesce(cost, unit_cost_cents)) as cost
            from {GOODS} join variants using (variant_id) left join costs using (variant_id)
            where not is_test and system = 'shopify' and line_type = 'product' group by all
        )
        select order_id, cast(cost as bigint), cast(coalesce(fee, 0) as bigint),
            cast(net - cost - coalesce(fee, 0) as bigint)
        from sold left join fees using (order_id) order by order_id"""
    )
    ours = business.rows(
        """
        select split_part(source_order_id, '/', 5)::int, (margins.cost_amount * 100)::int,
            (coalesce(payment_fee_amount, 0) * 100)::int, (contribution_margin_amount * 100)::int
        from fct_order_margins as margins join fct_orders using (order_key)
        where margins.source_system = 'shopify' and margins.is_counted
        order by 1"""
    )
    assert len(ours) > 300
    assert ours == truth


def test_days_of_orders_have_the_world_s_sales_and_fees(business: ServedBusiness) -> None:
    ours = _days(business)
    assert len(ours) > 100
    assert ours == _true_days(business)


def test_fees_are_those_of_the_payments_and_every_report_adds_up_to_the_orders(
    business: ServedBusiness,
) -> None:
    figures = (
        "sum(payment_fee_amount), sum(contribution_margin_amount), sum(cost_amount), "
        "sum(net_amount)"
    )
    ((fees,),) = business.rows("select sum(fee_amount) from fct_payments where is_counted")
    (orders,) = business.rows(f"select {figures} from fct_order_margins")
    (days,) = business.rows(f"select {figures} from rpt_contribution_daily")
    assert orders[0] == fees
    assert days == orders
    # What was sold without goods, such as a gift card, bears its fees in no product or category.
    (goods,) = business.rows(
        f"select {figures} from fct_order_margins join (select order_key from fct_orders "
        "where sold_amount > 0) as sold using (order_key)"
    )
    (categories,) = business.rows(f"select {figures} from rpt_margin_daily")
    assert categories == tuple(pytest.approx(amount, abs=CENT) for amount in goods)
    # Sales that name no product are in no product's row.
    (named,) = business.rows(f"select {figures} from rpt_product_performance")
    (unnamed,) = business.rows(
        "select coalesce(sum(payment_fee_amount), 0), 0, coalesce(sum(cost_amount), 0), "
        "sum(net_amount) from fct_product_sales_daily where product_key is null"
    )
    assert unnamed[0] > 0
    together = tuple(one + other for one, other in zip(named, unnamed, strict=True))
    assert together == tuple(pytest.approx(amount, abs=CENT) for amount in categories)


def test_steps_lead_from_the_ledger_s_gross_sales_to_what_orders_leave(
    business: ServedBusiness,
) -> None:
    steps = dict(
        business.rows("select step_name, sum(amount) from rpt_profit_steps_daily group by 1")
    )
    ((gross, discounts, refunds, known, net),) = business.rows(
        "select sum(gross_amount), -sum(discount_amount), -sum(reversal_amount), "
        "sum(case when is_cost_known then net_amount else 0 end), sum(net_amount) "
        "from fct_sale_lines where is_counted"
    )
    ((cost, left),) = business.rows(
        "select -sum(cost_amount), sum(contribution_margin_amount) from fct_order_margins"
    )
    assert min(gross, -discounts, -refunds, net - known, -cost) > 0
    assert steps["Payment fees"] < 0
    assert {name: steps[name] for name in steps if name != "Payment fees"} == {
        "Gross sales": gross,
        "Discounts": discounts,
        "Refunds": refunds,
        "Cost not known": known - net,
        "Product cost": cost,
    }
    assert sum(steps.values()) == left


def test_nothing_is_made_up_where_nothing_is_known(business: ServedBusiness) -> None:
    assert business.rows(
        "select count(*) > 50, count(gross_margin_amount), count(contribution_margin_amount) "
        "from fct_order_margins join fct_orders using (order_key) "
        "where lines_count > 0 and fct_orders.cost_amount is null"
    ) == [(True, 0, 0)]
    assert business.rows(
        "select count(shipping_cost_amount), max(shipping_cost_coverage_rate)::int, "
        "min(cost_coverage_rate) < 1, max(payment_fee_coverage_rate)::int "
        "from rpt_contribution_daily"
    ) == [(0, 0, True, 1)]


def test_advertising_is_taken_off_days_that_the_record_of_spend_covers(
    business: ServedBusiness,
) -> None:
    ((spend, left, before),) = business.rows(
        "select sum(ad_spend_amount), sum(contribution_margin_after_ads_amount), "
        "sum(contribution_margin_amount) filter (where ad_spend_amount is not null) "
        "from rpt_contribution_after_ads_daily"
    )
    assert (spend,) == business.rows(
        "select sum(spend_amount) from fct_marketing_spend where currency_code = 'USD'"
    )[0]
    assert spend > 0
    assert left == before - spend


def test_a_metric_is_asked_with_the_rights_of_the_analyst_alone(
    business: ServedBusiness, tmp_path: Path
) -> None:
    answer = tmp_path / "answer.csv"
    question = ["query", "--metrics", "contribution_margin,processing_fees,payouts_amount",
                "--csv", str(answer)]  # fmt: skip
    analyst = business.warehouse.role_name("analyst")

    def allow(verb: str, preposition: str) -> None:
        with business.warehouse.connect("transformer") as connection:
            connection.execute(f"{verb} select on marts.fct_payments {preposition} {analyst}")

    assert metricflow(business.warehouse, question) == 0
    with answer.open(encoding="utf-8") as file:
        ((contribution, fees, payouts),) = list(csv.reader(file))[1:]
    ((expected,),) = business.rows("select sum(contribution_margin_amount) from fct_order_margins")
    assert Decimal(contribution) == pytest.approx(expected, abs=CENT)
    ((expected,),) = business.rows("select sum(payment_fee_amount) from fct_order_margins")
    assert Decimal(fees) == pytest.approx(expected, abs=CENT)
    ((expected,),) = business.rows("select sum(net_amount) from fct_payouts")
    assert Decimal(payouts) == pytest.approx(expected, abs=CENT)
    allow("revoke", "from")
    try:
        assert metricflow(business.warehouse, question) != 0
    finally:
        allow("grant", "to")
    with business.warehouse.connect("analyst") as connection:
        assert connection.execute(
            "select has_schema_privilege('raw_square', 'usage') "
            "or has_schema_privilege('staging', 'usage') or has_schema_privilege('marts', 'create')"
        ).fetchone() == (False,)


def test_a_fee_that_comes_later_reaches_every_report_and_incremental_equals_full_refresh(
    business: ServedBusiness, snapshot: Snapshot
) -> None:
    before = snapshot(business.warehouse)
    business.build(data_tests=False)
    assert snapshot(business.warehouse) == before, "a second build changes nothing"
    ((payment, order, fee, left),) = business.rows(
        """
        select source_payment_id, order_key, margins.payment_fee_amount,
            contribution_margin_amount
        from fct_payments join fct_order_margins as margins using (order_key)
        where payment_type = 'payment' and fee_amount > 0 and fct_payments.source_system = 'square'
            and cost_coverage_rate = 1
        order by paid_at limit 1"""
    )
    totals = business.rows(TOTALS)

    def charge(amount: int, **options: bool) -> None:
        with business.warehouse.connect("loader") as connection:
            changed = connection.execute(
                "update raw_square.payments__processing_fee set amount_money = amount_money + %s "
                "where payment_id = %s",
                (amount, payment),
            )
            assert changed.rowcount == 1
        business.build(**options)

    charge(1)
    assert business.rows(
        "select payment_fee_amount, contribution_margin_amount from fct_order_margins "
        f"where order_key = '{order}'"
    ) == [(fee + 1, left - 1)]
    assert business.rows(TOTALS) == [
        tuple(pytest.approx(amount + 1, abs=CENT) for amount in totals[0])
    ]
    charge(-1, data_tests=False)
    assert business.rows(TOTALS) == totals

    business.world.advance(business.world.ends_at)
    business.update()
    assert _days(business) == _true_days(business)
    incremental = snapshot(business.warehouse)
    business.build(full_refresh=True, data_tests=False)
    full = snapshot(business.warehouse)
    for table, rows in full.items():
        assert incremental[table] == rows, f"{table} differs from its full refresh"
