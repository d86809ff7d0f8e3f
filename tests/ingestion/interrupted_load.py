"""One load in a process of its own, which a test may kill; imported by a fork server."""

from __future__ import annotations

import os
from pathlib import Path

import dlt

import ingestion.api.resources
import ingestion.sources.quickbooks.client
from ingestion.auth import SourceSystem
from ingestion.sources.registry import API_SOURCES
from warehouse.business import load_business
from warehouse.database import open_warehouse
from warehouse.vault import open_vault

PRELOADED = (dlt, ingestion.api.resources)


def load(folder: str, source: SourceSystem, environment: dict[str, str]) -> None:
    """Load a source of the business in that folder."""
    os.environ.update(environment)
    ingestion.sources.quickbooks.client.LEAST_PAUSE_SECONDS = 0.0
    warehouse = open_warehouse(load_business(Path(folder)))
    (api,) = (each for each in API_SOURCES if each.name == source)
    api.load(warehouse, open_vault(warehouse))
