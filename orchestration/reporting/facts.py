"""What a run says at its end of the figures that it leaves."""

from __future__ import annotations

from warehouse.database import Warehouse


def facts(warehouse: Warehouse) -> list[str]:
    """Closing lines of a run: agreement with each source, sales, forecast, quarantine."""
    with warehouse.connect("analyst") as connection:
        tables = {
            row[0]
            for row in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts'"
            )
        }
        lines: list[str] = []
        for needed, statement, template in _FACTS:
            if needed in tables:
                lines += [
                    template.format(*row)
                    for row in connection.execute(
                        statement.format(currency=warehouse.business.currency_code)
                    )
                    if None not in row
                ]
    return lines


_FACTS = (
    (
        "rpt_reconciliation",
        """
        select initcap(source_system), count(distinct sale_date),
            count(distinct sale_date) - count(distinct sale_date)
                filter (where explanation <> 'equal'),
            count(distinct sale_date) filter (where explanation like 'excluded%'),
            count(distinct sale_date) filter (where explanation = 'unexplained')
        from marts.rpt_reconciliation group by source_system order by source_system
        """,
        "{0}: {1:,} days, {2:,} equal, {3:,} with named exclusions, {4:,} unexplained",
    ),
    (
        "rpt_books_reconciliation",
        """
        select count(distinct (report_name, accounting_basis, month_start_date)),
            count(distinct (report_name, accounting_basis, month_start_date))
                filter (where difference_amount <> 0)
        from marts.rpt_books_reconciliation having count(*) > 0
        """,
        "QuickBooks: {0:,} monthly reports, {1:,} with a difference",
    ),
    (
        "fct_sale_lines",
        """
        select count(distinct order_key), string_agg(
            distinct replace(initcap(source_system), 'books', 'Books'), ' and ')
        from marts.fct_sale_lines where exclusion_reason like 'duplicate%' having count(*) > 0
        """,
        "{0:,} documents of {1} repeat a sale of another system; each sale counts once",
    ),
    (
        "rpt_sales_daily",
        """
        select min(sale_date) filter (where orders_count > 0),
            max(sale_date) filter (where orders_count > 0),
            sum(net_amount), '{currency}', sum(orders_count), sum(units)
        from marts.rpt_sales_daily
        """,
        "Sales {0} to {1}: {2:,.2f} {3} net in {4:,} orders, {5:,.0f} units",
    ),
    (
        "rpt_sales_forecast",
        """
        select sum(forecast_amount), '{currency}', min(model) from marts.rpt_sales_forecast
        where series_key = 'total' and horizon_days = 7 and row_type = 'forecast'
        """,
        "Next 7 days: about {0:,.0f} {1} expected ({2})",
    ),
    (
        "rpt_quarantine",
        "select sum(rows_count) from marts.rpt_quarantine having sum(rows_count) > 0",
        "{0:,} rows in quarantine: see the Data health dashboard",
    ),
)
