"""``python -m ingestion.sources.spreadsheets --business FOLDER``: load an inbox alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ingestion.sources.spreadsheets.loading import load_inbox
from warehouse.business import load_business
from warehouse.database import open_warehouse
from warehouse.errors import HubError
from warehouse.vault import open_vault


def main(arguments: list[str] | None = None) -> int:
    """Load (or with --dry-run only check) an inbox; 1 when any file failed."""
    parser = argparse.ArgumentParser(prog="python -m ingestion.sources.spreadsheets")
    parser.add_argument("--business", type=Path, required=True, help="folder with business.toml")
    parser.add_argument("--kind", action="append", help="load only this kind (repeatable)")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
    options = parser.parse_args(arguments)
    try:
        business = load_business(options.business)
        warehouse = open_warehouse(business)
        report = load_inbox(business, warehouse, open_vault(warehouse), options.kind,
                            dry_run=options.dry_run)  # fmt: skip
    except HubError as error:
        print(error, file=sys.stderr)
        return 1
    print(report.to_text())
    return 1 if report.has_failures else 0


if __name__ == "__main__":
    sys.exit(main())
