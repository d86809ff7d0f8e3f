"""Spreadsheets (CSV, TSV, XLSX, XLS, ODS) of a business's inbox into ``raw_spreadsheets``."""

from ingestion.sources.spreadsheets.loading import load_inbox
from ingestion.sources.spreadsheets.proposals import MappingProposal, propose_mapping
from ingestion.sources.spreadsheets.raw_tables import ensure_raw_tables
from ingestion.sources.spreadsheets.reports import FileReport, LoadReport

__all__ = [
    "FileReport", "LoadReport", "MappingProposal", "ensure_raw_tables", "load_inbox",
    "propose_mapping",
]  # fmt: skip
