"""Square: what the till and the payments of a Square account hold."""

from ingestion.sources.square.client import SquareClient

__all__ = ["SquareClient"]
