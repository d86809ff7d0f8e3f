"""How much will be sold: the sales forecast with its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pandas as pd

from ml.sales_forecast import forecast_sales
from orchestration.predictions import REFUSAL_COLUMNS, Answer, Inputs, Task
from warehouse.business import Business, Closure, Promotion

GROUP = "forecasting"


def days_of(spans: Iterable[Closure | Promotion]) -> list[date]:
    """Every day of some spans."""
    return [
        span.first_date + timedelta(days=offset) for span in spans for offset in range(span.days)
    ]


def closed_days(business: Business) -> dict[str, list[date]]:
    """Planned closures by location; those of the whole business under ''."""
    places = {closure.location or "" for closure in business.closures} | {""}
    return {
        place: days_of(each for each in business.closures if (each.location or "") == place)
        for place in sorted(places)
    }


def _sales_forecast(inputs: Inputs) -> Answer:
    sales = inputs["sales"]
    closures = closed_days(inputs.business)
    if inputs.as_of_date is None:
        sales = sales.iloc[:0]
    result = forecast_sales(
        sales,
        inputs.as_of_date or date.min,
        country_code=inputs.business.country_code,
        closures=closures.pop(""),
        location_closures=closures,
        promotions=days_of(inputs.business.promotions),
    )
    refusals = result.refusals.assign(
        subject=[
            f"{key}, {days} days"
            for key, days in zip(
                result.refusals["series_key"], result.refusals["horizon_days"], strict=True
            )
        ]
    ).rename(columns={"n_observations": "observations_count"})
    if sales.empty:
        reason = "Not enough data: there are no counted sales yet."
        refusals = pd.DataFrame([("total", 0, reason)], columns=list(REFUSAL_COLUMNS))
    return Answer(
        tables={"sales_forecast": result.forecasts, "backtests": result.backtests},
        refusals=refusals[list(REFUSAL_COLUMNS)],
        observations=len(sales),
        window=None if sales.empty else (sales["sale_date"].min(), sales["sale_date"].max()),
    )


SALES_FORECAST = Task(
    name="forecast_sales",
    group=GROUP,
    tables={
        "sales_forecast": "Daily net sales 7, 30 and 90 days ahead with intervals.",
        "backtests": "How every candidate method did on past data, per series and horizon.",
    },
    queries={
        "sales": """
            select
                days.sale_date, locations.location_name,
                coalesce(products.category_name, 'Uncategorised') as category_name,
                coalesce(products.product_name, '') as product_name,
                sum(days.net_amount) as net_amount
            from marts.fct_product_sales_daily as days
            join marts.dim_locations as locations using (location_key)
            left join marts.dim_products as products using (product_key)
            where days.sale_date <= %(as_of)s
            group by 1, 2, 3, 4 order by 1, 2, 3, 4""",
    },
    answer=_sales_forecast,
    libraries=("prophet", "statsforecast", "numpy", "pandas", "holidays"),
    settings=lambda business: [
        business.country_code,
        closed_days(business),
        days_of(business.promotions),
    ],
    method_version=2,
)
TASKS = (SALES_FORECAST,)
