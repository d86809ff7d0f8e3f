"""The owner's first page: is the business well, and what needs a look?"""

from dataclasses import replace

from hub_bi.charts import OverTime, Rows, Where
from hub_bi.dashboards.shared import (
    CONTRIBUTION,
    FORECAST_COLOURS,
    FRESHNESS,
    LOCATION,
    NET_SALES,
    NEW_CUSTOMERS,
    NEXT_30_DAYS,
    ORDERS,
    PERIOD,
    WHAT_TO_DO_CHART,
    WHAT_TO_DO_NOW,
    navigation,
    sized,
)
from hub_bi.tiles import Dashboard, Tile

WEEKLY_SALES = Tile(
    key="weekly_sales",
    question="How much did we sell each week?",
    mart="rpt_sales_daily",
    chart=OverTime(("net_sales",), beside_last_year=True),
    width=7,
    height=42,
    note="Net sales by week; the first and the last week may be incomplete.",
)
ORDER_FIRST = Tile(
    key="order_first",
    question="What must be ordered first?",
    mart="rpt_reorder_plan",
    chart=Rows(
        ("product_name", "location_name", "order_by_date", "lost_margin_amount"),
        order_by=("-lost_margin_amount",),
        where=(Where("order_quantity", 0, ">"),),
        limit=8,
    ),
    width=5,
    height=42,
    note="The products for which waiting costs most; all of them are on the inventory page.",
    needs_rows_in="rpt_reorder_plan",
    only_where="order_quantity > 0",
    empty_note="Nothing needs to be ordered, or stock and sales are not known yet.",
)
FIRST_THINGS = replace(WHAT_TO_DO_NOW, chart=replace(WHAT_TO_DO_CHART, limit=8, page_length=0))
DASHBOARD = Dashboard(
    slug="owner-overview",
    title="Owner overview",
    description="Sales, profit, customers, stock, what to do now and what comes next, on one page.",
    filters=(PERIOD, LOCATION),
    label_colours=FORECAST_COLOURS,
    rows=(
        (navigation("owner-overview"),),
        (NET_SALES, ORDERS, CONTRIBUTION, NEW_CUSTOMERS),
        (FIRST_THINGS,),
        (WEEKLY_SALES, ORDER_FIRST),
        (sized(NEXT_30_DAYS, 12, 42),),
        (FRESHNESS,),
    ),
)
