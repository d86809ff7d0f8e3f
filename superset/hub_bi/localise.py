"""Fits the bundle to one business: currency, period, single-valued filters, empty charts.

Works on parsed YAML and on a few facts about the marts; it asks no database itself.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hub_bi.bundle import DATABASE_FILE, Bundle, chart_file, dashboard_file, filter_id
from hub_bi.charts import CURRENCY_PLACEHOLDER
from hub_bi.comparison import Period, compare, opening_period
from hub_bi.identity import short_id
from hub_bi.layout import GRID_COLUMNS, chart_node_id, text_node
from hub_bi.settings import Business
from hub_bi.tiles import ChoiceFilter, Dashboard, PeriodFilter, Tile

SALES = "rpt_sales_daily"  # whose first day is that of the records
NOTE_HEIGHT = 12
NOTE_LINE_HEIGHT = 3


@dataclass(frozen=True)
class Facts:
    """What the marts hold for this business.

    `empty` holds (mart, condition) pairs without rows; `single_valued` holds (mart, column)
    pairs with fewer than two values; `first_dates` holds the first day of the marts whose
    figures are compared with an earlier period.
    """

    empty: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    single_valued: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    first_dates: Mapping[str, date] = field(default_factory=dict)


def localise(
    files: Bundle, dashboards: Iterable[Dashboard], business: Business, uri: str, facts: Facts
) -> Bundle:
    """Return the bundle as it is imported for this business; the given one stays as it is."""
    local = copy.deepcopy(files)
    local[DATABASE_FILE]["sqlalchemy_uri"] = uri
    as_of = business.as_of_date
    period = opening_period(facts.first_dates.get(SALES), as_of) if as_of else None
    for board in dashboards:
        content = local[dashboard_file(board)]
        _set_filters(content, board, period, facts)
        if period and not board.shows_charts_of:
            _compare(local, board, period, facts)
        _show_notes_for_empty_charts(local, content, board, facts)
    return {name: _with_currency(content, business.currency) for name, content in local.items()}


def _compare(files: Bundle, board: Dashboard, period: Period, facts: Facts) -> None:
    for tile in board.tiles():
        first = facts.first_dates.get(tile.mart)
        compare(files[chart_file(board, tile)], tile.chart, period, first)


def _set_filters(
    content: dict[str, Any], board: Dashboard, period: Period | None, facts: Facts
) -> None:
    dropped, periods = set(), set()
    for chosen in board.filters:
        shown_id = filter_id(board, chosen.name)
        if isinstance(chosen, PeriodFilter):
            periods.add(shown_id)
        elif isinstance(chosen, ChoiceFilter) and _has_no_choice(chosen, facts):
            dropped.add(shown_id)
    metadata = content["metadata"]
    metadata["native_filter_configuration"] = [
        shown for shown in metadata["native_filter_configuration"] if shown["id"] not in dropped
    ]
    for shown in metadata["native_filter_configuration"]:
        if shown["id"] in periods and period is not None:
            shown["defaultDataMask"] = {
                "extraFormData": {"time_range": period.written},
                "filterState": {"value": period.written},
            }


def _has_no_choice(chosen: ChoiceFilter, facts: Facts) -> bool:
    return (chosen.mart, chosen.column) in facts.single_valued


def _show_notes_for_empty_charts(
    files: Bundle, content: dict[str, Any], board: Dashboard, facts: Facts
) -> None:
    """Put a note in the place of each empty chart; charts with the same note share one."""
    by_note: dict[str, list[Tile]] = {}
    for tile in board.tiles():
        if facts.empty.intersection(tile.row_checks()):
            by_note.setdefault(tile.empty_note, []).append(tile)
    for note, tiles in by_note.items():
        for tile in tiles:
            files.pop(chart_file(board, tile), None)
        if len(tiles) == 1:
            _replace_by_note(content["position"], board, tiles[0])
        else:
            _gather_in_one_note(content["position"], board, note, tiles)


def _replace_by_note(nodes: dict[str, Any], board: Dashboard, tile: Tile) -> None:
    place = nodes.pop(chart_node_id(board, tile))
    siblings = nodes[place["parents"][-1]]["children"]
    height = tile.height if len(siblings) > 1 else min(tile.height, NOTE_HEIGHT)
    text = f"#### {tile.question}\n\n{tile.empty_note}"
    note = text_node(board, tile.key, text, tile.width, height, place["parents"])
    nodes[note["id"]] = note
    siblings[siblings.index(place["id"])] = note["id"]


def _gather_in_one_note(
    nodes: dict[str, Any], board: Dashboard, note: str, tiles: list[Tile]
) -> None:
    grid = nodes["GRID_ID"]["children"]
    first_row = nodes[chart_node_id(board, tiles[0])]["parents"][-1]
    at = grid.index(first_row)
    for tile in tiles:
        place = nodes.pop(chart_node_id(board, tile))
        row = nodes[place["parents"][-1]]
        row["children"].remove(place["id"])
        _stretch(nodes, row["children"])
    row_id = short_id("ROW", "row", f"{board.slug}/note/{tiles[0].key}")
    questions = "\n".join(f"- {tile.question}" for tile in tiles)
    card = text_node(
        board,
        f"note/{tiles[0].key}",
        f"#### Not yet answered\n\n{questions}\n\n{note}",
        GRID_COLUMNS,
        NOTE_HEIGHT + NOTE_LINE_HEIGHT * len(tiles),
        ["ROOT_ID", "GRID_ID", row_id],
    )
    nodes[card["id"]] = card
    nodes[row_id] = {
        "type": "ROW",
        "id": row_id,
        "parents": ["ROOT_ID", "GRID_ID"],
        "children": [card["id"]],
        "meta": {"background": "BACKGROUND_TRANSPARENT"},
    }
    grid.insert(at, row_id)
    for emptied in [key for key in grid if not nodes[key]["children"]]:
        grid.remove(emptied)
        del nodes[emptied]


def _stretch(nodes: dict[str, Any], children: list[str]) -> None:
    """Share the whole width of a row among what is left in it."""
    taken = sum(nodes[child]["meta"]["width"] for child in children)
    left = GRID_COLUMNS
    for number, child in enumerate(children):
        meta = nodes[child]["meta"]
        is_last = number == len(children) - 1
        meta["width"] = left if is_last else meta["width"] * GRID_COLUMNS // taken
        left -= meta["width"]


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
