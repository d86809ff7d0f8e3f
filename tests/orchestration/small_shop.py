"""A shop whose marts hold just what messages read, so that each number is known."""

from __future__ import annotations

from datetime import date, timedelta

from warehouse.business import load_business
from warehouse.database import Warehouse, open_warehouse

LAST_DAY = date(2026, 9, 29)
TABLES = """
create table rpt_sales_daily (
    sale_date date, location_name text, channel_name text, gross_amount numeric,
    discount_amount numeric, reversal_amount numeric, net_amount numeric, orders_count bigint,
    positive_orders_count bigint);
create table rpt_margin_daily (
    sale_date date, location_name text, gross_margin_amount numeric, known_cost_net_amount numeric);
create table fct_inventory_daily (stock_date date, location_name text, is_out_of_stock boolean);
create table fct_product_sales_daily (sale_date date, product_key text, net_amount numeric);
create table dim_products (product_key text, category_name text);
create table dim_customers (first_order_date date, orders_count bigint);
create table rpt_reconciliation (source_system text, sale_date date, explanation text);
create table rpt_check_results (
    check_name text, asset_name text, severity text, status text, message text);
create table rpt_data_freshness (
    source_system text, sale_lines_count bigint, loaded_at timestamptz);
create table rpt_sales_forecast (
    series_key text, horizon_days integer, sale_date date, as_of_date date, row_type text,
    actual_amount numeric, forecast_amount numeric, lower_80_amount numeric,
    upper_80_amount numeric);
create table rpt_insights (
    insight_key text, insight_rank bigint, kind text, subject text, headline text, evidence text,
    action text, impact_amount numeric, impact_basis text, act_by_date date, evidence_mart text);
"""


def configure(warehouse: Warehouse, text: str) -> Warehouse:
    """The shop with more settings."""
    path = warehouse.business.folder / "business.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return open_warehouse(load_business(path.parent))


def execute(warehouse: Warehouse, statement: str, *values: object) -> None:
    """Change the marts."""
    with warehouse.connect("transformer") as connection:
        connection.execute(statement.encode(), values or None)


def build_marts(warehouse: Warehouse, days: int) -> None:
    """Days of sales up to ``LAST_DAY``: 1,000 a day on Main Street, 200 on the pier."""
    execute(warehouse, TABLES)
    with warehouse.connect("transformer") as connection, connection.cursor() as cursor:
        for number in range(days):
            day = LAST_DAY - timedelta(days=number)
            for place, amount in (("Main Street", 1000), ("Pier", 200)):
                cursor.execute(
                    "insert into rpt_sales_daily values (%s, %s, 'Shop', %s, 0, 0, %s, 10, 10)",
                    (day, place, amount, amount),
                )
                cursor.execute(
                    "insert into rpt_margin_daily values (%s, %s, %s, %s)",
                    (day, place, amount / 2, amount),
                )
            cursor.execute("insert into fct_product_sales_daily values (%s, 'p', 1200)", (day,))


def tell(
    warehouse: Warehouse, key: str, amount: float | None, headline: str, kind: str = "trend"
) -> None:
    """Add an insight."""
    execute(
        warehouse,
        "insert into rpt_insights values (%s, (select count(*) + 1 from rpt_insights), %s, %s, %s, "
        "'Because.', 'Do it.', %s, 'a year', null, 'rpt_sales_daily')",
        key, kind, f"subject of {key}", headline, amount,
    )  # fmt: skip
