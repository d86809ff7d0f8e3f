"""Can the numbers be trusted today: checks, agreement with the sources, rejects and loads."""

from hub_bi.charts import ByCategory, OverTime, Rows, Total
from hub_bi.dashboards.shared import navigation
from hub_bi.palette import ORANGE, STATUS_COLOURS, TEAL
from hub_bi.tiles import Dashboard, Tile

FAILED = Tile(
    key="failed_checks",
    question="How many checks fail?",
    mart="rpt_check_results",
    chart=Total("failed_checks", "checks fail; 0 is what we want"),
    width=3,
    height=17,
    needs_rows_in="rpt_check_results",
    empty_note="No check has run yet. Run `hub run`.",
)
CHECKED = Tile(
    key="total_checks",
    question="How much is checked?",
    mart="rpt_check_results",
    chart=Total("total_checks", "checks on every run"),
    width=3,
    height=17,
    needs_rows_in="rpt_check_results",
    empty_note="No check has run yet. Run `hub run`.",
)
UNEXPLAINED = Tile(
    key="unexplained_days",
    question="Do we differ from the source?",
    mart="rpt_reconciliation",
    chart=Total("unexplained_days", "days differ without a reason"),
    width=3,
    height=17,
    needs_rows_in="rpt_reconciliation",
    empty_note="Nothing to compare with yet. Run `hub run`.",
)
REJECTED = Tile(
    key="quarantined_rows",
    question="How many rows were set aside?",
    mart="rpt_quarantine",
    chart=Total("quarantined_rows", "rows could not be read"),
    width=3,
    height=17,
    needs_rows_in="rpt_quarantine",
    empty_note="**0** — every row of every file was accepted.",
)
BY_KIND = Tile(
    key="by_kind",
    question="Which kind of check fails?",
    mart="rpt_check_results",
    chart=ByCategory(("total_checks",), by="check_source", split_by="status"),
    width=5,
    height=40,
    needs_rows_in="rpt_check_results",
    empty_note="No check has run yet. Run `hub run`.",
)
CHECKS = Tile(
    key="checks",
    question="Which checks need a look?",
    mart="rpt_check_results",
    chart=Rows(
        ("status", "check_name", "asset_name", "message", "checked_at"),
        order_by=("urgency", "check_name"),
        limit=200,
    ),
    width=12,
    height=56,
    note="The failing checks come first, then the warnings.",
    needs_rows_in="rpt_check_results",
    empty_note="No check has run yet. Run `hub run`.",
)
AGREEMENT = Tile(
    key="agreement",
    question="Do our totals equal those of the source?",
    mart="rpt_reconciliation",
    chart=OverTime(
        ("reconciled_days", "unexplained_days"),
        grain="P1M",
        labels={"reconciled_days": "Days checked", "unexplained_days": "Days unexplained"},
    ),
    width=7,
    height=40,
    note="Daily totals compared with the source's own, by month.",
    needs_rows_in="rpt_reconciliation",
    empty_note="Nothing to compare with yet. Run `hub run`.",
)
REJECTS = Tile(
    key="rejects",
    question="Which rows were set aside, and why?",
    mart="rpt_quarantine",
    chart=Rows(
        ("source_system", "file_name", "column_name", "reason", "rows_count"),
        order_by=("-rows_count",),
    ),
    width=5,
    height=30,
    needs_rows_in="rpt_quarantine",
    empty_note="No row was rejected. When one is, its file and the reason appear here.",
)
FRESH_TABLES = Tile(
    key="fresh_tables",
    question="How fresh is each source?",
    mart="rpt_data_freshness",
    chart=Rows(
        ("source_system", "sale_lines_count", "latest_sale_date", "loaded_at"),
        order_by=("source_system",),
    ),
    width=7,
    height=30,
)

DASHBOARD = Dashboard(
    slug="data-health",
    title="Data health",
    description="Whether the numbers can be trusted today, and what to mend if not.",
    label_colours={
        **STATUS_COLOURS,
        "Days checked": TEAL,
        "Days unexplained": ORANGE,
    },
    rows=(
        (navigation("data-health"),),
        (FAILED, CHECKED, UNEXPLAINED, REJECTED),
        (AGREEMENT, BY_KIND),
        (CHECKS,),
        (FRESH_TABLES, REJECTS),
    ),
)
