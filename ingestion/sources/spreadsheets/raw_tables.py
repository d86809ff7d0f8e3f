"""The tables of ``raw_spreadsheets``: one per kind, there even when no file of it is.

Values that are the same for a whole load (file, zone, currency ...) are not sent with every row:
they are column defaults that read settings of the loading transaction. A load into an empty table
makes them plain literals until its end, which saves reading nine settings per row. What is the
same for a whole load and needed by no query (hash, bytes, mapping) is in quality.load_log, under
the row's ``_load_id``.

``_load_number`` and ``_superseded_number`` tell which load brought a row and which one replaced it,
in an order that no clock decides; the times beside them are for people.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from ingestion.sources.spreadsheets.kinds import KINDS, Kind
from warehouse.database import Warehouse

SCHEMA = "raw_spreadsheets"
LOAD_CONSTANTS = ("time_zone", "is_time_known", "location_name", "channel_name", "currency_code",
                  "event_type", "_file_name", "_load_id", "_load_number")  # fmt: skip


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
                _create_indexes(connection, kind)
                continue
            if "_load_number" not in present[kind.name]:
                _number_former_rows(connection, kind)
                present[kind.name] |= {"_load_number", "_superseded_number"}
            for column, type_ in kind.columns().items():
                if column not in present[kind.name]:
                    connection.execute(
                        sql.SQL("alter table {} add column {}").format(
                            _name(kind), _definition(column, type_)
                        )
                    )


def _create_indexes(connection: psycopg.Connection, kind: Kind) -> None:
    """What is new or was replaced is found by these, and neither slows a first load."""
    for index in ("using brin (_load_number)",
                  "(_superseded_number) where _superseded_number is not null"):  # fmt: skip
        connection.execute(sql.SQL("create index on {} " + index).format(_name(kind)))


def _number_former_rows(connection: psycopg.Connection, kind: Kind) -> None:
    """Rows from before loads were numbered come before every number."""
    # Their value is that of the column's default at this moment.
    connection.execute("set local \"hub._load_number\" = '0'")
    for column in ("_load_number", "_superseded_number"):
        connection.execute(
            sql.SQL("alter table {} add column {}").format(
                _name(kind), _definition(column, kind.columns()[column])
            )
        )
    connection.execute(
        sql.SQL("update {} set _superseded_number = 0 where _superseded_at is not null").format(
            _name(kind)
        )
    )
    _create_indexes(connection, kind)


def _name(kind: Kind) -> sql.Identifier:
    return sql.Identifier(SCHEMA, kind.name)


def _create(kind: Kind) -> sql.Composed:
    columns = [_definition(column, type_) for column, type_ in kind.columns().items()]
    return sql.SQL("create table {} ({})").format(_name(kind), sql.SQL(", ").join(columns))


def _definition(column: str, type_: str) -> sql.Composed:
    parts = [sql.Identifier(column), sql.SQL(type_)]
    if column in LOAD_CONSTANTS:
        parts.append(sql.SQL(f"default {_default_sql(column, type_)}"))
    if column == "_loaded_at":
        parts.append(sql.SQL("default now()"))
    return sql.SQL(" ").join(parts)


def _default_sql(column: str, type_: str) -> str:
    return f"nullif(current_setting('hub.{column}', true), '')::{type_}"


def literal_defaults(kind: Kind, constants: dict[str, str]) -> str:
    """Statement that makes one load's constants the defaults of its kind's table."""
    return _alter(kind, {
        name: f"'{value.replace(chr(39), chr(39) * 2)}'::{type_}"
        for name, type_, value in _constants(kind, constants)
    })  # fmt: skip


def usual_defaults(kind: Kind, constants: dict[str, str]) -> str:
    """Statement that takes them back."""
    return _alter(kind, {name: _default_sql(name, type_)
                         for name, type_, _ in _constants(kind, constants)})  # fmt: skip


def _constants(kind: Kind, constants: dict[str, str]) -> list[tuple[str, str, str]]:
    columns = kind.columns()
    return [(name, columns[name], constants[name]) for name in LOAD_CONSTANTS
            if name in columns and name in constants]  # fmt: skip


def _alter(kind: Kind, defaults: dict[str, str]) -> str:
    actions = ", ".join(f'alter column "{name}" set default {default}'
                        for name, default in defaults.items())  # fmt: skip
    return f"alter table {SCHEMA}.{kind.name} {actions}"
