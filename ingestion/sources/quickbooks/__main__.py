"""``python -m ingestion.sources.quickbooks --business FOLDER``: load QuickBooks alone."""

import sys

from ingestion.api.command import main
from ingestion.sources.quickbooks import load_quickbooks

if __name__ == "__main__":
    sys.exit(main("quickbooks", load_quickbooks))
