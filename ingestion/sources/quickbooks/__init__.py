"""QuickBooks Online: the books, with what QuickBooks itself reports of them."""

from ingestion.sources.quickbooks.client import QuickBooksClient
from ingestion.sources.quickbooks.source import load_quickbooks, quickbooks_streams

__all__ = ["QuickBooksClient", "load_quickbooks", "quickbooks_streams"]
