"""A local server that speaks Square's API for a generated world."""

from sandbox.square.server import square_app

__all__ = ["square_app"]
