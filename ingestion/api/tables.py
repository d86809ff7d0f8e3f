"""The raw tables of an API source in PostgreSQL: made before anything is loaded, counted, and their
deleted documents marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa  # type: ignore[import-untyped]
from psycopg import sql

from ingestion.api.shapes import INSTANT
from ingestion.api.streams import Stream
from ingestion.auth.credentials import SourceSystem
from warehouse.database import Warehouse

# Documents that a source said it deleted: rows stay, and are marked.
TOMBSTONES = "deletions"
TOMBSTONE_FIELDS = pa.schema([
    ("key", pa.string()), ("table_name", pa.string()), ("id", pa.string()),
    ("deleted_at", INSTANT), ("_loaded_at", INSTANT),
])  # fmt: skip
_TYPES = {
    pa.string(): "varchar", pa.int64(): "bigint", pa.bool_(): "boolean", pa.date32(): "date",
}  # fmt: skip


def ensure_api_tables(
    warehouse: Warehouse, source: SourceSystem, streams: Sequence[Stream]
) -> None:
    """Create missing raw tables, empty, and add missing columns, so that models can read them."""
    schema = f"raw_{source}"
    schemas: dict[str, pa.Schema] = {TOMBSTONES: TOMBSTONE_FIELDS}
    for stream in streams:
        schemas |= stream.table.schemas()
    with warehouse.connect("loader") as connection:
        present: dict[str, set[str]] = {}
        for table, column in connection.execute(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = %s", (schema,),
        ):  # fmt: skip
            present.setdefault(table, set()).add(column)
        for name, fields in schemas.items():
            table = sql.Identifier(schema, name)
            columns = {field.name: _definition(field) for field in fields}
            if name not in present:
                inner = sql.SQL(", ").join(columns.values())
                connection.execute(sql.SQL("create table {} ({})").format(table, inner))
                key = sql.Identifier(fields.names[0])
                connection.execute(sql.SQL("create index on {} ({})").format(table, key))
                continue
            for column, definition in columns.items():
                if column not in present[name]:
                    connection.execute(
                        sql.SQL("alter table {} add column {}").format(table, definition)
                    )


def _definition(field: pa.Field) -> sql.Composed:
    """Column and type, the one that dlt gives a column of this Arrow type."""
    kind = field.type
    if pa.types.is_decimal(kind):
        name = f"numeric({kind.precision},{kind.scale})"
    else:
        name = _TYPES.get(kind, "timestamp with time zone")
    return sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(name))


def counts(warehouse: Warehouse, source: SourceSystem, streams: Sequence[Stream]) -> dict[str, int]:
    """Documents per table that are not deleted."""
    with warehouse.connect("loader") as connection:
        found = {}
        for stream in streams:
            query = sql.SQL("select count(*) from {} where _deleted_at is null").format(
                sql.Identifier(f"raw_{source}", stream.name)
            )
            row = connection.execute(query).fetchone()
            found[stream.name] = row[0] if row else 0
    return found


def mark_deleted(warehouse: Warehouse, source: SourceSystem, streams: Sequence[Stream],
                 loaded_at: datetime) -> dict[str, int]:  # fmt: skip
    """Mark what is gone: off a list that was read whole at that instant, or told by the source.

    Returns:
        How many documents per table were marked now.
    """
    marked = {}
    with warehouse.connect("loader") as connection:
        for stream in streams:
            table = sql.Identifier(f"raw_{source}", stream.name)
            told = connection.execute(
                sql.SQL("update {} t set _deleted_at = d.deleted_at from {} d where "
                        "d.table_name = %s and d.id = t.{} and t._deleted_at is null "
                        "and t._loaded_at <= d._loaded_at").format(
                    table, sql.Identifier(f"raw_{source}", TOMBSTONES),
                    sql.Identifier(stream.table.key_column)), (stream.name,),
            )  # fmt: skip
            marked[stream.name] = told.rowcount
            if stream.changed_at is None:
                gone = connection.execute(
                    sql.SQL("update {} set _deleted_at = %(now)s where _loaded_at < %(now)s "
                            "and _deleted_at is null").format(table), {"now": loaded_at},
                )  # fmt: skip
                marked[stream.name] += gone.rowcount
    return marked
