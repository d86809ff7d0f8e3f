"""How sales move: by week, month and weekday, and what discounts and refunds take away."""

from hub_bi.charts import BigNumber, ByCategory, OverTime, Summary
from hub_bi.dashboards.shared import (
    AVERAGE_ORDER,
    CHANNEL,
    FRESHNESS,
    LOCATION,
    NET_SALES,
    ORDERS,
    PERIOD,
    navigation,
)
from hub_bi.tiles import Dashboard, Tile

GIVEN_AWAY = Tile(
    key="given_away",
    question="How much did discounts take?",
    mart="rpt_sales_daily",
    chart=BigNumber("discounts", "discounts given"),
    width=3,
    height=24,
    needs_rows_in="rpt_sales_daily",
    only_where="discount_amount <> 0",
    empty_note="No discount is on record.",
)
DAILY_SALES = Tile(
    key="daily_sales",
    question="Where is the business heading?",
    mart="rpt_sales_daily",
    chart=OverTime(("net_sales",), shape="line", grain="P1D", smooth_over=28),
    width=8,
    height=40,
    note="Net sales per day, averaged over 28 days so that weekdays do not hide the direction.",
)
WEEKDAYS = Tile(
    key="weekdays",
    question="Which days carry the week?",
    mart="rpt_sales_hourly",
    chart=ByCategory(("average_net_sales_per_day",), by="weekday", lying=True, in_own_order=True),
    width=4,
    height=40,
    note="Average net sales of each day of the week over the chosen period.",
)
BY_CHANNEL = Tile(
    key="by_channel",
    question="How much did we sell each month, and where?",
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
    description="How sales move by week, month, weekday and channel.",
    filters=(PERIOD, LOCATION, CHANNEL),
    rows=(
        (navigation("sales"),),
        (NET_SALES, ORDERS, AVERAGE_ORDER, GIVEN_AWAY),
        (DAILY_SALES, WEEKDAYS),
        (BY_CHANNEL, MONTHS),
        (FRESHNESS,),
    ),
)
