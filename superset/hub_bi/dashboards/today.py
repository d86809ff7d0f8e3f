"""The day that is going on: what was sold so far, whether that is usual, and what was sold last."""

from hub_bi.charts import ByCategory, Latest, Rows, Total, Where
from hub_bi.dashboards.shared import LOCATION_TODAY, navigation
from hub_bi.palette import BLUE, SLATE
from hub_bi.tiles import Card, Dashboard, Tile

REFRESH_SECONDS = 10
PRODUCTS = Where("line_type", "product")
NO_SALE = "No sale is on record yet. Load your records with `hub run`."

DAY = Tile(
    key="day",
    question="Which day is this?",
    mart="rpt_today",
    chart=Total(Latest("sale_date", "Day"), "the newest day with a sale"),
    width=3,
    height=17,
    empty_note=NO_SALE,
)
SOLD = Tile(
    key="sold",
    question="How much so far?",
    mart="rpt_today",
    chart=Total("today_net_sales", "net sales"),
    width=3,
    height=17,
    empty_note=NO_SALE,
)
PACE = Tile(
    key="pace",
    question="Is that as usual?",
    mart="rpt_today",
    chart=Total("today_pace", "of what is usual by now"),
    width=3,
    height=17,
    note="Usual: the mean of the same weekday of eight weeks, in the hours that are over.",
    needs_rows_in="rpt_today",
    only_where="usual_amount > 0",
    empty_note="What is usual is known after a week of sales with a time of day.",
)
ORDERS = Tile(
    key="orders",
    question="How many orders?",
    mart="rpt_today",
    chart=Total("today_orders", "orders so far"),
    width=3,
    height=17,
    empty_note=NO_SALE,
)
HOURS = Tile(
    key="hours",
    question="How does the day go?",
    mart="rpt_today_hours",
    chart=ByCategory(
        ("today_hourly_net_sales", "today_hourly_usual"),
        by="hour_of_day",
        lying=False,
        in_own_order=True,
        limit=24,
        labels={"today_hourly_net_sales": "Today", "today_hourly_usual": "Usual"},
    ),
    width=7,
    height=42,
    note="Net sales by hour, beside the same weekday of the eight weeks before.",
    empty_note="Your records tell no time of day.",
)
PLACES = Tile(
    key="places",
    question="Where is it sold?",
    mart="rpt_today",
    chart=Rows(
        ("location_name", "net_amount", "usual_so_far_amount", "usual_amount", "orders_count"),
        order_by=("-net_amount",),
    ),
    width=5,
    height=42,
    empty_note=NO_SALE,
)
LAST = Tile(
    key="last",
    question="What was sold last?",
    mart="rpt_today_sales",
    chart=Rows(
        ("sold_local_at", "location_name", "product_name", "quantity", "net_amount"),
        order_by=("-sold_local_at",),
        limit=15,
        where=(PRODUCTS,),
    ),
    width=7,
    height=50,
    empty_note=NO_SALE,
)
BEST = Tile(
    key="best",
    question="What sells best?",
    mart="rpt_today_sales",
    chart=ByCategory(("today_product_net_sales",), by="product_name", limit=8, where=(PRODUCTS,)),
    width=5,
    height=50,
    empty_note=NO_SALE,
)
GUIDE = Card(
    key="guide",
    text=(
        f"This page looks again every {REFRESH_SECONDS} seconds. Far below usual two hours in a "
        "row: send somebody home early or offer something at the till. Far above: call help in, "
        "and look at [Inventory](/superset/dashboard/inventory/)."
    ),
    width=12,
    height=8,
)

DASHBOARD = Dashboard(
    slug="today",
    title="Today",
    description="What was sold so far today, and whether that is usual.",
    filters=(LOCATION_TODAY,),
    label_colours={"Today": BLUE, "Usual": SLATE},
    refresh_seconds=REFRESH_SECONDS,
    rows=(
        (navigation("today"),),
        (DAY, SOLD, PACE, ORDERS),
        (HOURS, PLACES),
        (LAST, BEST),
        (GUIDE,),
    ),
)
