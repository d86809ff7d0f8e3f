"""Shopify: what a shop and its checkout hold."""

from ingestion.sources.shopify.client import ShopifyClient
from ingestion.sources.shopify.source import load_shopify, newest_sale, shopify_streams

__all__ = ["ShopifyClient", "load_shopify", "newest_sale", "shopify_streams"]
