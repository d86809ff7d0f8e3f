"""Signing in to sources: sealed credentials, access tokens that renew themselves, first consent.

Every source's client takes its token from here and nowhere else. What an API offers beyond
tokens does not belong here.
"""

from ingestion.auth.connection import Connection, obtain, open_connection
from ingestion.auth.credentials import SOURCE_SYSTEMS, TITLES, Credentials, SourceSystem
from ingestion.auth.store import ConnectionStore, Status

__all__ = [
    "SOURCE_SYSTEMS",
    "TITLES",
    "Connection",
    "ConnectionStore",
    "Credentials",
    "SourceSystem",
    "Status",
    "obtain",
    "open_connection",
]
