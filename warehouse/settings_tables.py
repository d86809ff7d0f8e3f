"""The settings of a business as tables that models read: a changed setting is a changed table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import psycopg
from psycopg import sql

from warehouse.business import Business
from warehouse.changes import TableName, next_load_number, note_changes
from warehouse.database import Warehouse

SCHEMA = "settings"
Columns = tuple[str, ...]
Rows = list[tuple[object, ...]]


def store_settings(warehouse: Warehouse, as_of_date: date | None = None) -> list[TableName]:
    """Write the settings of a business, and record which of their tables changed.

    A table that already holds the same rows is left alone, so nothing is rebuilt because of it.
    Dates have a table of their own, because they change every day; so has the hour.

    Args:
        warehouse: the business's.
        as_of_date: the day to report as of; None means the last complete day of the data.

    Returns:
        The tables (schema, name) whose rows changed.
    """
    wanted = _settings(warehouse.business, as_of_date)
    with warehouse.connect("loader") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (SCHEMA,))
        changed = [
            (SCHEMA, table)
            for table, (columns, rows) in wanted.items()
            if _replace(connection, table, columns, rows)
        ]
        if changed:
            note_changes(connection, changed, next_load_number(connection))
    return changed


def _settings(business: Business, as_of_date: date | None) -> dict[str, tuple[Columns, Rows]]:
    """Columns and rows of each table."""
    of_business = {
        "name": business.name,
        "time_zone": business.time_zone,
        "currency_code": business.currency_code,
        "country_code": business.country_code,
        "default_location_name": business.default_location_name,
        "default_channel_name": business.default_channel_name,
        "week_start": business.week_start,
        "rfm_mode": business.rfm_mode,
    }
    locations: Rows = [
        (each.name, each.time_zone, each.country_code, each.currency_code)
        for each in business.locations
    ]
    closures: Rows = list(
        {
            (each.first_date, each.last_date or each.first_date)
            for each in business.closures
            if each.location is None
        }
    )
    return {
        "business": (tuple(of_business), [tuple(of_business.values())]),
        "locations": (("name", "time_zone", "country_code", "currency_code"), locations),
        "closures": (("first_date", "last_date"), closures),
        "clock": (("today", "as_of_date"), [(business.today(), as_of_date)]),
        "hour": (("hour",), [(business.now().hour,)]),
    }


def _replace(
    connection: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    rows: Rows,
) -> bool:
    """Replace the rows of a table unless they are equal; returns whether they were replaced."""
    parts = {
        "table": sql.Identifier(SCHEMA, table),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
        "values": sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    }
    present = connection.execute(sql.SQL("select {columns} from {table}").format(**parts))
    if set(present.fetchall()) == set(rows):
        return False
    connection.execute(sql.SQL("delete from {table}").format(**parts))
    insert = sql.SQL("insert into {table} ({columns}) values ({values})").format(**parts)
    with connection.cursor() as cursor:
        cursor.executemany(insert, rows)
    return True
