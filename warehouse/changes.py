"""What changed, in an order that no clock decides.

Every load, every answer of a model and every change of a setting draws a number from one sequence
of the business's database. Rows bear it, ``quality.table_changes`` remembers the newest one of each
table, and what was built from a table remembers how far it had looked. A clock that is put back, a
computer that slept, or a restore onto another computer changes none of this.
"""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

TableName = tuple[str, str]


def next_load_number(connection: psycopg.Connection) -> int:
    """A number that is larger than every one drawn before.

    To be drawn in the turn of who loads (see warehouse.turns): no build may come between it and the
    rows that bear it.
    """
    row = connection.execute("select nextval('quality.load_numbers')").fetchone()
    assert row
    return int(row[0])


def note_changes(
    connection: psycopg.Connection, tables: Iterable[TableName], load_number: int
) -> None:
    """Remember that tables (schema, name) changed with a load number.

    Belongs into the transaction that changed them, so that neither is there without the other.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into quality.table_changes as known (schema_name, table_name, load_number) "
            "values (%s, %s, %s) on conflict (schema_name, table_name) do update "
            "set load_number = greatest(known.load_number, excluded.load_number), "
            "changed_at = now()",
            [(schema, name, load_number) for schema, name in tables],
        )


def table_changes(connection: psycopg.Connection) -> dict[TableName, int]:
    """The newest load number of every table that ever changed, by (schema, name)."""
    rows = connection.execute(
        "select schema_name, table_name, load_number from quality.table_changes"
    )
    return {(schema, name): number for schema, name, number in rows}
