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
_SERIES = {
    "places": "ftr_location_sales_daily",
    "margins": "ftr_location_margins_daily",
    "parts": "ftr_part_sales_daily",
    "shelves": "ftr_location_shelves_daily",
    "visits": "ftr_visits_daily",
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
    rows_of = {name: inputs[name].rename(columns={"date_day": "day"}) for name in _SERIES}
    sales, margins = _with_total(rows_of["places"]), _with_total(rows_of["margins"])
    sold = sales[(sales["orders_count"] > 0) & (sales["net_amount"] > 0)]
    basket = sold["net_amount"].sum() / sold["orders_count"].sum() if len(sold) else float("nan")
    parts, visits = rows_of["parts"], rows_of["visits"]
    shelves = _with_total(rows_of["shelves"])
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
                parts.assign(
                    metric="net_sales",
                    value=parts["net_amount"],
                    noise_count=parts["lines_count"],
                    unit_amount=1.0,
                ),
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
    categories = parts.loc[parts["series_level"] == "category", "series_key"]
    return days, {"total": sorted({*places, *categories})}


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


ANOMALIES = Task(
    name="find_anomalies",
    group=GROUP,
    tables={"anomalies": "Days that were not as days like them are, and what moved."},
    reads=_SERIES,
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
    reads=_SERIES,
    answer=_trends,
    libraries=("numpy", "pandas", "ruptures", "scipy"),
)
INSIGHTS = Task(
    name="rank_insights",
    group=GROUP,
    tables={"insights": "What a person can do something about, most money first."},
    reads={
        "anomalies": "ftr_anomalies",
        "trends": "ftr_trends",
        "reorder_plan": "ftr_reorder_plans",
        "inventory_health": "ftr_dead_stock",
        "customers": "ftr_customer_risks",
        "price_elasticities": "ftr_better_prices",
        "price_tests": "ftr_price_test_verdicts",
        "below_cost": "ftr_products_below_cost",
        "staffing_plan": "ftr_staffing_plans",
        "outlook": "ftr_sales_outlook",
        "receivables": "ftr_late_payments",
        "acquisition": "ftr_acquisition",
    },
    answer=_insights,
    libraries=("babel", "pandas"),
    settings=lambda business: [business.currency_code, business.country_code],
)
TASKS = (ANOMALIES, TRENDS, INSIGHTS)
