"""A kitchen's page: what to keep, raise or drop, when to have staff, which ingredients to buy."""

from dataclasses import replace

from hub_bi.charts import Bubbles, OverTime, Rows, Share, Where
from hub_bi.dashboards.shared import CATEGORY, FRESHNESS, HOURS, LOCATION, PERIOD, navigation
from hub_bi.palette import QUADRANT_COLOURS
from hub_bi.tiles import Card, Dashboard, Tile

NO_COST = (
    "No product cost is known yet, so margins cannot be shown. Add a cost file to the inbox "
    "and this chart appears."
)
STAFFED_HOURS = replace(
    HOURS, question="Which hours need staff? (darker = busier)", width=7, height=46
)
CATEGORIES = Tile(
    key="categories",
    question="How do the categories move?",
    mart="rpt_product_performance",
    chart=OverTime(("product_net_sales",), grain="P1M", split_by="category_name", stacked=True),
    width=5,
    height=46,
    note="Net sales by month, all on record.",
    ignores_period=True,
)
QUADRANTS = Tile(
    key="quadrants",
    question="Which products earn, and which only sell?",
    mart="rpt_menu",
    chart=Bubbles(
        entity="product_name",
        series="quadrant",
        x="menu_units",
        y="menu_unit_margin",
        size="menu_gross_margin",
        x_title="Units sold in 12 months",
        y_title="Margin per unit",
    ),
    width=7,
    height=52,
    note="Right means popular, high means profitable; the size is the margin earned in 12 months.",
    needs_rows_in="rpt_menu",
    only_where="unit_margin_amount is not null",
    empty_note=NO_COST,
)
QUADRANT_SHARE = Tile(
    key="quadrant_share",
    question="Which group brings the sales?",
    mart="rpt_menu",
    chart=Share("menu_net_sales", by="quadrant"),
    width=5,
    height=52,
    needs_rows_in="rpt_menu",
    empty_note="No product has been sold in the last 12 months.",
)
WHAT_TO_DO = Tile(
    key="what_to_do",
    question="What should we do with each product?",
    mart="rpt_menu",
    chart=Rows(
        (
            "product_name",
            "category_name",
            "quadrant",
            "units",
            "unit_margin_amount",
            "gross_margin_amount",
            "recommended_action",
        ),
        order_by=("-gross_margin_amount",),
        limit=1000,
        page_length=15,
    ),
    width=12,
    height=58,
    needs_rows_in="rpt_menu",
    empty_note="No product has been sold in the last 12 months.",
)
STAFF = Tile(
    key="staff",
    question="How many people are needed in the next days?",
    mart="rpt_staffing_plan",
    chart=Rows(
        (
            "location_name", "plan_date", "work_hour", "expected_orders", "needed_staff_count",
            "usual_staff_count", "scheduled_staff_count", "difference_staff_count",
        ),
        order_by=("plan_date", "location_name", "work_hour"),
        limit=1000,
        page_length=12,
    ),
    width=12,
    height=50,
    note="Orders expected per open hour, and the people they need at the pace of busy hours.",
    needs_rows_in="rpt_staffing_plan",
    empty_note="No plan yet: it needs eight weeks of sales by the hour.",
)  # fmt: skip
INGREDIENTS = Tile(
    key="ingredients",
    question="Which ingredients will run short?",
    mart="rpt_ingredient_plan",
    chart=Rows(
        (
            "plan_date", "ingredient_name", "location_name", "needed_quantity",
            "incoming_quantity", "stock_quantity", "shortfall_quantity", "unit_of_measure",
        ),
        order_by=("plan_date", "ingredient_name"),
        limit=1000,
        page_length=10,
    ),
    width=12,
    height=44,
    note="The menu's forecast times its recipes, beside stock and deliveries under way.",
    needs_rows_in="rpt_ingredient_plan",
    empty_note="No recipe is known. Put recipes into `inbox/recipes` and this table appears.",
)  # fmt: skip
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
GUIDE = Card(
    key="guide",
    text=(
        "**How to read the groups** — **Star**: popular and profitable, never run out. "
        "**Plowhorse**: popular, little margin; raise the price a little or lower the cost. "
        "**Puzzle**: profitable, seldom ordered; show it better. "
        "**Dog**: neither; consider dropping it."
    ),
    width=12,
    height=10,
)

DASHBOARD = Dashboard(
    slug="restaurant",
    title="Restaurant",
    description="Which products to keep, raise, show better or drop, and which hours need staff.",
    filters=(PERIOD, LOCATION, CATEGORY),
    label_colours=QUADRANT_COLOURS,
    rows=(
        (navigation("restaurant"),),
        (STAFFED_HOURS, CATEGORIES),
        (QUADRANTS, QUADRANT_SHARE),
        (GUIDE,),
        (WHAT_TO_DO,),
        (SEASONS,),
        (STAFF,),
        (INGREDIENTS,),
        (FRESHNESS,),
    ),
)
