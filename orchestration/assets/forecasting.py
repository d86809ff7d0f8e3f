"""How much will be sold: the sales forecast with its evidence."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from ml.sales_forecast import forecast_sales
from orchestration.predictions import Answer, Inputs, Task
from warehouse.business import Business

GROUP = "forecasting"


def _closed_days(business: Business) -> list[date]:
    return [
        closure.first_date + timedelta(days=offset)
        for closure in business.closures
        if closure.location is None
        for offset in range(closure.days)
    ]


def _sales_forecast(inputs: Inputs) -> Answer:
    sales = inputs["sales"]
    if inputs.as_of_date is None:
        sales = sales.iloc[:0]
    result = forecast_sales(
        sales,
        inputs.as_of_date or date.min,
        country_code=inputs.business.country_code,
        closures=_closed_days(inputs.business),
    )
    refusals = result.refusals
    if sales.empty:
        refusals = pd.DataFrame(
            [("total", 0, "Not enough data: there are no counted sales yet.")],
            columns=["subject", "observations_count", "reason"],
        )
    return Answer(
        tables={"sales_forecast": result.forecasts, "backtests": result.backtests},
        refusals=refusals,
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
        "sales": "select sale_date, location_name, category_name, net_amount "
        "from marts.rpt_margin_daily where sale_date <= %(as_of)s "
        "order by sale_date, location_name, category_name",
    },
    answer=_sales_forecast,
    libraries=("prophet", "statsforecast", "numpy", "pandas", "holidays"),
    settings=lambda business: [business.country_code, *map(str, _closed_days(business))],
)
TASKS = (SALES_FORECAST,)
