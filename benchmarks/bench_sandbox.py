"""How fast the sandbox makes a business, and how fast its Square account is read.

The peer of a client is a bare one that only downloads the same pages.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measuring import peak_megabytes
from ingestion.sources.square import SquareClient
from sandbox.serving import serving
from sandbox.square import square_app
from sandbox.world import WorldSettings, generate
from warehouse.home import PROJECT_ROOT

MANY = (2.0, 1_440.0)
ACCOUNT = (1.0, 150.0)
GENERATION_LIMIT_SECONDS, GENERATION_LIMIT_MB = 300.0, 4_096.0
RATE_LIMIT = 0.5
TURNS = 3


class _Bearer(httpx.Auth):
    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:
        request.headers["Authorization"] = "Bearer sandbox"
        yield request


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure; returns figure name -> value, limit, passes, unit."""
    years, per_day = (0.2, 100.0) if quick else MANY
    made = _generated(years, per_day)
    figures = {
        f"generating {made['orders']:,.0f} orders": _figure(
            made["seconds"], "s", GENERATION_LIMIT_SECONDS
        ),
        "memory while generating": _figure(made["peak_mb"], "MB", GENERATION_LIMIT_MB),
    }
    orders, ours, bare = _read_square(*((0.2, 50.0) if quick else ACCOUNT))
    figures[f"reading {orders:,} Square orders"] = _figure(ours, "s")
    figures["downloading the same pages"] = _figure(bare, "s")
    ratio = bare / ours
    figures["Square client's rate ÷ bare download's"] = {
        "value": ratio, "unit": "×", "limit": f">= {RATE_LIMIT}", "passes": ratio >= RATE_LIMIT,
    }  # fmt: skip
    return figures


def _figure(value: float, unit: str, limit: float | None = None) -> dict[str, Any]:
    passes = None if limit is None else value <= limit
    return {"value": value, "unit": unit, "limit": limit, "passes": passes}


def _generated(years: float, per_day: float) -> dict[str, float]:
    """Seconds and peak memory of generating in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bench_sandbox", str(years), str(per_day)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT_ROOT)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _read_square(years: float, per_day: float) -> tuple[int, float, float]:
    """(orders, best seconds of our client, best seconds of a bare one), taking turns."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        world = generate(WorldSettings(1, years, per_day), Path(folder))
        with serving(square_app(world, lambda token: token == "sandbox")) as address:
            client = SquareClient(address, _Bearer())
            places = [location["id"] for location in client.locations()]
            ours, bare, count = [], [], 0
            for _ in range(TURNS):
                began = time.monotonic()
                bare.append(_download(address, places) - began)
                began = time.monotonic()
                count = sum(len(page) for page in client.orders(places))
                ours.append(time.monotonic() - began)
            client.close()
    return count, min(ours), min(bare)


def _download(address: str, places: list[str]) -> float:
    """Follow the cursors and look at nothing else; the time at the end."""
    body: dict[str, Any] = {"location_ids": places, "limit": 1_000, "query": {
        "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"}}}  # fmt: skip
    with httpx.Client(base_url=address, auth=_Bearer(), timeout=60) as client:
        while True:
            text = client.post("/v2/orders/search", json=body).text
            found = text.rfind('"cursor":"')
            if found < 0:
                return time.monotonic()
            body["cursor"] = text[found + 10 : text.index('"', found + 10)]


def _child(years: float, per_day: float) -> None:
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        began = time.monotonic()
        world = generate(WorldSettings(1, years, per_day), Path(folder))
        seconds = time.monotonic() - began
        ((orders,),) = world.rows("select count(*) from orders")
    print(json.dumps({"seconds": seconds, "peak_mb": peak_megabytes(), "orders": orders}))


if __name__ == "__main__":
    _child(float(sys.argv[1]), float(sys.argv[2]))
