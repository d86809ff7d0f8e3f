"""A local server that speaks QuickBooks Online's API for a generated world, and its books."""

from sandbox.quickbooks.server import quickbooks_app

__all__ = ["quickbooks_app"]
