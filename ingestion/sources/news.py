"""Whether something was sold since: a request or two per source show whether a load is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg import sql

from ingestion.sources.registry import API_SOURCES, ApiSource
from warehouse.database import Warehouse
from warehouse.errors import HubError


@dataclass(frozen=True)
class News:
    """What the sources answered.

    Attributes:
        newest: when a sale changed last, by source; hand it to the next look.
        sources: those at which one changed since.
        problems: what could not be asked, in words, by source.
    """

    newest: dict[str, datetime] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def ask_for_news(warehouse: Warehouse, since: Mapping[str, datetime] | None = None) -> News:
    """Ask each source whether a sale changed.

    Sources give times in whole seconds: a second sale in the second of the newest one is no news.
    It comes with the next load.

    Args:
        since: what the last look found, and what is loaded may be older: a load that failed is not
            asked for again because of the same sale.
    """
    news = News()
    for source in sources_of_sales(warehouse):
        assert source.newest_sale
        last = _newest_loaded(warehouse, source)
        last = max(last, (since or {}).get(source.name, last))
        try:
            newest = max(last, source.newest_sale(warehouse, last) or last)
        except HubError as error:
            news.problems[source.name] = str(error)
            newest = last
        news.newest[source.name] = newest
        if newest > last:
            news.sources.append(source.name)
    return news


def sources_of_sales(warehouse: Warehouse) -> list[ApiSource]:
    """The sources of a business that can be asked for new sales, and were loaded before."""
    with warehouse.connect("quality") as connection:
        loaded = {
            row[0]
            for row in connection.execute(
                "select distinct source_system from quality.load_log "
                "where status <> 'failed' and table_name = 'orders'"
            )
        }
    return [
        source
        for source in API_SOURCES
        if source.newest_sale and source.name in loaded and source.is_used(warehouse)
    ]


def _newest_loaded(warehouse: Warehouse, source: ApiSource) -> datetime:
    """When the newest of the orders in the warehouse changed."""
    table = sql.Identifier(f"raw_{source.name}", "orders")
    with warehouse.connect("quality") as connection:
        row = connection.execute(sql.SQL("select max(updated_at) from {}").format(table)).fetchone()
    return row[0] if row and row[0] else datetime.fromtimestamp(0, UTC)
