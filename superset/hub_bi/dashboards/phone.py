"""The phone version of a dashboard: the same charts in one column, made from its description."""

from dataclasses import replace

from hub_bi.charts import BigNumber, Rows, Summary, Total
from hub_bi.dashboards.shared import NAVIGATION_KEY, PHONE_SUFFIX, phone_navigation
from hub_bi.layout import GRID_COLUMNS
from hub_bi.tiles import Card, Dashboard, Item, Tile

NUMBER_HEIGHT, TABLE_HEIGHT, CHART_HEIGHT = 22, 54, 42
CARD_GROWTH = 2  # lines of a text that is as wide as a phone, not as a screen


def phone_version(board: Dashboard) -> Dashboard:
    """Return the dashboard in one column under its own slug, showing the same charts."""
    items = [item for row in board.rows for item in row if item.key != NAVIGATION_KEY]
    return replace(
        board,
        slug=board.slug + PHONE_SUFFIX,
        title=f"{board.title} (phone)",
        description=f"{board.description} In one column, for a phone.",
        rows=((phone_navigation(board.slug),), *((_in_one_column(item),) for item in items)),
        shows_charts_of=board.slug,
    )


def _in_one_column(item: Item) -> Item:
    if isinstance(item, Card):
        return replace(item, width=GRID_COLUMNS, height=item.height * CARD_GROWTH)
    return replace(item, width=GRID_COLUMNS, height=_height(item))


def _height(tile: Tile) -> int:
    if isinstance(tile.chart, BigNumber | Total):
        return NUMBER_HEIGHT
    return min(
        tile.height, TABLE_HEIGHT if isinstance(tile.chart, Rows | Summary) else CHART_HEIGHT
    )
