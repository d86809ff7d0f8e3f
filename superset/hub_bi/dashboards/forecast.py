"""What the coming days should bring, how sure that is, and whether it beats a simple guess."""

from hub_bi.charts import ByCategory, OverTime, Rows, Total, Where
from hub_bi.dashboards.shared import (
    FORECAST_COLOURS,
    FRESHNESS,
    NEXT_30_DAYS,
    NO_FORECAST,
    navigation,
)
from hub_bi.palette import BLUE, SLATE
from hub_bi.tiles import Card, Dashboard, Tile

TOTAL = Where("series_level", "total")


def _coming(days: int, question: str) -> Tile:
    return Tile(
        key=f"next_{days}_days_total",
        question=question,
        mart="rpt_sales_forecast",
        chart=Total(
            "forecast_sales",
            f"expected net sales, next {days} days",
            where=(TOTAL, Where("horizon_days", days), Where("row_type", "forecast")),
        ),
        width=4,
        height=17,
        needs_rows_in="rpt_sales_forecast",
        empty_note=NO_FORECAST,
    )


BY_CATEGORY = Tile(
    key="by_category",
    question="What will each category sell in 30 days?",
    mart="rpt_sales_forecast",
    chart=ByCategory(
        ("forecast_sales",),
        by="series_name",
        where=(
            Where("series_level", "category"),
            Where("horizon_days", 30),
            Where("row_type", "forecast"),
        ),
    ),
    width=4,
    height=42,
    needs_rows_in="rpt_sales_forecast",
    only_where="series_level = 'category'",
    empty_note="There is no forecast by category yet. It appears once products have categories.",
)
REVIEW = Tile(
    key="review",
    question="How good were the last forecasts?",
    mart="rpt_forecast_review",
    chart=OverTime(
        ("promised_sales", "sales_that_came"),
        labels={"promised_sales": "Foretold", "sales_that_came": "Came in"},
        where=(TOTAL,),
    ),
    width=7,
    height=42,
    note=(
        "By week, as foretold up to seven days before. Weeks without a forecast of their time "
        "show what today's method would have foretold without knowing them."
    ),
    needs_rows_in="rpt_forecast_review",
    only_where="series_level = 'total'",
    empty_note="No forecast has come true yet, and there are too few days to test one.",
)
ACCURACY = Tile(
    key="accuracy",
    question="Does the forecast beat a simple guess?",
    mart="rpt_forecast_accuracy",
    chart=ByCategory(
        ("forecast_wape", "naive_wape"),
        by="days_ahead",
        lying=False,
        in_own_order=True,
        labels={"forecast_wape": "Our forecast", "naive_wape": "Simple guess"},
        where=(TOTAL, Where("is_selected", True)),
    ),
    width=5,
    height=42,
    note="Error as a share of sales, on past days that the model had not seen. Lower is better.",
    needs_rows_in="rpt_forecast_accuracy",
    only_where="is_selected and series_level = 'total'",
    empty_note="The forecast has not been tested on past days yet.",
)
MODELS = Tile(
    key="models",
    question="How sure can we be of each forecast?",
    mart="rpt_forecast_accuracy",
    chart=Rows(
        (
            "series_name",
            "horizon_days",
            "method",
            "wape",
            "rule_of_thumb",
            "best_naive_wape",
            "coverage_80",
            "n_origins",
        ),
        order_by=("series_level", "series_name", "horizon_days"),
        where=(
            Where("is_selected", True),
            Where("series_level", ["total", "location", "category"], "IN"),
        ),
    ),
    width=12,
    height=46,
    note="Coverage near 80 % means that the band can be trusted.",
    needs_rows_in="rpt_forecast_accuracy",
    only_where="is_selected",
    empty_note="The forecast has not been tested on past days yet.",
)
GUIDE = Card(
    key="guide",
    text=(
        "**How to use this** — order and roster for the middle line, keep enough in hand for the "
        "upper edge of the band. Where our forecast does not beat the "
        "simple guess, trust last week instead."
    ),
    width=12,
    height=8,
)

DASHBOARD = Dashboard(
    slug="forecast",
    title="Forecast",
    description="What the coming weeks should bring, and how far to trust it.",
    label_colours={
        **FORECAST_COLOURS,
        "Foretold": BLUE,
        "Came in": SLATE,
        "Our forecast": BLUE,
        "Simple guess": SLATE,
    },
    rows=(
        (navigation("forecast"),),
        (
            _coming(7, "What comes in next week?"),
            _coming(30, "And in 30 days?"),
            _coming(90, "And in 90 days?"),
        ),
        (NEXT_30_DAYS, BY_CATEGORY),
        (GUIDE,),
        (REVIEW, ACCURACY),
        (MODELS,),
        (FRESHNESS,),
    ),
)
