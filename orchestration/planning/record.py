"""The record of what was built: from which code, and up to which load number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psycopg

from orchestration.planning.items import Built
from warehouse.changes import TableName, next_load_number, table_changes
from warehouse.database import Warehouse

_LAYERS = ("staging", "intermediate", "features", "marts")


def changes(connection: psycopg.Connection) -> dict[str, int]:
    """The newest load number of each table, by ``schema.table``."""
    return {
        f"{schema}.{name}": number for (schema, name), number in table_changes(connection).items()
    }


def built(connection: psycopg.Connection) -> dict[str, Built]:
    """How each item was brought up to date last, by name."""
    rows = connection.execute("select unique_id, code_digest, load_number from quality.built_nodes")
    return {name: Built(digest, number) for name, digest, number in rows}


def present(connection: psycopg.Connection) -> set[TableName]:
    """The tables and views of the layers that dbt builds."""
    return set(
        connection.execute(
            "select nspname, relname from pg_class "
            "join pg_namespace on relnamespace = pg_namespace.oid "
            "where nspname = any(%s) and relkind in ('r', 'p', 'v', 'm')",
            (list(_LAYERS),),
        ).fetchall()
    )


def draw_number(warehouse: Warehouse) -> int:
    """A number above all changes so far: draw it before reading what is built from."""
    with warehouse.connect("transformer") as connection:
        return next_load_number(connection)


def remember(warehouse: Warehouse, digests: Mapping[str, str], load_number: int) -> None:
    """Note that items are up to date, as of a number that was drawn before they read anything.

    Args:
        digests: of each item's code, by name.
    """
    with warehouse.connect("transformer") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into quality.built_nodes as known (unique_id, code_digest, load_number) "
            "values (%s, %s, %s) on conflict (unique_id) do update set "
            "code_digest = excluded.code_digest, load_number = excluded.load_number, "
            "built_at = now()",
            [(name, digest, load_number) for name, digest in digests.items()],
        )


def forget(warehouse: Warehouse, names: Iterable[str]) -> None:
    """Take items for never built: they stay due, to be built whole, until they are."""
    with warehouse.connect("transformer") as connection:
        connection.execute(
            "delete from quality.built_nodes where unique_id = any(%s)", (list(names),)
        )
