"""A local server that speaks QuickBooks Online's API for a generated world, and its books."""

from sandbox.quickbooks.server import quickbooks_app
from sandbox.quickbooks.webhooks import Webhooks

__all__ = ["Webhooks", "quickbooks_app"]
