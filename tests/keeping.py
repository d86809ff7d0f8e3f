"""Throw-away businesses that several tests share: each finds the database as it was kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from warehouse.business import load_business
from warehouse.database import Warehouse, drop_warehouse, open_warehouse


def open_business(folder: Path, name: str, currency_code: str = "USD") -> Warehouse:
    """The empty warehouse of a business without sources; its folder is made."""
    (folder / "inbox").mkdir(parents=True)
    (folder / "business.toml").write_text(
        f'id = "{name}"\nname = "Corner Shop"\ntime_zone = "America/New_York"\n'
        f'country_code = "US"\ncurrency_code = "{currency_code}"\n',
        encoding="utf-8",
    )
    return open_warehouse(load_business(folder))


@dataclass(frozen=True)
class KeptWarehouse:
    """A warehouse with a copy to return to, which takes a second and neither load nor build."""

    warehouse: Warehouse

    def as_it_was(self) -> Warehouse:
        """The warehouse as it was when it was kept."""
        drop_warehouse(self.warehouse.business)
        self._administer("create database {database} template {copy} strategy file_copy")
        return open_warehouse(self.warehouse.business)

    def _administer(self, statement: str) -> None:
        database = self.warehouse.database
        names = {"database": sql.Identifier(database), "copy": sql.Identifier(f"{database}_kept")}
        with psycopg.connect(self.warehouse.server.admin_url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(**names))


@contextmanager
def kept(warehouse: Warehouse) -> Iterator[KeptWarehouse]:
    """Keep a warehouse as it is now; nobody may be connected to it."""
    found = KeptWarehouse(warehouse)
    found._administer("create database {copy} template {database} strategy file_copy")
    try:
        yield found
    finally:
        found._administer("drop database {copy} with (force)")
