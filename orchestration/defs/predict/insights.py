"""What was not as usual, where things are heading, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from ml.evidence import refusal_rows
from orchestration.defs.predict.tasks import Answer, Inputs, Task, window_of
from warehouse.business import Business

if TYPE_CHECKING:
    from ml.anomalies import Kind

GROUP = "insights"
# Below a part of a usual day's sales of the whole business nobody acts.
LEAST_IMPACT_RATE = 0.05
_COLUMNS = ["series_key", "metric", "day", "value", "noise_count", "unit_amount"]
_SERIES_QUERIES = {
    "places": """
        select days.sale_date as day, locations.location_name,
            sum(days.net_amount) as net_amount, sum(days.gross_amount) as gross_amount,
            sum(days.discount_amount) as discount_amount,
            sum(days.reversal_amount) as reversal_amount,
            sum(days.orders_count)::float8 as orders_count
        from marts.rpt_sales_daily days join marts.dim_locations locations using (location_key)
        where days.sale_date <= %(as_of)s group by 1, 2 order by 1, 2""",
    "margins": """
        select sale_date as day, location_name, sum(units)::float8 as units,
            sum(known_cost_net_amount) as known_cost_net_amount,
            sum(known_cost_net_amount - cost_amount) as gross_margin_amount
        from marts.rpt_margin_daily where sale_date <= %(as_of)s and location_name is not null
        group by 1, 2 having sum(known_cost_net_amount) > 0 order by 1, 2""",
    "categories": """
        select days.sale_date as day,
            'category:' || coalesce(products.category_name, 'Uncategorised') as series_key,
            sum(days.net_amount) as value, sum(days.lines_count)::float8 as noise_count
        from marts.fct_product_sales_daily days
        left join marts.dim_products products using (product_key)
        where days.sale_date <= %(as_of)s group by 1, 2 order by 1, 2""",
    "products": """
        with largest as (
            select product_key from marts.fct_product_sales_daily
            where sale_date <= %(as_of)s and sale_date > %(as_of)s::date - 91
            group by 1 order by sum(net_amount) desc, 1 limit 20
        )
        select days.sale_date as day, 'product:' || products.product_name as series_key,
            sum(days.net_amount) as value, sum(days.lines_count)::float8 as noise_count
        from marts.fct_product_sales_daily days join largest using (product_key)
        join marts.dim_products products using (product_key)
        where days.sale_date <= %(as_of)s group by 1, 2 order by 1, 2""",
    "shelves": """
        select stock_date as day, location_name, count(*)::float8 as shelves_count,
            sum(case when is_out_of_stock then 1 else 0 end)::float8 as empty_shelves_count
        from marts.fct_inventory_daily
        where stock_date <= %(as_of)s and location_name is not null group by 1, 2 order by 1, 2""",
    "visits": """
        select funnel_date as day, channel_name, sessions_count::float8 as sessions_count,
            orders_count::float8 as orders_count
        from marts.rpt_conversion_funnel
        where funnel_date <= %(as_of)s and sessions_count > 0 order by 1, 2""",
}


def _with_total(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of places, and their sum as a series of its own."""
    places = rows.assign(series_key="location:" + rows["location_name"].astype(str))
    sums = rows.drop(columns="location_name").groupby("day", as_index=False).sum()
    return pd.concat(
        [sums.assign(series_key="total"), places.drop(columns="location_name")], ignore_index=True
    )


def _share(
    rows: pd.DataFrame, metric: str, part: str, whole: str, *, events: str, sign: int
) -> pd.DataFrame:
    """A rate with its events; the whole is what one unit of the rate is worth, or costs."""
    known = rows[(rows[whole] > 0) & (rows[events] > 0)]
    return known.assign(
        metric=metric,
        value=known[part] / known[whole],
        noise_count=known[events],
        unit_amount=sign * known[whole],
    )


