"""Whose turn it is: rows land, or models are built from them, never both at once.

A row bears the time at which its load began. Were it to land while models are built, these would
take a later time for the newest they have seen, and never look at the row again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from warehouse.database import Role, Warehouse
from warehouse.errors import HubError

_NAME = "raw rows"


class BusyError(HubError):
    """Rows are landing, or models are being built, and the caller did not want to wait."""


@contextmanager
def landing(warehouse: Warehouse) -> Iterator[None]:
    """Load rows while the block runs; other loads may go on beside it, no build does."""
    with warehouse.connect("loader", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock_shared(hashtext(%s))", (_NAME,))
        yield


@contextmanager
def modelling(warehouse: Warehouse, role: Role, *, waits: bool = True) -> Iterator[None]:
    """Build models while the block runs; nothing lands meanwhile.

    Raises:
        BusyError: another one has its turn, and ``waits`` is false.
    """
    with warehouse.connect(role, autocommit=True) as connection:
        if waits:
            connection.execute("select pg_advisory_lock(hashtext(%s))", (_NAME,))
        else:
            row = connection.execute(
                "select pg_try_advisory_lock(hashtext(%s))", (_NAME,)
            ).fetchone()
            if row != (True,):
                raise BusyError("Rows are being loaded or models built.", fix="Try again soon.")
        yield
