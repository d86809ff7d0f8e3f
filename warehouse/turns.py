"""Whose turn it is: one run of a business at a time; rows land, or models are built from them.

A row bears the number that its load drew before it began. Were it to land while models are built,
these would take a later number for the newest they have seen, and never look at the row again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from warehouse.database import Role, Warehouse

_NAME, _RUN = "raw rows", "run"
_POLL_SECONDS = 0.05
# The lock of a table is given back after its rows are there for all, so who holds none has none.
_UNFINISHED = """
select from pg_locks
inner join pg_class on pg_locks.relation = pg_class.oid
where pg_locks.database = (select oid from pg_database where datname = current_database())
    and pg_locks.mode in ('RowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    and starts_with(pg_class.relnamespace::regnamespace::text, 'raw_')
limit 1
"""


@contextmanager
def running(warehouse: Warehouse, on_wait: Callable[[], None]) -> Iterator[None]:
    """Run while the block runs; another run of the business waits until it is over.

    Args:
        on_wait: told when another run goes on.
    """
    with warehouse.connect("loader", autocommit=True) as connection:
        got = connection.execute("select pg_try_advisory_lock(hashtext(%s))", (_RUN,)).fetchone()
        if got != (True,):
            on_wait()
            connection.execute("select pg_advisory_lock(hashtext(%s))", (_RUN,))
        yield


def is_awaited(warehouse: Warehouse) -> bool:
    """Whether another run of the business waits for the one that goes on."""
    with warehouse.connect("loader", autocommit=True) as connection:
        found = connection.execute(
            "select from pg_locks where locktype = 'advisory' and not granted "
            "and database = (select oid from pg_database where datname = current_database()) "
            "and (cast(classid as bigint) << 32) | cast(objid as bigint) "
            "= cast(hashtext(%s) as bigint) limit 1",
            (_RUN,),
        ).fetchone()
    return found is not None


@contextmanager
def turn_if_free(warehouse: Warehouse) -> Iterator[bool]:
    """Whether no run of the business goes on; then none begins while the block runs."""
    with warehouse.connect("loader", autocommit=True) as connection:
        got = connection.execute("select pg_try_advisory_lock(hashtext(%s))", (_RUN,)).fetchone()
        yield got == (True,)


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
        _await_killed_loads(connection)
        yield


def _await_killed_loads(connection: psycopg.Connection) -> None:
    """A load that was killed has given its turn back, but the server may still be about to commit
    the last that it was sent."""
    while connection.execute(_UNFINISHED).fetchone() is not None:
        time.sleep(_POLL_SECONDS)
