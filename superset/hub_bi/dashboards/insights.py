"""What is worth acting on, most money first, and what lies behind it."""

from hub_bi.charts import ByCategory, OverTime, Rows, Where
from hub_bi.dashboards.shared import FRESHNESS, LOCATION, WHAT_TO_DO_NOW, navigation, sized
from hub_bi.tiles import Card, Dashboard, Tile

UNUSUAL_DAYS = Tile(
    key="unusual_days",
    question="Which days were not as usual?",
    mart="rpt_anomalies",
    chart=Rows(
        (
            "first_date", "days_count", "series_name", "measure", "direction", "actual_value",
            "expected_value", "impact_amount",
        ),
        order_by=("-first_date",),
        limit=1000,
        page_length=10,
    ),
    width=12,
    height=44,
    note="Beside what such days are by the weeks before; holidays and closed days are left out.",
    needs_rows_in="rpt_anomalies",
    empty_note="No day was far from usual, or there are fewer than eight weeks of sales.",
)  # fmt: skip
DIRECTIONS = Tile(
    key="directions",
    question="What rises, and what falls?",
    mart="rpt_trends",
    chart=Rows(
        (
            "series_name", "measure", "direction", "level_value", "weekly_change_rate",
            "break_date", "impact_amount",
        ),
        order_by=("impact_amount",),
        where=(Where("direction", "steady", "!="),),
        limit=1000,
        page_length=10,
    ),
    width=12,
    height=44,
    note="The last 13 weeks, free of weekdays. The impact is that of a quarter at this pace.",
    needs_rows_in="rpt_trends",
    only_where="direction <> 'steady'",
    empty_note="Nothing rises or falls more than chance would, or there are too few weeks yet.",
)  # fmt: skip
TOPICS = Tile(
    key="topics",
    question="What are they about?",
    mart="rpt_insights",
    chart=ByCategory(("open_insights",), by="topic", limit=8),
    width=4,
    height=40,
    needs_rows_in="rpt_insights",
)
HOW_OFTEN = Tile(
    key="how_often",
    question="How often is a day not as usual?",
    mart="rpt_anomalies",
    chart=OverTime(("unusual_runs",), grain="P1M", split_by="direction", stacked=True),
    width=8,
    height=40,
    note="Runs of unusual days by month, of all places, categories and measures together.",
    needs_rows_in="rpt_anomalies",
    empty_note="No day was far from usual, or there are fewer than eight weeks of sales.",
)
GUIDE = Card(
    key="guide",
    text=(
        "**How to read it** — each line was found by a model or a rule, with the money at stake "
        "over the time named beside it. **Measured**: it has happened. **Forecast**: it is "
        "expected. **Observational**: past prices say so; try it before you rely on it."
    ),
    width=12,
    height=10,
)

DASHBOARD = Dashboard(
    slug="insights",
    title="Insights",
    description="What is worth acting on, most money first, and the rows behind it.",
    filters=(LOCATION,),
    rows=(
        (navigation("insights"),),
        (sized(WHAT_TO_DO_NOW, 12, 78),),
        (GUIDE,),
        (TOPICS, HOW_OFTEN),
        (UNUSUAL_DAYS,),
        (DIRECTIONS,),
        (FRESHNESS,),
    ),
)
