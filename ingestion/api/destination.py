"""dlt's PostgreSQL, with one ADBC database for all files of a load.

dlt opens one for each file, and the driver begins by reading every type that the database has: a
row type for each of hundreds of tables and views, a third of a second each time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from adbc_driver_manager import dbapi
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.postgres import PostgresClient, PostgresParquetCopyJob


@contextmanager
def open_destination(url: str) -> Iterator[postgres]:
    """A destination for one load; its database is let go of when the block ends."""
    destination = _Destination(url)
    try:
        yield destination
    finally:
        destination.copies.close()


class Copies:
    """Connections for copying files, all to the database that the first of them opens.

    The driver counts a database's open connections without a lock, and refuses to let go of the
    database when two threads have made it miscount.
    """

    def __init__(self) -> None:
        self._first: dbapi.Connection | None = None
        self._lock = threading.Lock()

    @contextmanager
    def connection(self, connect: Callable[[], dbapi.Connection]) -> Iterator[dbapi.Connection]:
        """A new one; ``connect`` opens the database if nobody has yet."""
        with self._lock:
            if self._first is None:
                self._first = connect()
            made = self._first.adbc_clone()
        try:
            yield made
        finally:
            with self._lock:
                made.close()

    def close(self) -> None:
        """Let go of the database; nobody may be connected any more."""
        if self._first is not None:
            self._first.close()


class _CopyJob(PostgresParquetCopyJob):
    def __init__(self, file_path: str, copies: Copies) -> None:
        super().__init__(file_path)
        self._copies = copies

    # dlt's job only enters what it gets.
    def _connect(self) -> AbstractContextManager[dbapi.Connection]:  # type: ignore[override]
        return self._copies.connection(super()._connect)


class _Client(PostgresClient):
    copies: Copies  # the destination's that made it

    def create_load_job(self, table: Any, file_path: str, *args: Any, **options: Any) -> Any:
        job = super().create_load_job(table, file_path, *args, **options)
        return _CopyJob(file_path, self.copies) if type(job) is PostgresParquetCopyJob else job


class _Destination(postgres):
    client_class = _Client

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.copies = Copies()

    def client(self, *args: Any, **options: Any) -> Any:
        client: Any = super().client(*args, **options)
        client.copies = self.copies
        return client

    @property
    def destination_type(self) -> str:
        """As what it is in the state of loads: the same as dlt's own."""
        return "dlt.destinations.postgres"
