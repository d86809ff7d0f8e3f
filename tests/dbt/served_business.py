"""A generated business whose systems are loaded and whose owner keeps spreadsheets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.spreadsheets import write_inbox
from sandbox.world import World, WorldSettings, generate
from tests.dbt.building import build, load, with_models
from tests.ingestion.served_shop import ConnectedShop, served
from tests.keeping import open_business
from warehouse.database import Warehouse

Rows = list[tuple[Any, ...]]


@dataclass
class ServedBusiness:
    """A warehouse and the world that its rows come from; ``models`` are those that are built."""

    world: World
    warehouse: Warehouse
    shops: list[ConnectedShop]
    models: str

    def update(self, **options: Any) -> None:
        """Load what is new of the systems and the owner's spreadsheets, and build what is due."""
        write_inbox(self.world, self.warehouse.business.inbox)
        load(self.warehouse)
        for shop in self.shops:
            shop.load()
        self.build(only_due=True, **options)

    def build(self, **options: Any) -> None:
        """Build the models."""
        done = build(self.warehouse, select=self.models, **options)
        assert done.returncode == 0, done.stdout[-4000:]

    def rows(self, query: str) -> Rows:
        """What an analyst sees."""
        with self.warehouse.connect("analyst") as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def said_by(self, test: str) -> str:
        """What dbt says of one of its tests that only warn."""
        return build(self.warehouse, select=test).stdout


@contextmanager
def served_business(
    settings: WorldSettings, folder: Path, before_the_end: timedelta, models: str,
    currency_code: str = "USD",
) -> Iterator[ServedBusiness]:  # fmt: skip
    """Generate a world, serve its shop systems, load and build them, some time before its end."""
    generate(settings, folder / "world").close()
    world = World(folder / "world")
    ends_at = world.ends_at
    world.close()
    world = World(folder / "world", now=ends_at - before_the_end)
    with ExitStack() as stack:
        systems = [stack.enter_context(served(name, world)) for name in ("square", "shopify")]
        first = systems[0].connect(new_business(folder / "business", currency_code))
        second = systems[1].connect(first.warehouse)
        business = ServedBusiness(world, second.warehouse, [first, second], models)
        business.update()
        yield business
    world.close()


def new_business(folder: Path, currency_code: str = "USD") -> Warehouse:
    """A business without sources, with the models in it; its folder is made."""
    opened = open_business(folder, f"shop_{uuid.uuid4().hex[:10]}", currency_code)
    return with_models(opened.business)
