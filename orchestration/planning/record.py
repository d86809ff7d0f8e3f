"""The record of what was built: from which code, up to which load number, and with which rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple

import psycopg
from psycopg import sql

from orchestration.planning.items import Built, digest_of
from warehouse.changes import TableName, next_load_number, table_changes
from warehouse.database import Warehouse

SMALL_BYTES = 1_000_000
_LAYERS = ("staging", "intermediate", "features", "marts")


def changes(connection: psycopg.Connection) -> dict[str, int]:
    """The newest load number of each table, by ``schema.table``."""
    return {
        f"{schema}.{name}": number for (schema, name), number in table_changes(connection).items()
    }


def built(connection: psycopg.Connection) -> dict[str, Built]:
    """How each item was brought up to date last, by name."""
    rows = connection.execute(
        "select unique_id, code_digest, load_number, changed_number, content_digest "
        "from quality.built_nodes"
    )
    return {name: Built(*rest) for name, *rest in rows}


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


def remember(warehouse: Warehouse, made: Mapping[str, Built]) -> None:
    """Note that items are up to date.

    Args:
        made: from what, by name. The load number was drawn before anything was read.
    """
    with warehouse.connect("transformer") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into quality.built_nodes as known (unique_id, code_digest, load_number, "
            "changed_number, content_digest) values (%s, %s, %s, %s, %s) "
            "on conflict (unique_id) do update set code_digest = excluded.code_digest, "
            "load_number = excluded.load_number, changed_number = excluded.changed_number, "
            "content_digest = excluded.content_digest, built_at = now()",
            [(name, *astuple(built)) for name, built in made.items()],
        )


def forget_contents(warehouse: Warehouse, names: Collection[str] | None = None) -> None:
    """Drop the digests of tables before they are rebuilt: an interrupted build counts as a change.

    Args:
        names: of items; None for all.
    """
    with warehouse.connect("transformer") as connection:
        connection.execute(
            "update quality.built_nodes set content_digest = null "
            "where content_digest is not null and (%(all)s or unique_id = any(%(names)s))",
            {"all": names is None, "names": list(names or ())},
        )


def contents_of(connection: psycopg.Connection, tables: Mapping[str, TableName]) -> dict[str, str]:
    """A digest of the rows of each small table, without the numbers of the loads that they came by.

    It differs with any other value and ignores the order of rows. Large tables are left out: most
    of what is built anew changes them, and reading all of one costs more than that could save.

    Args:
        tables: (schema, name), by the name of the item.
    """
    columns = {
        (schema, name): (listed, types)
        for schema, name, listed, types in connection.execute(
            """
            select nspname, relname, array_agg(attname order by attnum),
                array_agg(format_type(atttypid, atttypmod) order by attnum)
            from pg_class
            join pg_namespace on relnamespace = pg_namespace.oid
            join pg_attribute on attrelid = pg_class.oid
            where
                nspname = any(%s)
                and relkind = 'r'
                and attnum > 0
                and not attisdropped
                and attname <> 'load_number'
                and pg_relation_size(pg_class.oid) < %s
            group by nspname, relname
            """,
            (sorted({schema for schema, _ in tables.values()}), SMALL_BYTES),
        )
    }
    return {
        item: digest_of([columns[table], _content(connection, table, columns[table][0])])
        for item, table in tables.items()
        if table in columns
    }


def _content(connection: psycopg.Connection, table: TableName, columns: Sequence[str]) -> str:
    row = sql.SQL("row({})::text").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
    statement = sql.SQL(
        "select concat(count(*), ' ', sum(hashtextextended({}, 0)::numeric)) from {}"
    ).format(row, sql.Identifier(*table))
    found = connection.execute(statement).fetchone()
    return str(found and found[0])


def forget(warehouse: Warehouse, names: Iterable[str]) -> None:
    """Take items for never built: they stay due, to be built whole, until they are."""
    with warehouse.connect("transformer") as connection:
        connection.execute(
            "delete from quality.built_nodes where unique_id = any(%s)", (list(names),)
        )
