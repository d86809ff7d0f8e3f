"""The raw tables of an API source in PostgreSQL: made before anything is loaded, counted, and their
deleted documents marked.

What is older or newer is decided by the numbers of loads, never by a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
from psycopg import sql

from ingestion.api.shapes import DELETIONS, LOAD_NUMBER, DocumentTable
from ingestion.api.streams import Stream, StreamProgress
from ingestion.auth.credentials import SourceSystem
from warehouse.changes import next_load_number, note_changes
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
    schemas = dict(DELETIONS.schemas)
    for kind in kinds:
        schemas |= kind.schemas
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
                    _add_column(connection, table, column, definition)


def _add_column(
    connection: psycopg.Connection, table: sql.Identifier, column: str, definition: sql.Composed
) -> None:
    """Rows from before loads were numbered come before every number."""
    statement = sql.SQL("alter table {} add column {}").format(table, definition)
    if column != LOAD_NUMBER:
        connection.execute(statement)
        return
    connection.execute(sql.SQL("{} default 0").format(statement))
    connection.execute(
        sql.SQL("alter table {} alter column {} drop default").format(table, sql.Identifier(column))
    )


def _definition(field: pa.Field) -> sql.Composed:
    """Column and type, the one that dlt gives a column of this Arrow type."""
    kind = field.type
    if pa.types.is_decimal(kind):
        name = f"numeric({kind.precision},{kind.scale})"
    else:
        name = _TYPES.get(kind, "timestamp with time zone")
    return sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(name))


def draw_load_number(warehouse: Warehouse) -> int:
    """The number of a package that is about to be read; to be drawn while rows may land."""
    with warehouse.connect("loader") as connection:
        return next_load_number(connection)


def note_rows(warehouse: Warehouse, source: SourceSystem, progresses: Iterable[StreamProgress],
              load_number: int) -> None:  # fmt: skip
    """Remember which raw tables a package changes."""
    names = set().union(*(progress.tables for progress in progresses))
    with warehouse.connect("loader") as connection:
        note_changes(connection, [(f"raw_{source}", name) for name in sorted(names)], load_number)


def empty(warehouse: Warehouse, source: SourceSystem, streams: Iterable[Stream],
          load_number: int) -> None:  # fmt: skip
    """Take away what a first load that did not end has left."""
    schema = f"raw_{source}"
    names = [name for stream in streams for name in stream.table.schemas]
    if not names:
        return
    with warehouse.connect("loader") as connection:
        is_filled = sql.SQL("select {} where exists (select from {})")
        filled = connection.execute(sql.SQL(" union all ").join(
            is_filled.format(name, sql.Identifier(schema, name)) for name in names
        )).fetchall()  # fmt: skip
        if filled:
            tables = sql.SQL(", ").join(sql.Identifier(schema, name) for (name,) in filled)
            connection.execute(sql.SQL("truncate {}").format(tables))
            note_changes(connection, [(schema, name) for (name,) in filled], load_number)


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
                 whole: Mapping[str, int], load_number: int) -> dict[str, int]:  # fmt: skip
    """Mark what is gone: told by the source, or not on a list that was read whole.

    A document that came again after it was told to be deleted bears a higher number than the word
    of its deletion, and stays.

    Args:
        whole: which package read each table's documents whole last.
        load_number: borne by the rows that are marked.

    Returns:
        How many documents per table were marked now.
    """
    marked = {}
    with warehouse.connect("loader") as connection:
        for stream in streams:
            values = {"name": stream.name, "number": load_number, "whole": whole.get(stream.name)}
            told = connection.execute(_told(source, stream), values).rowcount
            gone = connection.execute(_gone(source, stream), values).rowcount
            marked[stream.name] = told + gone
            if told + gone:
                note_changes(connection, [(f"raw_{source}", stream.name)], load_number)
    return marked


def _told(source: SourceSystem, stream: Stream) -> sql.Composed:
    # All rows from before loads were numbered bear 0; only among them the times must decide.
    return sql.SQL(
        "update {} t set _deleted_at = d.deleted_at, _load_number = %(number)s from {} d where "
        "d.table_name = %(name)s and d.id = t.{} and t._deleted_at is null and "
        "(t._load_number, t._loaded_at) <= (d._load_number, d._loaded_at)"
    ).format(
        sql.Identifier(f"raw_{source}", stream.name),
        sql.Identifier(f"raw_{source}", DELETIONS.name),
        sql.Identifier(stream.table.key_column),
    )


def _gone(source: SourceSystem, stream: Stream) -> sql.Composed:
    return sql.SQL(
        "update {} set _deleted_at = now(), _load_number = %(number)s "
        "where _load_number < %(whole)s and _deleted_at is null"
    ).format(sql.Identifier(f"raw_{source}", stream.name))


def sweep(warehouse: Warehouse, source: SourceSystem, stream: Stream, load_number: int, *,
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
            sql.SQL("update {} t set _deleted_at = now(), _load_number = %s "
                    "where _deleted_at is null and not exists "
                    "(select from there where there.key = t.{})").format(
                table, sql.Identifier(stream.table.key_column)), (load_number,),
        )  # fmt: skip
        is_cut = present >= FEW and gone.rowcount > present * (1 - SMALLEST_PART)
        if is_cut and not accepts_shrinking:
            raise shrunk(stream, present - gone.rowcount, present)
        if gone.rowcount:
            note_changes(connection, [(f"raw_{source}", stream.name)], load_number)
    return gone.rowcount


def shrunk(stream: Stream, count: int, before: int) -> HubError:
    """The error of a list that seems to be cut off."""
    return HubError(
        f"{stream.request} gave {count:,} {stream.name.replace('_', ' ')}, but {before:,} were "
        "there before: the list seems to be cut off, so it was not loaded.",
        fix="Run again. If so many were really removed, run once with: hub run --only load "
        "--accept-shrinking",
    )
