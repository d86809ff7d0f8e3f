"""What new customers cost and bring, where visits are lost, and what price tests say."""

from hub_bi.charts import BigNumber, ByCategory, OverTime, Rows, Summary
from hub_bi.dashboards.shared import FRESHNESS, PERIOD, navigation
from hub_bi.palette import BLUE, SLATE, TEAL
from hub_bi.tiles import Dashboard, Tile

NO_SPEND = (
    "No advertising spend is known. Put the platforms' files into `inbox/marketing` and this "
    "chart appears."
)
NO_VISITS = (
    "Visits are not known. Put the web statistics' file into `inbox/web` and this chart appears."
)

SPEND = Tile(
    key="spend",
    question="What does advertising cost?",
    mart="fct_marketing_spend",
    chart=BigNumber("ad_spend", "spent on advertising", is_cost=True),
    width=4,
    height=24,
    needs_rows_in="fct_marketing_spend",
    empty_note=NO_SPEND,
)
COST_OF_A_CUSTOMER = Tile(
    key="cost_of_a_customer",
    question="What does a new customer cost?",
    mart="rpt_acquisition",
    chart=BigNumber("blended_cac", "spend per new customer", grain="P1M", is_cost=True),
    width=4,
    height=24,
    needs_rows_in="rpt_acquisition",
    only_where="spend_amount > 0",
    empty_note=NO_SPEND,
)
CONVERSION = Tile(
    key="conversion",
    question="How many visits end in an order?",
    mart="rpt_conversion_funnel",
    chart=BigNumber("conversion_rate", "of visits end in an order"),
    width=4,
    height=24,
    needs_rows_in="rpt_conversion_funnel",
    only_where="sessions_count > 0",
    empty_note=NO_VISITS,
)
COHORTS = Tile(
    key="cohorts",
    question="Do new customers earn back what they cost?",
    mart="rpt_acquisition",
    chart=Rows(
        (
            "cohort_month", "new_customers_count", "spend_amount", "blended_cac_amount",
            "margin_ltv_amount", "ltv_to_cac_rate", "payback_months_count",
        ),
        order_by=("-cohort_month",),
        page_length=12,
    ),
    width=12,
    height=46,
    note="By month of the first purchase; margin of up to twelve months since, never revenue.",
    needs_rows_in="rpt_acquisition",
    empty_note=NO_SPEND,
    ignores_period=True,
)  # fmt: skip
SPEND_BY_PLATFORM = Tile(
    key="spend_by_platform",
    question="Where does the money go?",
    mart="fct_marketing_spend",
    chart=OverTime(("ad_spend",), grain="P1M", split_by="platform_name", stacked=True),
    width=6,
    height=42,
    needs_rows_in="fct_marketing_spend",
    empty_note=NO_SPEND,
)
TOUCHES = Tile(
    key="touches",
    question="Which visits bring sales?",
    mart="rpt_customer_journey",
    chart=ByCategory(
        ("first_touch_sales", "linear_sales", "last_touch_sales"),
        by="marketing_channel",
        lying=False,
        limit=8,
        labels={
            "first_touch_sales": "First visit",
            "linear_sales": "Shared",
            "last_touch_sales": "Last visit",
        },
    ),
    width=6,
    height=42,
    note="Net sales credited to the first visit, to the last, or in equal parts to all known ones.",
    needs_rows_in="rpt_customer_journey",
    empty_note="No visit before an order is known; Shopify tells them once it is connected.",
)
FUNNEL = Tile(
    key="funnel",
    question="Where are visits lost?",
    mart="rpt_conversion_funnel",
    chart=Summary(
        by=("channel_name",),
        metrics=("web_sessions", "web_carts", "web_checkouts", "web_orders", "conversion_rate"),
    ),
    width=12,
    height=40,
    needs_rows_in="rpt_conversion_funnel",
    empty_note=NO_VISITS,
)
PRICE_TESTS = Tile(
    key="price_tests",
    question="What do the price tests say?",
    mart="rpt_price_test_verdicts",
    chart=Rows(
        (
            "test_name", "variant_name", "answer", "control_margin_amount",
            "variant_margin_amount", "difference_amount", "reason",
        ),
        order_by=("-last_date",),
    ),
    width=12,
    height=36,
    note="Margin per visitor of both prices, and what to do.",
    needs_rows_in="rpt_price_test_verdicts",
    empty_note="No price test is on record. Put its file into `inbox/price_tests`.",
)  # fmt: skip

DASHBOARD = Dashboard(
    slug="marketing",
    title="Marketing",
    description="What new customers cost and bring, and where visits are lost.",
    filters=(PERIOD,),
    label_colours={"First visit": BLUE, "Shared": SLATE, "Last visit": TEAL},
    rows=(
        (navigation("marketing"),),
        (SPEND, COST_OF_A_CUSTOMER, CONVERSION),
        (COHORTS,),
        (SPEND_BY_PLATFORM, TOUCHES),
        (FUNNEL,),
        (PRICE_TESTS,),
        (FRESHNESS,),
    ),
)
