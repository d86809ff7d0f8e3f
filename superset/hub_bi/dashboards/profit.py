"""What is left: of sales after goods, fees and advertising, and of a month in the books."""

from hub_bi.charts import BigNumber, ByCategory, OverTime, Rows, Summary, Waterfall, Where
from hub_bi.dashboards.shared import (
    CATEGORY,
    CHANNEL,
    CONTRIBUTION,
    FRESHNESS,
    KNOWN_COST,
    LOCATION,
    MARGIN_RATE,
    NO_COST,
    PERIOD,
    navigation,
    sized,
)
from hub_bi.tiles import Dashboard, Tile

NO_BOOKS = "No books are connected. Run `hub connect quickbooks` and this chart appears."

GROSS_MARGIN = Tile(
    key="gross_margin",
    question="What is left after goods?",
    mart="rpt_margin_daily",
    chart=BigNumber("gross_margin", "net sales less the cost of goods"),
    width=4,
    height=24,
    needs_rows_in="rpt_margin_daily",
    only_where=KNOWN_COST,
    empty_note=NO_COST,
)
STEPS = Tile(
    key="steps",
    question="Where does the money go?",
    mart="rpt_profit_steps_daily",
    chart=Waterfall("profit_step_amount", step="step", total="Left"),
    width=8,
    height=46,
    note=(
        "Gross sales less discounts and refunds are net sales; less the cost of products and the "
        "payment fees they leave the contribution margin. Orders by the day they were placed; "
        "sales of products whose cost is not known are taken out before the costs."
    ),
    needs_rows_in="rpt_contribution_daily",
    only_where=KNOWN_COST,
    empty_note=NO_COST,
)
BY_CATEGORY = Tile(
    key="by_category",
    question="Which categories earn it?",
    mart="rpt_margin_daily",
    chart=ByCategory(
        ("gross_margin",),
        by="category_name",
        limit=10,
        where=(Where("gross_margin_amount", None, "IS NOT NULL"),),
    ),
    width=4,
    height=46,
    needs_rows_in="rpt_margin_daily",
    only_where=KNOWN_COST,
    empty_note=NO_COST,
)
BY_CHANNEL = Tile(
    key="by_channel",
    question="What does each channel leave?",
    mart="rpt_contribution_daily",
    chart=Summary(
        by=("channel_name",),
        metrics=(
            "contribution_net_sales", "order_processing_fees", "contribution_margin",
            "contribution_margin_rate",
        ),
        labels={
            "contribution_net_sales": "Sales of its orders",
            "order_processing_fees": "Payment fees",
            "contribution_margin": "Left",
            "contribution_margin_rate": "Left of each sale",
        },
        where=(Where("net_amount", 0, "!="),),
    ),
    width=12,
    height=34,
    note="Orders by the day they were placed; the rate is of the net sales whose cost is known.",
    needs_rows_in="rpt_contribution_daily",
    empty_note=NO_COST,
)  # fmt: skip
BOOKS = Tile(
    key="books",
    question="What do the books say is left of each month?",
    mart="rpt_profit_and_loss",
    chart=OverTime(
        ("gross_profit", "operating_expenses", "net_income"),
        grain="P1M",
    ),
    width=12,
    height=42,
    note="Accrual basis, as the accounting system's own report tells it; all months on record.",
    ignores_period=True,
    needs_rows_in="rpt_profit_and_loss",
    empty_note=NO_BOOKS,
)
OWED = Tile(
    key="owed",
    question="Who has not paid?",
    mart="rpt_receivables_ageing",
    chart=Rows(
        (
            "source_customer_id", "documents_count", "oldest_due_date", "current_amount",
            "overdue_1_30_amount", "overdue_31_60_amount", "overdue_61_90_amount",
            "overdue_over_90_amount",
        ),
        order_by=("-overdue_over_90_amount",),
        where=(Where("open_amount", 0, "!="),),
        page_length=10,
    ),
    width=12,
    height=42,
    note="Open invoices by how late they are; customers by their number in the books.",
    needs_rows_in="rpt_receivables_ageing",
    empty_note="No invoice is open, or no books are connected.",
)  # fmt: skip

DASHBOARD = Dashboard(
    slug="profit",
    title="Profit",
    description="What is left of sales after goods and fees, and of a month in the books.",
    filters=(PERIOD, LOCATION, CHANNEL, CATEGORY),
    rows=(
        (navigation("profit"),),
        (GROSS_MARGIN, sized(MARGIN_RATE, 4, 24), sized(CONTRIBUTION, 4, 24)),
        (STEPS, BY_CATEGORY),
        (BY_CHANNEL,),
        (BOOKS,),
        (OWED,),
        (FRESHNESS,),
    ),
)
