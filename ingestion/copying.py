"""Arrow into PostgreSQL: record batches through a binary COPY inside the caller's transaction."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]
from pgpq import ArrowToPostgresBinaryEncoder
from psycopg import sql


def copy_rows(
    connection: psycopg.Connection,
    table: sql.Composable,
    rows: pa.RecordBatchReader,
    *,
    is_new: bool = False,
) -> None:
    """Append rows to a table whose columns of these names have the types of the batches.

    The next batch is read and encoded while one is sent, so a few batches are in memory at once.

    Args:
        is_new: this transaction created or truncated the table; its rows are written frozen then,
            which spares the first reader writing every page again.

    Raises:
        psycopg.Error: the database refused a row, or the connection broke; the transaction is
            to be rolled back.
    """
    encoder = ArrowToPostgresBinaryEncoder(rows.schema)

    def encoded() -> bytes | None:
        batch = next(rows, None)
        return None if batch is None else encoder.write_batch(batch)

    statement = sql.SQL("copy {} ({}) from stdin (format binary, freeze {})").format(
        table, sql.SQL(", ").join(map(sql.Identifier, rows.schema.names)), is_new
    )
    with ThreadPoolExecutor(1) as reader, connection.cursor().copy(statement) as copy:
        copy.write(encoder.write_header())
        coming = reader.submit(encoded)
        while (block := coming.result()) is not None:
            coming = reader.submit(encoded)
            copy.write(block)
        copy.write(encoder.finish())


def copy_to_temporary(
    connection: psycopg.Connection, name: str, rows: pa.RecordBatchReader | pa.Table
) -> None:
    """As copy_rows, into a temporary table of that name, made anew, gone with the transaction."""
    if isinstance(rows, pa.Table):
        rows = rows.to_reader()
    encoder = ArrowToPostgresBinaryEncoder(rows.schema)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.data_type.ddl() or ""))
        for column in encoder.schema().columns
    )
    table = sql.Identifier("pg_temp", name)
    connection.execute(sql.SQL("drop table if exists {}").format(table))
    connection.execute(
        sql.SQL("create temporary table {} ({}) on commit drop").format(
            sql.Identifier(name), columns
        )
    )
    copy_rows(connection, table, rows, is_new=True)


def fetch_table(connection: psycopg.Connection, query: str, schema: pa.Schema) -> pa.Table:
    """The rows of a query, whose values hold no text, as an Arrow table of this schema."""
    buffer = io.BytesIO()
    with connection.cursor().copy(f"copy ({query}) to stdout (format csv)") as copy:
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return pa.Table.from_batches([], schema)
    options = pyarrow.csv.ConvertOptions(column_types=schema, true_values=["t"], false_values=["f"])
    names = pyarrow.csv.ReadOptions(column_names=schema.names)
    buffer.seek(0)
    return pyarrow.csv.read_csv(buffer, read_options=names, convert_options=options)
