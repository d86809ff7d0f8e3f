"""The owner's first page: is the business well, and what needs a look?"""

from hub_bi.charts import ByCategory, OverTime
from hub_bi.dashboards.shared import (
    AVERAGE_ORDER,
    FORECAST_COLOURS,
    FRESHNESS,
    LOCATION,
    MARGIN_RATE,
    NET_SALES,
    NEXT_30_DAYS,
    ORDERS,
    PERIOD,
    WHAT_TO_DO_NOW,
    navigation,
    sized,
)
from hub_bi.tiles import Dashboard, Tile

WEEKLY_SALES = Tile(
    key="weekly_sales",
    question="How much did we sell each week?",
    mart="rpt_sales_daily",
    chart=OverTime(("net_sales",)),
    width=8,
    height=42,
    note="Net sales by week; the first and the last week may be incomplete.",
)
TOP_PRODUCTS = Tile(
    key="top_products",
    question="Which products bring the money in?",
    mart="rpt_product_performance",
    chart=ByCategory(("product_net_sales",), by="product_name", limit=8),
    width=4,
    height=42,
    note="The eight products with the highest net sales in the chosen period.",
)
DASHBOARD = Dashboard(
    slug="owner-overview",
    title="Owner overview",
    description="Sales, margin, what to do now and what comes next, on one page.",
    filters=(PERIOD, LOCATION),
    label_colours=FORECAST_COLOURS,
    rows=(
        (navigation("owner-overview"),),
        (NET_SALES, ORDERS, AVERAGE_ORDER, MARGIN_RATE),
        (sized(WHAT_TO_DO_NOW, 12, 44),),
        (WEEKLY_SALES, TOP_PRODUCTS),
        (sized(NEXT_30_DAYS, 12, 42),),
        (FRESHNESS,),
    ),
)
