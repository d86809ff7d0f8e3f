"""Where things stand on a dashboard: Superset's grid of twelve columns as position data."""

from typing import Any

from hub_bi.identity import short_id, stable_uuid
from hub_bi.tiles import Card, Dashboard, Item, Tile

GRID_COLUMNS = 12


class LayoutError(ValueError):
    """A row of a dashboard is wider than the grid."""


def chart_uuid(dashboard: Dashboard, tile: Tile) -> str:
    """Return the id of a tile's chart."""
    return str(stable_uuid("chart", f"{dashboard.charts_slug}/{tile.key}"))


def placeholder_id(dashboard: Dashboard, tile: Tile) -> int:
    """Return the number that stands for a chart until the importer gives it a real one."""
    return stable_uuid("chart", f"{dashboard.charts_slug}/{tile.key}").int % 1_000_000_000


def position(dashboard: Dashboard) -> dict[str, Any]:
    """Return the position data of a dashboard; LayoutError if a row does not fit."""
    nodes: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "parents": ["ROOT_ID"], "children": []},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.title}},
    }
    for number, row in enumerate(dashboard.rows):
        if sum(item.width for item in row) > GRID_COLUMNS:
            raise LayoutError(f"Row {number + 1} of '{dashboard.title}' is wider than the grid.")
        row_id = short_id("ROW", "row", f"{dashboard.slug}/{number}")
        parents = ["ROOT_ID", "GRID_ID", row_id]
        items = [_node(dashboard, item, parents) for item in row]
        nodes["GRID_ID"]["children"].append(row_id)
        nodes[row_id] = {
            "type": "ROW",
            "id": row_id,
            "parents": ["ROOT_ID", "GRID_ID"],
            "children": [node["id"] for node in items],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        nodes |= {node["id"]: node for node in items}
    return nodes


def _node(dashboard: Dashboard, item: Item, parents: list[str]) -> dict[str, Any]:
    if isinstance(item, Card):
        return text_node(dashboard, item.key, item.text, item.width, item.height, parents)
    return {
        "type": "CHART",
        "id": chart_node_id(dashboard, item),
        "parents": parents,
        "children": [],
        "meta": {
            "chartId": placeholder_id(dashboard, item),
            "uuid": chart_uuid(dashboard, item),
            "sliceName": item.question,
            "width": item.width,
            "height": item.height,
        },
    }


def chart_node_id(dashboard: Dashboard, tile: Tile) -> str:
    """Return the id of a tile's place; links to it hold on every layout of the dashboard."""
    return short_id("CHART", "chart", f"{dashboard.charts_slug}/{tile.key}")


def text_node(
    dashboard: Dashboard, key: str, text: str, width: int, height: int, parents: list[str]
) -> dict[str, Any]:
    """Return a Markdown card's place on a dashboard."""
    return {
        "type": "MARKDOWN",
        "id": short_id("MARKDOWN", "card", f"{dashboard.slug}/{key}"),
        "parents": parents,
        "children": [],
        "meta": {"code": text, "width": width, "height": height},
    }
