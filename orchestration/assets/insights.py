"""What was not as usual: anomalies of sales and orders, with the part that caused them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import holidays
import pandas as pd

from ml.anomalies import THRESHOLD, find_anomalies
from orchestration.predictions import Answer, Inputs, Task, window_of
from warehouse.business import Business

GROUP = "insights"


def _series(inputs: Inputs) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Daily series of the whole business, its places and categories, and what is part of what."""
    places = inputs["places"].assign(
        series_key=lambda rows: "location:" + rows["location_name"].astype(str)
    )
    total = (
        inputs["places"]
        .groupby("day", as_index=False)[["net_amount", "orders_count"]]
        .sum()
        .assign(series_key="total")
    )
    columns = ["series_key", "day", "net_amount", "orders_count"]
    whole = pd.concat([total[columns], places[columns]], ignore_index=True)
    sales = whole.rename(columns={"net_amount": "value", "orders_count": "noise_count"})
    orders = whole.assign(value=whole["orders_count"], noise_count=whole["orders_count"])
    baskets = whole[(whole["orders_count"] > 0) & (whole["net_amount"] > 0)].assign(
        value=lambda rows: rows["net_amount"] / rows["orders_count"],
        noise_count=lambda rows: rows["orders_count"],
    )
    categories = inputs["categories"].assign(
        series_key=lambda rows: "category:" + rows["category_name"].astype(str)
    )
    columns = ["series_key", "metric", "day", "value", "noise_count"]
    days = pd.concat(
        [
            sales.assign(metric="net_sales")[columns],
            orders.assign(metric="orders")[columns],
            baskets.assign(metric="average_order_value")[columns],
            categories.assign(metric="net_sales")[columns],
        ],
        ignore_index=True,
    )
    parts = {"total": sorted({*places["series_key"], *categories["series_key"]})}
    return days, parts


def _explained(
    business: Business, keys: Iterable[str], first: date, last: date
) -> dict[str, set[date]]:
    """Days whose cause is known: public holidays, planned closures and promotions."""
    years = range(first.year, last.year + 1)
    everywhere = {
        *holidays.country_holidays(business.country_code, years=years),
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
    days, parts = _series(inputs)
    window = window_of(days["day"])
    keys = sorted(days["series_key"].unique())
    result = find_anomalies(
        days,
        inputs.as_of_date,
        explained=_explained(inputs.business, keys, *window) if window else {},
        parts=parts,
    )
    return Answer(
        tables={"anomalies": result.found},
        refusals=result.refusals,
        observations=len(days),
        window=window,
        parameters={"threshold": THRESHOLD},
    )


ANOMALIES = Task(
    name="find_anomalies",
    group=GROUP,
    tables={"anomalies": "Days that were not as days like them are, and what moved."},
    queries={
        "places": """
            select days.sale_date as day, locations.location_name,
                sum(days.net_amount) as net_amount, sum(days.orders_count)::float8 as orders_count
            from marts.rpt_sales_daily days join marts.dim_locations locations using (location_key)
            where days.sale_date <= %(as_of)s group by 1, 2 order by 1, 2""",
        "categories": """
            select days.sale_date as day,
                coalesce(products.category_name, 'Uncategorised') as category_name,
                sum(days.net_amount) as value, sum(days.lines_count)::float8 as noise_count
            from marts.fct_product_sales_daily days
            left join marts.dim_products products using (product_key)
            where days.sale_date <= %(as_of)s group by 1, 2 order by 1, 2""",
    },
    answer=_anomalies,
    libraries=("holidays", "numpy", "pandas"),
    settings=lambda business: [
        business.country_code,
        business.closed_dates,
        business.promotion_dates,
    ],
)
TASKS = (ANOMALIES,)
