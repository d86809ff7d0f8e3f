"""Writes a mart, or what a query finds, into a file for spreadsheets and notebooks."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from psycopg import sql

from warehouse.database import Warehouse
from warehouse.errors import HubError

ROWS_AT_ONCE = 10_000
# A sheet of Excel holds no more, with the names of the columns.
MOST_SHEET_ROWS = 1_048_575
PLAIN = (str, int, float, bool, Decimal, date)
Rows = Iterator[list[Sequence[Any]]]

# What PostgreSQL calls a type, and what Parquet keeps of it; text where nothing else fits.
_ARROW = {
    "bool": pa.bool_(), "int2": pa.int64(), "int4": pa.int64(), "int8": pa.int64(),
    "numeric": pa.decimal128(38, 6), "float8": pa.float64(), "date": pa.date32(),
    "timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us", tz="UTC"),
}  # fmt: skip


def export(warehouse: Warehouse, what: str, target: Path, *, overwrite: bool = False) -> int:
    """Write a mart or a query's rows as CSV, XLSX or Parquet, by the ending of the file's name.

    Reads as the analyst. The file appears whole or not at all.

    Args:
        what: the name of a mart, or a query.
        target: where to.
        overwrite: whether a file that is there may go.

    Returns:
        How many rows were written.

    Raises:
        HubError: the name or query is wrong, the ending unknown, the file there already, or a
            sheet too small.
    """
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        raise HubError(
            f"{target.name} has an ending that cannot be written.",
            fix=f"Use one of: {', '.join(_WRITERS)}.",
        )
    if target.exists() and not overwrite:
        raise HubError(f"{target} is there already.", fix="Choose another name, or --overwrite.")
    if not target.parent.is_dir():
        raise HubError(f"There is no folder {target.parent}.", fix="Make it first.")
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with warehouse.connect("analyst") as connection:
            connection.read_only = True
            with connection.cursor(name="export") as cursor:
                cursor.execute(_query(what))
                count = write(partial, cursor)
        partial.replace(target)
    except psycopg.Error as error:
        raise HubError(
            f"The database refuses: {str(error).strip().splitlines()[0]}",
            fix="hub sql -- -c '\\d' lists the marts.",
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return count


def _query(what: str) -> sql.Composed | bytes:
    if what.strip().isidentifier():
        return sql.SQL("select * from {}").format(sql.Identifier("marts", what.strip()))
    return what.encode()


def _batches(cursor: psycopg.ServerCursor[Any]) -> Rows:
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield rows


def _names(cursor: psycopg.ServerCursor[Any]) -> list[str]:
    return [column.name for column in cursor.description or ()]


def _write_csv(path: Path, cursor: psycopg.ServerCursor[Any]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_names(cursor))
        for rows in _batches(cursor):
            writer.writerows(rows)
            count += len(rows)
    return count


def _write_xlsx(path: Path, cursor: psycopg.ServerCursor[Any]) -> int:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    sheet.freeze_panes = "A2"
    sheet.append(_names(cursor))
    count = 0
    for rows in _batches(cursor):
        count += len(rows)
        if count > MOST_SHEET_ROWS:
            raise HubError(
                f"A sheet holds {MOST_SHEET_ROWS:,} rows, and there are more.",
                fix="Export as .csv or .parquet, or ask for less.",
            )
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    book.save(path)
    return count


def _cell(sheet: Any, value: object) -> object:
    """A value as Excel takes it: no time zones, and no text that would run as a formula."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, str) and value.startswith("="):
        cell = WriteOnlyCell(sheet, value)
        cell.data_type = "s"
        return cell
    return value if value is None or isinstance(value, PLAIN) else str(value)


def _write_parquet(path: Path, cursor: psycopg.ServerCursor[Any]) -> int:
    types = [
        _ARROW.get(column.type_display.split("(")[0], pa.string())
        for column in cursor.description or ()
    ]
    schema = pa.schema(list(zip(_names(cursor), types, strict=True)))
    count = 0
    with pq.ParquetWriter(path, schema) as writer:
        for rows in _batches(cursor):
            columns = [
                pa.array(
                    [None if value is None else str(value) for value in column]
                    if pa.types.is_string(kind) else column,
                    type=kind,
                )
                for column, kind in zip(zip(*rows, strict=True), types, strict=True)
            ]  # fmt: skip
            writer.write_table(pa.table(columns, schema=schema))
            count += len(rows)
    return count


_WRITERS: dict[str, Callable[[Path, psycopg.ServerCursor[Any]], int]] = {
    ".csv": _write_csv,
    ".xlsx": _write_xlsx,
    ".parquet": _write_parquet,
}
