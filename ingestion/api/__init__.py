"""Loading an API's documents: shapes, streams with cursors, dlt packages, raw tables, reports.

What is the same for every source; what one API is like belongs to ``ingestion.sources``.
"""

from ingestion.api.loading import Progress, load_streams
from ingestion.api.reports import SourceReport
from ingestion.api.shapes import DocumentTable
from ingestion.api.streams import Stream
from ingestion.api.tables import ensure_api_tables

__all__ = [
    "DocumentTable", "Progress", "SourceReport", "Stream", "ensure_api_tables", "load_streams",
]  # fmt: skip
