"""A generated world on disk, opened for questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb


class World:
    """The truth of a generated world, as tables of an in-memory DuckDB over its files.

    Attributes:
        settings: what it was generated with.
        database: one view per table of ``truth/``; amounts are whole cents.
    """

    def __init__(self, folder: Path) -> None:
        """Open a world.

        Raises:
            FileNotFoundError: the folder holds no world.
        """
        self.folder = folder
        self.settings: dict[str, Any] = json.loads(
            (folder / "world.json").read_text(encoding="utf-8")
        )
        self.database = duckdb.connect()
        self.database.execute("set TimeZone = 'UTC'")
        for file in sorted((folder / "truth").glob("*.parquet")):
            path = str(file).replace("'", "''")
            self.database.execute(f"create view {file.stem} as from read_parquet('{path}')")

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.database.execute(query, list(parameters)).fetchall()

    def close(self) -> None:
        """Let go of the files."""
        self.database.close()
