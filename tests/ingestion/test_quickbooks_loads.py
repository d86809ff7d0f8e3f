"""QuickBooks' lists and changes that do not fit into one answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

import ingestion.sources.quickbooks.client as client
from sandbox.world import World, WorldSettings, generate
from tests.ingestion.served_shop import ServedSystem, served
from warehouse.database import Warehouse

SETTINGS = WorldSettings(seed=29, years=0.05, orders_per_day=8)


class Asked:
    """Counts what is asked for, before the API answers."""

    def __init__(self) -> None:
        self.paths: Counter[str] = Counter()

    def in_front(self, app: Any) -> Any:
        async def counted(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                self.paths[scope["path"].rpartition("/")[2]] += 1
            await app(scope, receive, send)

        return counted


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked()


@pytest.fixture
def system(
    tmp_path_factory: pytest.TempPathFactory, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ServedSystem]:
    monkeypatch.setattr(client, "LEAST_PAUSE_SECONDS", 0.0)
    folder = tmp_path_factory.mktemp("world")
    generate(SETTINGS, folder).close()
    world = World(folder)
    ends_at = world.ends_at
    world.close()
    world = World(folder, now=ends_at - timedelta(days=6))
    with served("quickbooks", world, in_front=asked.in_front) as system:
        yield system
    world.close()


@pytest.mark.parametrize(
    "limits",
    [{}, {"PER_PAGE": 7, "MOST_CHANGES": 5}, {"PER_PAGE": 3, "MOST_CHANGES": 1}],
    ids=str,
)
def test_what_does_not_fit_into_one_answer_is_read_in_parts(
    system: ServedSystem,
    asked: Asked,
    warehouse_factory: Callable[..., Warehouse],
    monkeypatch: pytest.MonkeyPatch,
    limits: dict[str, int],
) -> None:
    shop = system.connect(warehouse_factory())
    for name, value in limits.items():
        monkeypatch.setattr(client, name, value)
    shop.load()
    system.world.advance(system.world.ends_at)
    asked.paths.clear()
    shop.load()
    if not limits:
        assert asked.paths["cdc"] == 1
        assert asked.paths["batch"] == 2, "all lists, and the first date of what changed"
        assert asked.paths["query"] == 1
    else:
        assert asked.paths["query"] > 1, "the limit was never reached"
    monkeypatch.undo()
    whole = system.connect(warehouse_factory())
    whole.load()
    assert shop.fingerprint() == whole.fingerprint()


def test_a_run_without_news_asks_little(
    system: ServedSystem, asked: Asked, warehouse_factory: Callable[..., Warehouse]
) -> None:
    shop = system.connect(warehouse_factory())
    shop.load()
    asked.paths.clear()
    assert sum(table.rows_read for table in shop.load().tables) == 0
    assert sum(asked.paths.values()) <= 5


def test_reports_that_say_the_same_are_no_news(
    system: ServedSystem, warehouse_factory: Callable[..., Warehouse]
) -> None:
    """They bear the time at which they were asked for, and are asked for again after a change."""
    shop = system.connect(warehouse_factory())
    shop.load()
    system.world.advance(system.world.ends_at)
    changed = {table.name: table.rows_read for table in shop.load().tables}
    assert changed["reports"] > 0
    assert {table.name: table.rows_read for table in shop.load().tables if table.rows_read} == {}
