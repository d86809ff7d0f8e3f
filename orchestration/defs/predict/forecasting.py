"""How much will be sold: the sales forecast with its evidence."""

from __future__ import annotations

from orchestration.defs.predict.tasks import Answer, Inputs, Task, window_of

GROUP = "forecasting"


def _sales_forecast(inputs: Inputs) -> Answer:
    from ml.sales_forecast import forecast_sales

    sales, business = inputs["sales"], inputs.business
    result = forecast_sales(
        sales,
        inputs.as_of_date,
        country_code=business.country_code,
        closures=business.closed_dates,
        promotions=business.promotion_dates,
    )
    return Answer(
        tables={
            "sales_forecast": result.forecasts,
            "backtests": result.backtests,
            "backtest_days": result.backtest_days,
        },
        refusals=result.refusals,
        observations=len(sales),
        window=window_of(sales["sale_date"]),
    )


SALES_FORECAST = Task(
    name="forecast_sales",
    group=GROUP,
    tables={
        "sales_forecast": "Daily net sales 7, 30 and 90 days ahead with intervals.",
        "backtests": "How every candidate method did on past data, per series and horizon.",
        "backtest_days": "What was foretold of the newest days unseen, and what came.",
    },
    reads={"sales": "ftr_sales_daily"},
    answer=_sales_forecast,
    libraries=("prophet", "statsforecast", "scikit-learn", "numpy", "pandas", "holidays"),
    settings=lambda business: [
        business.country_code,
        business.closed_dates,
        business.promotion_dates,
    ],
    method_version=4,
)
TASKS = (SALES_FORECAST,)
