"""What to order, what lies too long, and what is missing."""

from hub_bi.charts import BigNumber, ByCategory, OverTime, Rows, Total, Where
from hub_bi.dashboards.shared import FRESHNESS, LOCATION, PERIOD, navigation
from hub_bi.tiles import ChoiceFilter, Dashboard, Tile

NO_STOCK = (
    "No stock level is known. Connect the till or the web shop, or put a count into "
    "`inbox/inventory`, and this chart appears."
)

# Of a mart that knows locations, so that their managers may open the page.
CATEGORY = ChoiceFilter("Category", "rpt_inventory_health", "category_name")
STOCK = Tile(
    key="stock",
    question="How much money is in stock?",
    mart="rpt_inventory_health",
    chart=Total("stock_value_judged", "at cost, on the last day"),
    width=4,
    height=24,
    needs_rows_in="rpt_inventory_health",
    only_where="value_at_cost_amount > 0",
    empty_note=NO_STOCK,
)
EMPTY_SHELVES = Tile(
    key="empty_shelves",
    question="How often is a shelf empty?",
    mart="fct_inventory_daily",
    chart=BigNumber("stock_out_rate", "of all days and shelves", is_cost=True),
    width=4,
    height=24,
    needs_rows_in="fct_inventory_daily",
    empty_note=NO_STOCK,
)
DEAD_BY_PLACE = Tile(
    key="dead_by_place",
    question="Where does stock lie dead?",
    mart="rpt_inventory_health",
    chart=ByCategory(("dead_stock_value",), by="location_name", limit=6),
    width=4,
    height=24,
    needs_rows_in="rpt_inventory_health",
    only_where="is_dead_stock and value_at_cost_amount > 0",
    empty_note="Nothing has been without a sale for 90 days.",
)
REORDER = Tile(
    key="reorder",
    question="What must be ordered?",
    mart="rpt_reorder_plan",
    chart=Rows(
        (
            "product_name", "location_name", "supplier_name", "urgency", "on_hand_quantity",
            "days_left", "order_quantity", "order_by_date", "order_amount", "lost_margin_amount",
        ),
        order_by=("-lost_margin_amount",),
        where=(Where("order_quantity", 0, ">"),),
        limit=1000,
        page_length=15,
    ),
    width=12,
    height=64,
    note="What waiting would cost comes first: margin expected to be lost until the next order.",
    needs_rows_in="rpt_reorder_plan",
    only_where="order_quantity > 0",
    empty_note="Nothing needs to be ordered, or stock and sales are not known yet.",
)  # fmt: skip
EMPTY_OVER_TIME = Tile(
    key="empty_over_time",
    question="Where are shelves empty, and when?",
    mart="fct_inventory_daily",
    chart=OverTime(("stock_out_rate",), shape="line", split_by="location_name"),
    width=6,
    height=42,
    note="Share of days and shelves without stock, by week and place.",
    needs_rows_in="fct_inventory_daily",
    empty_note=NO_STOCK,
)
DEAD = Tile(
    key="dead",
    question="Which stock lies dead?",
    mart="rpt_inventory_health",
    chart=Rows(
        (
            "product_name", "location_name", "on_hand_quantity", "value_at_cost_amount",
            "last_sold_date",
        ),
        order_by=("-value_at_cost_amount",),
        where=(Where("is_dead_stock", True),),
        limit=1000,
        page_length=10,
    ),
    width=6,
    height=42,
    note="On hand, and not sold for 90 days.",
    needs_rows_in="rpt_inventory_health",
    only_where="is_dead_stock",
    empty_note="Nothing has been without a sale for 90 days.",
)  # fmt: skip
HEALTH = Tile(
    key="health",
    question="Which products turn, and which do not?",
    mart="rpt_inventory_health",
    chart=Rows(
        (
            "product_name", "location_name", "turnover_rate", "days_on_hand", "sell_through_rate",
            "stock_out_days_count", "gmroi_rate", "shrinkage_amount",
        ),
        order_by=("-net_amount",),
        limit=1000,
        page_length=10,
    ),
    width=12,
    height=46,
    needs_rows_in="rpt_inventory_health",
    empty_note=NO_STOCK,
)  # fmt: skip

DASHBOARD = Dashboard(
    slug="inventory",
    title="Inventory",
    description="What to order, what lies too long, and what is missing.",
    filters=(PERIOD, LOCATION, CATEGORY),
    rows=(
        (navigation("inventory"),),
        (STOCK, EMPTY_SHELVES, DEAD_BY_PLACE),
        (REORDER,),
        (EMPTY_OVER_TIME, DEAD),
        (HEALTH,),
        (FRESHNESS,),
    ),
)
