"""``python -m ingestion.sources.square --business FOLDER``: load Square alone."""

import sys

from ingestion.api.command import main
from ingestion.sources.square import load_square

if __name__ == "__main__":
    sys.exit(main("square", load_square))
