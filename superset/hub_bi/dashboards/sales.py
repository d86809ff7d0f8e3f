"""How sales move: by month, place, channel and hour."""

from hub_bi.charts import OverTime, Summary
from hub_bi.dashboards.shared import (
    AVERAGE_ORDER,
    CHANNEL,
    FRESHNESS,
    HOURS,
    LOCATION,
    NET_SALES,
    ORDERS,
    PERIOD,
    navigation,
    sized,
)
from hub_bi.tiles import Dashboard, Tile

DAILY_SALES = Tile(
    key="daily_sales",
    question="Where is the business heading?",
    mart="rpt_sales_daily",
    chart=OverTime(("net_sales",), shape="line", grain="P1D", smooth_over=28),
    width=7,
    height=40,
    note="Net sales per day, averaged over 28 days so that weekdays do not hide the direction.",
)
BY_LOCATION = Tile(
    key="by_location",
    question="How much did each location sell?",
    mart="rpt_sales_daily",
    chart=OverTime(("net_sales",), grain="P1M", split_by="location_name", stacked=True),
    width=6,
    height=42,
    note="Net sales by month and location.",
)
BY_CHANNEL = Tile(
    key="by_channel",
    question="Which channels does it come through?",
    mart="rpt_sales_daily",
    chart=OverTime(("net_sales",), grain="P1M", split_by="channel_name", stacked=True),
    width=6,
    height=42,
    note="Net sales by month and sales channel.",
)
MONTHS = Tile(
    key="months",
    question="What do the months look like in figures?",
    mart="rpt_sales_daily",
    chart=Summary(
        by=("sale_date",),
        metrics=("gross_sales", "discounts", "reversals", "net_sales", "orders"),
        grain="P1M",
        sort_by="sale_date",
    ),
    width=6,
    height=42,
    note="For the books: gross sales less discounts and refunds gives net sales.",
)

DASHBOARD = Dashboard(
    slug="sales",
    title="Sales",
    description="How sales move by month, location, channel and hour.",
    filters=(PERIOD, LOCATION, CHANNEL),
    rows=(
        (navigation("sales"),),
        tuple(sized(number, 4, 24) for number in (NET_SALES, ORDERS, AVERAGE_ORDER)),
        (DAILY_SALES, HOURS),
        (BY_LOCATION, BY_CHANNEL),
        (sized(MONTHS, 12, 42),),
        (FRESHNESS,),
    ),
)
