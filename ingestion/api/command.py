"""The command line that each API source has of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from ingestion.api.reports import SourceReport
from warehouse.business import load_business
from warehouse.database import open_warehouse
from warehouse.errors import HubError
from warehouse.vault import open_vault


def main(source: str, load: Callable[..., SourceReport], arguments: list[str] | None = None) -> int:
    """Load one source of a business; 1 when it failed."""
    parser = argparse.ArgumentParser(prog=f"python -m ingestion.sources.{source}")
    parser.add_argument("--business", type=Path, required=True, help="folder with business.toml")
    parser.add_argument("--accept-shrinking", action="store_true",
                        help="believe a list that is much shorter than it was")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        warehouse = open_warehouse(load_business(options.business))
        report = load(warehouse, open_vault(warehouse), print,
                      accepts_shrinking=options.accept_shrinking)  # fmt: skip
    except HubError as error:
        print(error, file=sys.stderr)
        return 1
    print(report.to_text())
    return 0
