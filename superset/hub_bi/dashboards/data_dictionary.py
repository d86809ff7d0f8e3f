"""What every table, column and metric means, as dbt describes them."""

from hub_bi.charts import Rows, Where
from hub_bi.dashboards.shared import navigation
from hub_bi.tiles import Card, ChoiceFilter, Dashboard, Tile

MART = "rpt_data_dictionary"

TABLES = Tile(
    key="tables",
    question="Which tables are there?",
    mart=MART,
    chart=Rows(
        ("table_name", "description"),
        order_by=("table_name",),
        where=(Where("entry_kind", "table"),),
        page_length=10,
        limit=500,
        searches=True,
    ),
    width=12,
    height=56,
)
COLUMNS = Tile(
    key="columns",
    question="What does each column mean?",
    mart=MART,
    chart=Rows(
        ("table_name", "entry_name", "data_type", "description"),
        order_by=("table_name", "entry_name"),
        where=(Where("entry_kind", "column"),),
        page_length=15,
        limit=5_000,
        searches=True,
    ),
    width=12,
    height=76,
)
METRICS = Tile(
    key="metrics",
    question="How is each metric counted?",
    mart=MART,
    chart=Rows(
        ("entry_name", "description", "table_name"),
        order_by=("entry_name",),
        where=(Where("entry_kind", "metric"),),
        page_length=15,
        limit=1_000,
        searches=True,
    ),
    width=12,
    height=76,
    note="`hub metrics` asks a metric by its name.",
)
GUIDE = Card(
    key="guide",
    text=(
        "**For whoever writes SQL** — the tables stand in SQL Lab and behind `hub sql`; worked "
        "questions are among its saved queries. `hub export rpt_sales_daily sales.xlsx` writes a "
        "table into a file."
    ),
    width=12,
    height=8,
)

DASHBOARD = Dashboard(
    slug="data-dictionary",
    title="Data dictionary",
    description="What every table, column and metric means.",
    filters=(ChoiceFilter("Table", MART, "table_name"),),
    rows=((navigation("data-dictionary"),), (GUIDE,), (TABLES,), (COLUMNS,), (METRICS,)),
)