def _series(inputs: Inputs) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Daily series of all metrics, and what the whole is the sum of."""
    sales, margins = _with_total(inputs["places"]), _with_total(inputs["margins"])
    sold = sales[(sales["orders_count"] > 0) & (sales["net_amount"] > 0)]
    basket = sold["net_amount"].sum() / sold["orders_count"].sum() if len(sold) else float("nan")
    parts = pd.concat([inputs["categories"], inputs["products"]], ignore_index=True)
    shelves, visits = _with_total(inputs["shelves"]), inputs["visits"]
    days = pd.concat(
        [
            rows.reindex(columns=_COLUMNS)
            for rows in (
                sales.assign(
                    metric="net_sales",
                    value=sales["net_amount"],
                    noise_count=sales["orders_count"],
                    unit_amount=1.0,
                ),
                sales.assign(
                    metric="orders",
                    value=sales["orders_count"],
                    noise_count=sales["orders_count"],
                    unit_amount=basket,
                ),
                sold.assign(
                    metric="average_order_value",
                    value=sold["net_amount"] / sold["orders_count"],
                    noise_count=sold["orders_count"],
                    unit_amount=sold["orders_count"],
                ),
                parts.assign(metric="net_sales", unit_amount=1.0),
                _share(
                    margins, "gross_margin_rate", "gross_margin_amount", "known_cost_net_amount",
                    events="units", sign=1,
                ),
                _share(
                    sales, "refund_rate", "reversal_amount", "gross_amount",
                    events="orders_count", sign=-1,
                ),
                _share(
                    sales, "discount_rate", "discount_amount", "gross_amount",
                    events="orders_count", sign=-1,
                ),
                shelves.assign(
                    metric="stock_out_rate",
                    value=shelves["empty_shelves_count"] / shelves["shelves_count"],
                    noise_count=shelves["shelves_count"],
                ),
                visits.assign(
                    series_key="channel:" + visits["channel_name"].astype(str),
                    metric="conversion_rate",
                    value=visits["orders_count"] / visits["sessions_count"],
                    noise_count=visits["sessions_count"],
                    unit_amount=visits["sessions_count"] * basket,
                ),
            )
            if not rows.empty
        ]
        or [pd.DataFrame(columns=_COLUMNS)],
        ignore_index=True,
    )  # fmt: skip
    places = [f"location:{name}" for name in inputs["places"]["location_name"].unique()]
    return days, {"total": sorted({*places, *inputs["categories"]["series_key"]})}


def _kinds() -> dict[str, Kind]:
    """What the values of each metric are."""
    from ml.insights import METRICS

    return {metric: kind for metric, (_, kind) in METRICS.items()}


def _explained(
    business: Business, keys: Iterable[str], first: date, last: date
) -> dict[str, set[date]]:
    """Days whose cause is known: public holidays, planned closures and promotions."""
    from ml.calendar import public_holidays

    years = range(first.year, last.year + 1)
    everywhere = {
        *public_holidays(business.country_code, years),
        *business.promotion_dates,
    }
    return {
        key: everywhere
        | {
            day
            for day, place in business.closed_dates
            if place is None or key == f"location:{place}"
        }
        for key in keys
    }


def _anomalies(inputs: Inputs) -> Answer:
    from ml.anomalies import RATE_THRESHOLD, THRESHOLD, find_anomalies

    days, parts = _series(inputs)
    window = window_of(days["day"])
    keys = sorted(days["series_key"].unique())
    whole = days[(days["series_key"] == "total") & (days["metric"] == "net_sales")]
    usual_day = float(whole["value"].tail(91).median()) if len(whole) else 0.0
    result = find_anomalies(
        days,
        inputs.as_of_date,
        kinds=_kinds(),
        explained=_explained(inputs.business, keys, *window) if window else {},
        least_impact=LEAST_IMPACT_RATE * max(usual_day, 0.0),
        parts=parts,
    )
    return Answer(
        tables={"anomalies": result.found},
        refusals=result.refusals,
        observations=len(days),
        window=window,
        parameters={"threshold": THRESHOLD, "rate_threshold": RATE_THRESHOLD},
    )


def _trends(inputs: Inputs) -> Answer:
    from ml.trends import find_trends

    days, _ = _series(inputs)
    result = find_trends(days, inputs.as_of_date, kinds=_kinds())
    return Answer(
        tables={"trends": result.found},
        refusals=result.refusals,
        observations=len(days),
        window=window_of(days["day"]),
    )


def _insights(inputs: Inputs) -> Answer:
    from ml.insights import Known, Wording, rank_insights

    business = inputs.business
    wording = Wording(business.currency_code, business.country_code)
    found = rank_insights(Known(inputs.frames, inputs.as_of_date, wording))
    nothing = "Nothing is far enough from usual, and nothing is due."
    return Answer(
        tables={"insights": found},
        refusals=refusal_rows([("insights", 0, nothing)] if found.empty else []),
        observations=sum(map(len, inputs.frames.values())),
    )


_WITH_PLACE = """
    select found.*, locations.location_key from ml.{table} found
    left join marts.dim_locations locations
        on found.series_key = 'location:' || locations.location_name
    where found.series_key not like 'product:%%' order by found.series_key, found.metric"""
ANOMALIES = Task(
    name="find_anomalies",
    group=GROUP,
    tables={"anomalies": "Days that were not as days like them are, and what moved."},
    queries=_SERIES_QUERIES,
    answer=_anomalies,
    libraries=("holidays", "numpy", "pandas"),
    settings=lambda business: [
        business.country_code,
        business.closed_dates,
        business.promotion_dates,
    ],
    method_version=2,
)
TRENDS = Task(
    name="find_trends",
    group=GROUP,
    tables={"trends": "Where each series is heading, and where its level broke."},
    queries=_SERIES_QUERIES,
    answer=_trends,
    libraries=("numpy", "pandas", "ruptures", "scipy"),
)
INSIGHTS = Task(
    name="rank_insights",
    group=GROUP,
    tables={"insights": "What a person can do something about, most money first."},
    queries={
        "anomalies": _WITH_PLACE.format(table="anomalies"),
        "trends": _WITH_PLACE.format(table="trends"),
        "reorder_plan": "select * from ml.reorder_plan order by product_key, location_key",
        "inventory_health": """
            select product_name, location_key, location_name, on_hand_quantity,
                value_at_cost_amount, is_dead_stock
            from marts.rpt_inventory_health where is_dead_stock
            order by product_key, location_key""",
        "customers": """
            select churn.is_active, churn.churn_probability, lifetimes.expected_net_12m_amount,
                coalesce(customers.accepts_marketing, false) as is_contact_allowed
            from ml.customer_churn churn
            join ml.customer_lifetimes lifetimes using (customer_key)
            join marts.dim_customers customers using (customer_key) order by customer_key""",
        "price_elasticities": """
            select * from ml.price_elasticities
            where subject_level = 'product' and lower_margin_change_amount > 0
            order by product_key""",
        "price_tests": "select * from ml.price_test_verdicts order by test_name, variant_name",
        "below_cost": """
            select days.product_key, products.product_name, sum(days.known_cost_units) as units,
                sum(days.known_cost_net_amount) as net_amount, sum(days.cost_amount) as cost_amount
            from marts.fct_product_sales_daily days
            join marts.dim_products products using (product_key)
            where days.sale_date <= %(as_of)s and days.sale_date > %(as_of)s::date - 28
            group by 1, 2
            having sum(days.known_cost_units) > 0
                and sum(days.cost_amount) > sum(days.known_cost_net_amount)
            order by 1""",
        "staffing_plan": """
            select plan.*, wages.hourly_cost_amount from ml.staffing_plan plan
            left join (
                select location_key, sum(labour_cost_amount) / nullif(sum(paid_hours), 0)
                    as hourly_cost_amount
                from marts.rpt_labour_hourly group by 1
            ) wages using (location_key) order by location_key, plan_date, work_hour""",
        "outlook": """
            select
                sum(case when row_type = 'forecast' then forecast_amount end) as forecast_amount,
                sum(case when row_type = 'actual' and sale_date > as_of_date - 30
                    then actual_amount end) as actual_amount
            from ml.sales_forecast where series_key = 'total' and horizon_days = 30""",
        "receivables": """
            select source_customer_id, oldest_due_date,
                overdue_31_60_amount + overdue_61_90_amount + overdue_over_90_amount as late_amount
            from marts.rpt_receivables_ageing order by 1""",
        "acquisition": """
            select * from marts.rpt_acquisition
            where not is_right_censored and spend_amount > 0 order by cohort_month""",
    },
    answer=_insights,
    libraries=("babel", "pandas"),
    settings=lambda business: [business.currency_code, business.country_code],
)
TASKS = (ANOMALIES, TRENDS, INSIGHTS)
