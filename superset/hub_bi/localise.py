"""Fits the bundle to one business: currency, period, single-valued filters, empty charts.

Works on parsed YAML and on a few facts about the marts; it asks no database itself.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hub_bi.bundle import DATABASE_FILE, Bundle, filter_id
from hub_bi.charts import CURRENCY_PLACEHOLDER
from hub_bi.layout import chart_node_id, chart_uuid, text_node
from hub_bi.settings import Business
from hub_bi.tiles import ChoiceFilter, Dashboard, PeriodFilter, Tile


@dataclass(frozen=True)
class Facts:
    """What the marts hold for this business.

    `empty` holds (mart, condition) pairs without rows; `single_valued` holds (mart, column)
    pairs with fewer than two values.
    """

    empty: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    single_valued: frozenset[tuple[str, str]] = field(default_factory=frozenset)


def localise(
    files: Bundle, dashboards: Iterable[Dashboard], business: Business, uri: str, facts: Facts
) -> Bundle:
    """Return the bundle as it is imported for this business; the given one stays as it is."""
    local = copy.deepcopy(files)
    local[DATABASE_FILE]["sqlalchemy_uri"] = uri
    for board in dashboards:
        content = local[f"dashboards/{board.slug.replace('-', '_')}.yaml"]
        _set_filters(content, board, business.as_of_date, facts)
        for tile in board.tiles():
            if facts.empty.intersection(tile.row_checks()):
                _show_note_instead(local, content, board, tile)
    return {name: _with_currency(content, business.currency) for name, content in local.items()}


def default_period(as_of: date) -> str:
    """Return the twelve months that end with a day, as Superset writes a range (end excluded)."""
    end = as_of + timedelta(days=1)
    is_leap_day = (end.month, end.day) == (2, 29)
    start = end.replace(year=end.year - 1, day=28 if is_leap_day else end.day)
    return f"{start.isoformat()} : {end.isoformat()}"


def _set_filters(
    content: dict[str, Any], board: Dashboard, as_of: date | None, facts: Facts
) -> None:
    dropped = {
        filter_id(board, chosen.name)
        for chosen in board.filters
        if isinstance(chosen, ChoiceFilter) and (chosen.mart, chosen.column) in facts.single_valued
    }
    periods = {
        filter_id(board, chosen.name) for chosen in board.filters if isinstance(chosen, PeriodFilter)
    }
    metadata = content["metadata"]
    metadata["native_filter_configuration"] = [
        shown for shown in metadata["native_filter_configuration"] if shown["id"] not in dropped
    ]
    for shown in metadata["native_filter_configuration"]:
        if shown["id"] in periods and as_of is not None:
            period = default_period(as_of)
            shown["defaultDataMask"] = {
                "extraFormData": {"time_range": period},
                "filterState": {"value": period},
            }


def _show_note_instead(
    files: Bundle, content: dict[str, Any], board: Dashboard, tile: Tile
) -> None:
    uuid = chart_uuid(board, tile)
    for name in [n for n, c in files.items() if n.startswith("charts/") and c["uuid"] == uuid]:
        del files[name]
    nodes = content["position"]
    place = nodes.pop(chart_node_id(board, tile))
    text = f"### {tile.question}\n\n{tile.empty_note}"
    note = text_node(board, tile.key, text, tile.width, tile.height, place["parents"])
    nodes[note["id"]] = note
    siblings = nodes[place["parents"][-1]]["children"]
    siblings[siblings.index(place["id"])] = note["id"]


def _with_currency(content: Any, currency: str) -> Any:
    if isinstance(content, dict):
        return {key: _with_currency(value, currency) for key, value in content.items()}
    if isinstance(content, list):
        return [_with_currency(value, currency) for value in content]
    if isinstance(content, str):
        if content == CURRENCY_PLACEHOLDER:
            return currency
        return content.replace(f'"symbol": "{CURRENCY_PLACEHOLDER}"', f'"symbol": "{currency}"')
    return content
