"""How sales move: by month, place, season and hour."""

from hub_bi.charts import OverTime, Rows, Summary, Where
from hub_bi.dashboards.shared import (
    AVERAGE_ORDER,
    CATEGORY,
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

SEASONS = Tile(
    key="seasons",
    question="Which products sell best in each season?",
    mart="rpt_best_sellers_seasonal",
    chart=Rows(
        ("period_name", "period_start_date", "net_amount_rank", "product_name", "units",
         "net_amount"),
        order_by=("-period_start_date", "net_amount_rank"),
        where=(Where("period_type", "season"), Where("net_amount_rank", 5, "<=")),
        limit=60,
        page_length=10,
    ),
    width=12,
    height=46,
    note="The five products with the highest net sales of each season, the newest season first.",
    needs_rows_in="rpt_best_sellers_seasonal",
    only_where="period_type = 'season'",
)  # fmt: skip

DASHBOARD = Dashboard(
    slug="sales",
    title="Sales",
    description="How sales move by month, location, season and hour.",
    filters=(PERIOD, LOCATION, CHANNEL, CATEGORY),
    rows=(
        (navigation("sales"),),
        tuple(sized(number, 4, 24) for number in (NET_SALES, ORDERS, AVERAGE_ORDER)),
        (DAILY_SALES, HOURS),
        (BY_LOCATION, MONTHS),
        (SEASONS,),
        (FRESHNESS,),
    ),
)
