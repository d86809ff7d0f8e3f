"""Tiles and filters that several dashboards show in the same way."""

from dataclasses import replace

from hub_bi.charts import BigNumber, ForecastBand, Latest, Rows, Summary, Where
from hub_bi.palette import BLUE
from hub_bi.tiles import Card, ChoiceFilter, PeriodFilter, Tile

PERIOD = PeriodFilter()
LOCATION = ChoiceFilter("Location", "rpt_sales_daily", "location_name")
LOCATION_TODAY = ChoiceFilter("Location", "rpt_today", "location_name")
CHANNEL = ChoiceFilter("Channel", "rpt_sales_daily", "channel_name")
CATEGORY = ChoiceFilter("Category", "rpt_product_performance", "category_name")

NO_FORECAST = (
    "There is no forecast yet. It needs about two months of daily sales: load them with "
    "`hub run` and this chart appears."
)

NET_SALES = Tile(
    key="net_sales",
    question="How much did we sell?",
    mart="rpt_sales_daily",
    chart=BigNumber("net_sales", "after discounts and refunds"),
    width=3,
    height=24,
    note="Net sales of the chosen period; the line shows the weeks.",
)
ORDERS = Tile(
    key="orders",
    question="How many orders came in?",
    mart="rpt_sales_daily",
    chart=BigNumber("orders", "orders"),
    width=3,
    height=24,
)
AVERAGE_ORDER = Tile(
    key="average_order_value",
    question="What is an order worth?",
    mart="rpt_sales_daily",
    chart=BigNumber("average_order_value", "net sales per order"),
    width=3,
    height=24,
)
MARGIN_RATE = Tile(
    key="margin_rate",
    question="What margin do we keep?",
    mart="rpt_margin_daily",
    chart=BigNumber("margin_rate", "left after product costs"),
    width=3,
    height=24,
    note="Gross margin as a share of the net sales whose product cost is known.",
    needs_rows_in="rpt_margin_daily",
    only_where="cost_amount is not null and cost_amount <> 0",
    empty_note="No product cost is known yet. Add a cost file to the inbox and the margin appears.",
)
NEXT_30_DAYS = Tile(
    key="next_30_days",
    question="What will the next 30 days bring?",
    mart="rpt_sales_forecast",
    chart=ForecastBand(
        "actual_sales",
        "forecast_sales",
        "forecast_lower_80",
        "forecast_upper_80",
        "Net sales",
        where=(Where("series_level", "total"), Where("horizon_days", 30)),
    ),
    width=8,
    height=42,
    note="The band holds four days out of five. The last 90 days are shown before it.",
    needs_rows_in="rpt_sales_forecast",
    empty_note=NO_FORECAST,
)
WHAT_TO_DO_NOW = Tile(
    key="what_to_do_now",
    question="What should we do now?",
    mart="rpt_insights",
    chart=Rows(
        ("insight_rank", "headline", "action", "act_by_date", "impact_amount", "impact_basis",
         "certainty"),
        order_by=("insight_rank",),
        page_length=20,
    ),
    width=12,
    height=40,
    note="Most money first. A negative amount has been lost, a positive one can be won or kept.",
    needs_rows_in="rpt_insights",
    empty_note="Nothing is far enough from usual, and nothing is due.",
)  # fmt: skip
FRESHNESS = Tile(
    key="freshness",
    question="How fresh are these numbers?",
    mart="rpt_data_freshness",
    chart=Summary(
        by=("source_system",),
        metrics=(Latest("latest_sale_date", "Newest sale"), Latest("loaded_at", "Loaded on")),
    ),
    width=12,
    height=26,
    note="The newest sale of each source and the day on which it was last loaded.",
)

# History, forecast and band are one series to the reader.
FORECAST_COLOURS = {
    "Net sales" + part: BLUE for part in ("", "__yhat", "__yhat_lower", "__yhat_upper")
}

LINK_SEPARATOR = " &nbsp;·&nbsp; "
PAGES = {
    "owner-overview": "Overview",
    "today": "Today",
    "insights": "Insights",
    "sales": "Sales",
    "profit": "Profit",
    "menu-and-hours": "Menu and hours",
    "customers": "Customers",
    "marketing": "Marketing",
    "inventory": "Inventory",
    "forecast": "Forecast",
    "data-health": "Data health",
}


def navigation(here: str) -> Card:
    """Return the line of links that leads from one dashboard to the others."""
    links = [
        f"**{name}**" if slug == here else f"[{name}](/superset/dashboard/{slug}/)"
        for slug, name in PAGES.items()
    ]
    return Card(key="navigation", text=LINK_SEPARATOR.join(links), width=12, height=6)


def sized(tile: Tile, width: int, height: int) -> Tile:
    """Return a tile in another size."""
    return replace(tile, width=width, height=height)
