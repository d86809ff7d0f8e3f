"""The sources that are reached over an API: how each is loaded, and its raw tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ingestion.api import DocumentTable, SourceReport, ensure_api_tables
from ingestion.auth import SourceSystem
from ingestion.sources import quickbooks, shopify, square
from ingestion.sources.quickbooks.shapes import TABLES as QUICKBOOKS_TABLES
from ingestion.sources.shopify.shapes import TABLES as SHOPIFY_TABLES
from ingestion.sources.square.shapes import TABLES as SQUARE_TABLES
from warehouse.database import Warehouse


@dataclass(frozen=True)
class ApiSource:
    """One source.

    Args:
        load: ``load(warehouse, vault, on_progress, only=…, accepts_shrinking=…)``.
        tables: its raw tables.
        newest_sale: ``newest_sale(warehouse, since)`` tells cheaply when a sale changed last; None
            for books, where sales arrive days later.
    """

    name: SourceSystem
    load: Callable[..., SourceReport]
    tables: tuple[DocumentTable, ...]
    newest_sale: Callable[[Warehouse, datetime], datetime | None] | None = None

    def is_used(self, warehouse: Warehouse) -> bool:
        """Whether ``business.toml`` has a section for it."""
        return getattr(warehouse.business.sources, self.name) is not None

    def ensure_tables(self, warehouse: Warehouse) -> None:
        """Create what is missing of its raw tables, so that models can read them."""
        ensure_api_tables(warehouse, self.name, self.tables)


API_SOURCES = (
    ApiSource("shopify", shopify.load_shopify, SHOPIFY_TABLES, shopify.newest_sale),
    ApiSource("square", square.load_square, SQUARE_TABLES, square.newest_sale),
    ApiSource("quickbooks", quickbooks.load_quickbooks, QUICKBOOKS_TABLES),
)
