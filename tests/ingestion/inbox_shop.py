"""A shop with an inbox, and one call to load it; used by the fixture ``shop``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.sources.spreadsheets import FileReport, LoadReport, load_inbox
from warehouse.database import Warehouse
from warehouse.vault import Vault

HEADER = "order_id,line_id,sold_at,product_id,quantity,unit_price_amount\n"


@dataclass
class Shop:
    """A throw-away business."""

    warehouse: Warehouse
    vault: Vault

    def put(self, name: str, content: str | bytes, kind: str = "sales") -> Path:
        path = self.warehouse.business.inbox / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, **options: Any) -> LoadReport:
        return load_inbox(self.warehouse.business, self.warehouse, self.vault, **options)

    def load_one(self, name: str, content: str | bytes, kind: str = "sales") -> FileReport:
        self.put(name, content, kind)
        return next(file for file in self.load().files if file.file_name == name)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.warehouse.connect("loader") as connection:
            return connection.execute(query).fetchall()

    def current(self, columns: str, kind: str = "sales") -> list[tuple[Any, ...]]:
        return self.rows(
            f"select {columns} from raw_spreadsheets.{kind} where _superseded_number is null "
            "order by _row_number"
        )
