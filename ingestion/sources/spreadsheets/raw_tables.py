"""The tables of ``raw_spreadsheets``: one per kind, there even when no file of it is.

Values that are the same for a whole load (file, zone, currency ...) are not sent with every row:
they are column defaults that read settings of the loading transaction.
"""

from __future__ import annotations

from psycopg import sql

from ingestion.sources.spreadsheets.kinds import KINDS, Kind
from warehouse.database import Warehouse

SCHEMA = "raw_spreadsheets"
LOAD_CONSTANTS = ("time_zone", "is_time_known", "location_name", "channel_name", "currency_code",
                  "event_type", "_file_name", "_file_sha256", "_load_id")  # fmt: skip


def ensure_raw_tables(warehouse: Warehouse) -> None:
    """Create missing tables and add missing columns; nothing that exists is altered."""
    with warehouse.connect("loader") as connection:
        present: dict[str, set[str]] = {}
        for table, column in connection.execute(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = %s", (SCHEMA,)
        ):  # fmt: skip
            present.setdefault(table, set()).add(column)
        for kind in KINDS.values():
            if kind.name not in present:
                connection.execute(_create(kind))
                connection.execute(
                    sql.SQL("create index on {} using brin (_loaded_at)").format(_name(kind))
                )
                continue
            for column, type_ in kind.columns().items():
                if column not in present[kind.name]:
                    connection.execute(
                        sql.SQL("alter table {} add column {}").format(
                            _name(kind), _definition(column, type_)
                        )
                    )


def _name(kind: Kind) -> sql.Identifier:
    return sql.Identifier(SCHEMA, kind.name)


def _create(kind: Kind) -> sql.Composed:
    columns = [_definition(column, type_) for column, type_ in kind.columns().items()]
    return sql.SQL("create table {} ({})").format(_name(kind), sql.SQL(", ").join(columns))


def _definition(column: str, type_: str) -> sql.Composed:
    parts = [sql.Identifier(column), sql.SQL(type_)]
    if column in LOAD_CONSTANTS:
        parts.append(
            sql.SQL("default nullif(current_setting({}, true), '')::{}").format(
                sql.Literal(f"hub.{column}"), sql.SQL(type_)
            )
        )
    if column == "_loaded_at":
        parts.append(sql.SQL("default now()"))
    return sql.SQL(" ").join(parts)
