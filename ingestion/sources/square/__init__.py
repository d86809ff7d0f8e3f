"""Square: what the till and the payments of a Square account hold."""

from ingestion.sources.square.client import SquareClient
from ingestion.sources.square.source import load_square, newest_sale, square_streams

__all__ = ["SquareClient", "load_square", "newest_sale", "square_streams"]
