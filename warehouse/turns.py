"""Whose turn it is: rows land, or models are built from them, never both at once.

A row bears the time at which its load began. Were it to land while models are built, these would
take a later time for the newest they have seen, and never look at the row again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from warehouse.database import Role, Warehouse

_NAME = "raw rows"


@contextmanager
def landing(warehouse: Warehouse) -> Iterator[None]:
    """Load rows while the block runs; other loads may go on beside it, no build does."""
    with warehouse.connect("loader", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock_shared(hashtext(%s))", (_NAME,))
        yield


@contextmanager
def modelling(warehouse: Warehouse, role: Role) -> Iterator[None]:
    """Build models while the block runs; nothing lands meanwhile."""
    with warehouse.connect(role, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext(%s))", (_NAME,))
        yield
