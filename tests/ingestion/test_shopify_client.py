"""Shopify's client: several threads share the cost that a plan allows; files come whole."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from ingestion.api.shapes import TEXT
from ingestion.sources.shopify import ShopifyClient
from sandbox.faults import Fault, FaultPlan, FaultyApp
from sandbox.serving import serving
from sandbox.shopify.execution import Shop
from sandbox.shopify.server import create_app
from sandbox.shopify.world_documents import WorldDocuments
from sandbox.world import WorldSettings, generate

QUERY = "{orders(first: 100){nodes{id customer{id} shippingAddress{country}}}}"
THREADS, QUESTIONS = 4, 24


class Token(httpx.Auth):
    """Signs with a token, as a connection does."""

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:
        request.headers["X-Shopify-Access-Token"] = "sandbox"
        yield request


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    world = generate(WorldSettings(seed=3, years=0.1, orders_per_day=30), tmp_path)
    made = Shop(WorldDocuments(world), bucket_size=300, present=lambda: world.now)
    yield made
    made.bulk.close()
    world.close()


def test_threads_share_the_cost_limit_and_are_hardly_ever_throttled(shop: Shop) -> None:
    retries: list[str] = []
    with serving(create_app(shop)) as address:
        client = ShopifyClient(address, Token(), on_retry=retries.append)
        client.ask(QUERY, "orders")  # from here on the cost is known
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(lambda _: client.ask(QUERY, "orders"), range(QUESTIONS)))
        client.close()
    assert {len(answer["orders"]["nodes"]) for answer in answers} == {100}
    # Each asks for about 20 of the 300 points and 100 come back a second: asked for without
    # regard to each other, most would be refused.
    assert len(retries) <= 2


def test_a_file_that_ends_early_is_read_on_where_it_ended(shop: Shop) -> None:
    retries: list[str] = []
    plan = FaultPlan()
    plan.add(Fault("truncate", path="bulk/", nth=(1,)))
    with serving(FaultyApp(create_app(shop), plan)) as address:
        client = ShopifyClient(address, Token(), on_retry=retries.append, sleep=lambda _: None)
        pages = [list(client.bulk("orders", {"id": TEXT.always, "name": TEXT})) for _ in range(2)]
        client.close()
    assert plan.struck
    assert pages[0] == pages[1]
    assert sum(len(page) for page in pages[0]) > 100
    assert [line for line in retries if "bytes came" in line] == retries[:1]
