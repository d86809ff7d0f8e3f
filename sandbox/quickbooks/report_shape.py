"""The nested shape of a report: header, columns, and rows that are data or sections of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def amount(cents: int) -> str:
    """An amount as reports write it; nothing is left blank."""
    return f"{cents / 100:.2f}"


def cells(title: str, values: Sequence[int] | None, count: int, *, number: int | None = None,
          blank: bool = False) -> Json:  # fmt: skip
    """One line of a report: its title, then an amount per column.

    Args:
        values: cents per column; None for a line without amounts.
        number: the id of the account that the line is about.
        blank: whether nothing is shown as a blank.
    """
    first: Json = {"value": title}
    if number is not None:
        first["id"] = str(number)
    if values is None:
        return {"ColData": [first, *({"value": ""} for _ in range(count))]}
    shown = ["" if blank and cents == 0 else amount(cents) for cents in values]
    return {"ColData": [first, *({"value": text} for text in shown)]}


def section(title: str | None, rows: list[Json], total: Json, group: str | None = None,
            header: Json | None = None, count: int = 1) -> Json:  # fmt: skip
    """A section with what it holds and its total; without a title it is a total only."""
    made: Json = {}
    if header is not None:
        made["Header"] = header
    elif title is not None:
        made["Header"] = cells(title, None, count)
    if rows:
        made["Rows"] = {"Row": rows}
    made |= {"Summary": total, "type": "Section"}
    if group is not None:
        made["group"] = group
    return made


def added(parts: Sequence[Sequence[int]], count: int) -> list[int]:
    """Column by column, the sum of lines."""
    return [sum(part[index] for part in parts) for index in range(count)]
