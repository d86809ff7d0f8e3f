"""Who comes back, who is slipping away, and what to do about each group."""

from hub_bi.charts import BigNumber, ByCategory, Heatmap, OverTime, Rows, Summary, Where
from hub_bi.dashboards.shared import (
    FRESHNESS,
    NEW_CUSTOMERS,
    NO_CUSTOMERS,
    PERIOD,
    navigation,
    sized,
)
from hub_bi.palette import BLUE, SEGMENT_COLOURS, SLATE, TEAL
from hub_bi.tiles import Dashboard, Tile

IDENTIFIED = "fct_customer_rfm"

NAMED_SHARE = Tile(
    key="identified_share",
    question="How many orders name a customer?",
    mart="rpt_customers_monthly",
    chart=BigNumber("identified_share", "of orders name a customer", grain="P1M"),
    width=6,
    height=24,
    needs_rows_in=IDENTIFIED,
    empty_note=NO_CUSTOMERS,
)
NAMED_AND_GUEST = Tile(
    key="named_and_guest",
    question="Who places the orders?",
    mart="rpt_customers_monthly",
    chart=OverTime(
        ("identified_orders", "guest_orders"),
        grain="P1M",
        stacked=True,
        labels={"identified_orders": "Named customers", "guest_orders": "Guests"},
    ),
    width=6,
    height=44,
    note="Orders by month, all on record; a guest is an order that names no customer.",
    ignores_period=True,
)
NEW_OR_RETURNING = Tile(
    key="new_or_returning",
    question="Do we live on new or on returning customers?",
    mart="rpt_customers_monthly",
    chart=OverTime(
        ("returning_customers", "new_customers"),
        grain="P1M",
        stacked=True,
        labels={"returning_customers": "Returning", "new_customers": "New"},
    ),
    width=6,
    height=44,
    note="Customers by month, all on record.",
    ignores_period=True,
    needs_rows_in=IDENTIFIED,
    empty_note=NO_CUSTOMERS,
)
RETENTION = Tile(
    key="retention",
    question="Do they come back? (darker = more)",
    mart="rpt_customer_cohorts",
    chart=Heatmap(
        "cohort_retention",
        x="months_later",
        y="first_month",
        where=(Where("months_since_first", 0, ">"), Where("months_since_first", 12, "<=")),
    ),
    width=6,
    height=50,
    note=(
        "Rows: month of the first order. Columns: months later. "
        "Darker means that more of the group bought again."
    ),
    needs_rows_in="rpt_customer_cohorts",
    only_where="months_since_first > 0",
    empty_note=NO_CUSTOMERS,
)
AT_RISK = Tile(
    key="at_risk",
    question="What are they worth, and how sure are they to stay?",
    mart="rpt_customer_predictions",
    chart=Summary(
        by=("churn_risk", "value_tier"),
        metrics=("predicted_customers", "expected_net_sales_12m", "expected_margin_12m"),
        labels={
            "predicted_customers": "How many",
            "expected_net_sales_12m": "Sales, next 12 months",
            "expected_margin_12m": "Margin, next 12 months",
        },
    ),
    width=12,
    height=44,
    note="Expected sales and margin of the next twelve months, by risk of leaving and value.",
    needs_rows_in=IDENTIFIED,
    empty_note=NO_CUSTOMERS,
)
SEGMENT_SIZE = Tile(
    key="segment_size",
    question="Who are our customers?",
    mart="rpt_rfm_segments",
    chart=ByCategory(
        ("segment_customers",), by="segment", limit=12, where=(Where("customers_count", 0, ">"),)
    ),
    width=6,
    height=50,
    note="Customers by recency, frequency and value of their orders.",
    needs_rows_in=IDENTIFIED,
    empty_note=NO_CUSTOMERS,
)
SEGMENT_ACTIONS = Tile(
    key="segment_actions",
    question="What should we do for each group?",
    mart="rpt_rfm_segments",
    chart=Rows(
        ("segment", "customers_count", "net_amount", "average_recency_days", "recommended_action"),
        order_by=("segment_rank",),
        where=(Where("customers_count", 0, ">"),),
    ),
    width=12,
    height=44,
    needs_rows_in=IDENTIFIED,
    empty_note=NO_CUSTOMERS,
)

DASHBOARD = Dashboard(
    slug="customers",
    title="Customers",
    description="Who comes back, who is slipping away, and what to do about it.",
    filters=(PERIOD,),
    label_colours={
        **SEGMENT_COLOURS,
        "Named customers": BLUE,
        "Guests": SLATE,
        "Returning": BLUE,
        "New": TEAL,
    },
    rows=(
        (navigation("customers"),),
        (NAMED_SHARE, sized(NEW_CUSTOMERS, 6, 24)),
        (NAMED_AND_GUEST, NEW_OR_RETURNING),
        (RETENTION, SEGMENT_SIZE),
        (AT_RISK,),
        (SEGMENT_ACTIONS,),
        (FRESHNESS,),
    ),
)
