"""What is left: of sales after goods, fees and advertising, and of a month in the books."""

from hub_bi.charts import BigNumber, ByCategory, OverTime, Rows, Summary, Where
from hub_bi.dashboards.shared import FRESHNESS, LOCATION, MARGIN_RATE, PERIOD, navigation, sized
from hub_bi.palette import SLATE, TEAL
from hub_bi.tiles import Dashboard, Tile

NO_COST = "No product cost is known yet. Add a cost file to the inbox and this chart appears."
NO_BOOKS = "No books are connected. Run `hub connect quickbooks` and this chart appears."
KNOWN_COST = "cost_amount is not null and cost_amount <> 0"

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
CONTRIBUTION = Tile(
    key="contribution",
    question="And after payment fees?",
    mart="rpt_contribution_daily",
    chart=BigNumber("contribution_margin", "contribution margin"),
    width=4,
    height=24,
    needs_rows_in="rpt_contribution_daily",
    only_where=KNOWN_COST,
    empty_note=NO_COST,
)
FROM_SALES_TO_MARGIN = Tile(
    key="from_sales_to_margin",
    question="What becomes of a month's sales?",
    mart="rpt_margin_daily",
    chart=OverTime(
        ("cost_of_goods", "gross_margin"),
        grain="P1M",
        stacked=True,
        labels={"cost_of_goods": "Goods", "gross_margin": "Left after goods"},
    ),
    width=6,
    height=42,
    note="Net sales with a known cost, by month: what the goods cost and what was left.",
    needs_rows_in="rpt_margin_daily",
    only_where=KNOWN_COST,
    empty_note=NO_COST,
)
BY_CATEGORY = Tile(
    key="by_category",
    question="Which categories earn it?",
    mart="rpt_margin_daily",
    chart=ByCategory(("gross_margin",), by="category_name", limit=10),
    width=6,
    height=42,
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
    note="Accrual basis, as the accounting system's own report tells it.",
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
        order_by=("overdue_over_90_amount",),
        descending=True,
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
    filters=(PERIOD, LOCATION),
    label_colours={
        "Goods": SLATE,
        "Left after goods": TEAL,
    },
    rows=(
        (navigation("profit"),),
        (GROSS_MARGIN, sized(MARGIN_RATE, 4, 24), CONTRIBUTION),
        (FROM_SALES_TO_MARGIN, BY_CATEGORY),
        (BY_CHANNEL,),
        (BOOKS,),
        (OWED,),
        (FRESHNESS,),
    ),
)
