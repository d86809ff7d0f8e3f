"""Loads that are killed at any moment lose nothing and repeat nothing."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from sandbox.world import WorldSettings, generate
from tests.ingestion import interrupted_load
from tests.ingestion.served_shop import SOURCES, ConnectedShop, ServedSystem, served
from warehouse.database import Warehouse

KILLS = 20
SETTINGS = WorldSettings(seed=3, years=0.1, orders_per_day=30)


@pytest.fixture(scope="module", params=SOURCES)
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedSystem]:
    world = generate(SETTINGS, tmp_path_factory.mktemp("world"))
    # An access token is renewed between any two requests of a killed load, too.
    with served(request.param, world, "grace") as system:
        yield system
    world.close()


@pytest.fixture(scope="module")
def spawn() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([interrupted_load.__name__])
    return context


def test_kills_at_random_moments_lose_and_repeat_nothing(
    system: ServedSystem,
    warehouse_factory: Callable[..., Warehouse],
    spawn: multiprocessing.context.ForkServerContext,
) -> None:
    whole = system.connect(warehouse_factory())
    began = time.monotonic()
    whole.load()
    expected, longest = whole.fingerprint(), time.monotonic() - began
    shop = system.connect(warehouse_factory())
    dice = random.Random(13)
    killed = 0
    for _ in range(KILLS):
        child, began = started(spawn, shop), time.monotonic()
        child.join(dice.uniform(0.1, longest))
        if child.is_alive():
            child.kill()
            killed += 1
        else:
            # The machine is quicker now, or less is left to load.
            longest = time.monotonic() - began
        child.join()
    assert killed >= KILLS // 4
    child = started(spawn, shop)
    child.join(timedelta(minutes=2).total_seconds())
    assert child.exitcode == 0
    assert shop.fingerprint() == expected


def started(
    spawn: multiprocessing.context.ForkServerContext, shop: ConnectedShop
) -> multiprocessing.context.ForkServerProcess:
    """A load that has begun."""
    environment = {name: os.environ[name] for name in ("HUB_HOME", "HUB_CONFIG_HOME")}
    child = spawn.Process(
        target=interrupted_load.load,
        args=(str(shop.warehouse.business.folder), shop.system.source, environment),
    )
    child.start()
    return child
