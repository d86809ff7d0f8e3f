"""Row counts and a few sample rows of a table, as Dagster metadata.

Tables hold tokens where personal data was, so a preview shows none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg
from psycopg import sql

from warehouse.database import Role, Warehouse

PREVIEW_ROWS = 5


def table_metadata(warehouse: Warehouse, role: Role, key: Sequence[str]) -> dict[str, Any]:
    """``row_count`` and ``preview`` of the table an asset key names, read as a role."""
    with warehouse.connect(role) as connection:
        table = sql.Identifier(*key)
        (count,) = connection.execute(
            sql.SQL("select count(*) from {}").format(table)
        ).fetchone() or (0,)
        cursor = connection.execute(
            sql.SQL("select * from {} limit {}").format(table, sql.Literal(PREVIEW_ROWS))
        )
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
    return {
        "dagster/row_count": int(count),
        "preview": dg.MetadataValue.md(_markdown(names, rows)),
    }


def _markdown(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return "_no rows_"
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")[:60]
