"""Tiles and filters that several dashboards show in the same way."""

from dataclasses import replace

from hub_bi.charts import BigNumber, ForecastBand, Heatmap, Latest, Rows, Summary, Where
from hub_bi.palette import BLUE
from hub_bi.tiles import Card, ChoiceFilter, PeriodFilter, Tile

PERIOD = PeriodFilter()
LOCATION = ChoiceFilter("Location", "rpt_sales_daily", "location_name")
LOCATION_TODAY = ChoiceFilter("Location", "rpt_today", "location_name")
CHANNEL = ChoiceFilter("Channel", "rpt_sales_daily", "channel_name")
CATEGORY = ChoiceFilter("Category", "rpt_product_performance", "category_name")

NO_COST = "No product cost is known yet. Add a cost file to the inbox and this chart appears."
KNOWN_COST = "cost_amount is not null and cost_amount <> 0"
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
    note="Net sales of the chosen period.",
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
    only_where=KNOWN_COST,
    empty_note=NO_COST,
)
CONTRIBUTION = Tile(
    key="contribution",
    question="What is left of it?",
    mart="rpt_contribution_daily",
    chart=BigNumber("contribution_margin", "after goods and payment fees"),
    width=3,
    height=24,
    note="Contribution margin of the orders placed in the period, where the cost is known.",
    needs_rows_in="rpt_contribution_daily",
    only_where=KNOWN_COST,
    empty_note=NO_COST,
)
NO_CUSTOMERS = (
    "No sale names a customer yet. Map a customer column with `hub map` and the answer appears."
)
NEW_CUSTOMERS = Tile(
    key="new_customers",
    question="How many new customers came?",
    mart="rpt_customers_monthly",
    chart=BigNumber("new_customers", "bought for the first time", grain="P1M"),
    width=3,
    height=24,
    needs_rows_in="fct_customer_rfm",
    empty_note=NO_CUSTOMERS,
)
HOURS = Tile(
    key="hours",
    question="Which hours are busy? (darker = busier)",
    mart="rpt_sales_hourly",
    chart=Heatmap("average_orders_per_day", x="hour_of_day", y="weekday"),
    width=5,
    height=40,
    note="Average number of orders in that hour of that weekday.",
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
WHAT_TO_DO_CHART = Rows(
    ("insight_rank", "headline", "action", "act_by_date", "impact_amount", "impact_basis",
     "certainty"),
    order_by=("insight_rank",),
    page_length=20,
)  # fmt: skip
WHAT_TO_DO_NOW = Tile(
    key="what_to_do_now",
    question="What should we do now?",
    mart="rpt_insights",
    chart=WHAT_TO_DO_CHART,
    width=12,
    height=48,
    note="Most money first. A negative amount has been lost, a positive one can be won or kept.",
    needs_rows_in="rpt_insights",
    empty_note="Nothing is far enough from usual, and nothing is due.",
)
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
    "restaurant": "Restaurant",
    "customers": "Customers",
    "marketing": "Marketing",
    "inventory": "Inventory",
    "forecast": "Forecast",
    "data-health": "Data health",
    "data-dictionary": "Data dictionary",
}
NAVIGATION_KEY = "navigation"
PHONE_SUFFIX = "-phone"
# The choice of a reader, which holds until the browser is closed (see `hub_bi.web`).
VIEW_PARAMETER, FULL_VIEW, PHONE_VIEW = "view", "full", "phone"


def navigation(here: str) -> Card:
    """Return the links between the dashboards for a wide screen."""
    other = _link("Phone version", here + PHONE_SUFFIX, PHONE_VIEW)
    return Card(NAVIGATION_KEY, _links(here, "", other), width=12, height=6)


def phone_navigation(here: str) -> Card:
    """Return the links between the dashboards for a phone, with the way to the wide version."""
    other = _link("Full version", here, FULL_VIEW)
    return Card(NAVIGATION_KEY, _links(here, PHONE_SUFFIX, other), width=12, height=14)


def _links(here: str, suffix: str, other: str) -> str:
    links = [
        f"**{name}**" if slug == here else _link(name, slug + suffix)
        for slug, name in PAGES.items()
    ]
    return LINK_SEPARATOR.join([*links, other])


def _link(name: str, slug: str, view: str = "") -> str:
    query = f"?{VIEW_PARAMETER}={view}" if view else ""
    return f"[{name}](/superset/dashboard/{slug}/{query})"


def sized(tile: Tile, width: int, height: int) -> Tile:
    """Return a tile in another size."""
    return replace(tile, width=width, height=height)
