"""``python -m ingestion.sources.shopify --business FOLDER``: load Shopify alone."""

import sys

from ingestion.api.command import main
from ingestion.sources.shopify import load_shopify

if __name__ == "__main__":
    sys.exit(main("shopify", load_shopify))
