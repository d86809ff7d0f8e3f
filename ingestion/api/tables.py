"""The raw tables of an API source in PostgreSQL: made before anything is loaded, counted, and their
deleted documents marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa  # type: ignore[import-untyped]
from psycopg import sql

from ingestion.api.shapes import DELETIONS, DocumentTable
from ingestion.api.streams import Stream
from ingestion.auth.credentials import SourceSystem
from warehouse.database import Warehouse
from warehouse.errors import HubError

# A list that is read whole may shrink, but not to less than this part of the last one at once.
SMALLEST_PART = 0.5
FEW = 20
_TYPES = {
    pa.string(): "varchar", pa.int64(): "bigint", pa.bool_(): "boolean", pa.date32(): "date",
}  # fmt: skip


def ensure_api_tables(
    warehouse: Warehouse, source: SourceSystem, kinds: Iterable[DocumentTable]
) -> None:
    """Create missing raw tables, empty, and add missing columns, so that models can read them."""
    schema = f"raw_{source}"
    schemas = dict(DELETIONS.schemas())
    for kind in kinds:
        schemas |= kind.schemas()
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


def empty(warehouse: Warehouse, source: SourceSystem, streams: Iterable[Stream]) -> None:
    """Take away what a first load that did not end has left."""
    names = [sql.Identifier(f"raw_{source}", name)
             for stream in streams for name in stream.table.schemas()]  # fmt: skip
    if names:
        with warehouse.connect("loader") as connection:
            connection.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(names)))


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
                 whole_at: Mapping[str, str]) -> dict[str, int]:  # fmt: skip
    """Mark what is gone: told by the source, or not on a list that was read whole.

    Args:
        whole_at: when each table's documents were read whole last.

    Returns:
        How many documents per table were marked now.
    """
    marked = {}
    deletions = sql.Identifier(f"raw_{source}", DELETIONS.name)
    with warehouse.connect("loader") as connection:
        for stream in streams:
            table = sql.Identifier(f"raw_{source}", stream.name)
            key = sql.Identifier(stream.table.key_column)
            told = connection.execute(
                sql.SQL("update {} t set _deleted_at = d.deleted_at from {} d where "
                        "d.table_name = %s and d.id = t.{} and t._deleted_at is null "
                        "and t._loaded_at <= d._loaded_at").format(table, deletions, key),
                (stream.name,),
            )  # fmt: skip
            gone = connection.execute(
                sql.SQL("update {} set _deleted_at = %(at)s where _loaded_at < %(at)s "
                        "and _deleted_at is null").format(table),
                {"at": whole_at.get(stream.name, "-infinity")},
            )  # fmt: skip
            marked[stream.name] = told.rowcount + gone.rowcount
    return marked


def sweep(warehouse: Warehouse, source: SourceSystem, stream: Stream, *,
          accepts_shrinking: bool) -> int:  # fmt: skip
    """Mark documents that the source deleted without a word; how many.

    Counts are compared first, so that keys are read only when something is gone.
    """
    if stream.count is None or stream.all_keys is None:
        return 0
    table = sql.Identifier(f"raw_{source}", stream.name)
    present = counts(warehouse, source, [stream])[stream.name]
    if present <= stream.count():
        return 0
    with warehouse.connect("loader") as connection:
        connection.execute("create temporary table there (key text) on commit drop")
        with connection.cursor().copy("copy there from stdin") as copy:
            for page in stream.all_keys():
                for key in page:
                    copy.write_row((key,))
        gone = connection.execute(
            sql.SQL("update {} t set _deleted_at = now() where _deleted_at is null and not exists "
                    "(select from there where there.key = t.{})").format(
                table, sql.Identifier(stream.table.key_column))
        )  # fmt: skip
        is_cut = present >= FEW and gone.rowcount > present * (1 - SMALLEST_PART)
        if is_cut and not accepts_shrinking:
            raise shrunk(stream, present - gone.rowcount, present)
    return gone.rowcount


def shrunk(stream: Stream, count: int, before: int) -> HubError:
    """The error of a list that seems to be cut off."""
    return HubError(
        f"{stream.request} gave {count:,} {stream.name.replace('_', ' ')}, but {before:,} were "
        "there before: the list seems to be cut off, so it was not loaded.",
        fix="Run again. If so many were really removed, run once with: hub run --only load "
        "--accept-shrinking",
    )
