"""The dashboards under load: twenty clients on the marts of a million orders, and a page in a
browser.

Each client is signed in as the owner and asks for charts one after the other without a pause, which
is more than twenty people do. Uncached: each chart is computed anew.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg

from benchmarks.bench_modelling import LINES_PER_ORDER, insert_lines
from benchmarks.measuring import figure, p95, run_hub
from orchestration.defs.transform.models import ensure_sources
from warehouse.business import load_business
from warehouse.database import open_warehouse

ORDERS, QUICK_ORDERS = 1_000_000, 20_000
CLIENTS, SECONDS = 20, 60.0
CACHED_LIMIT, UNCACHED_LIMIT, PAGE_LIMIT = 0.5, 1.5, 3.0
Json = dict[str, Any]
PAGES, ROUNDS = ("owner-overview", "today", "sales", "customers", "profit"), 5
WARM_UP_ROUNDS = 2  # a browser keeps compiled scripts from the second visit on


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure; returns figure name -> value, limit, passes, unit."""
    home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    home.chmod(0o755)
    os.environ["HUB_HOME"], os.environ["HUB_CONFIG_HOME"] = str(home), str(home / "config")
    try:
        prepare(home, QUICK_ORDERS if quick else ORDERS)
        return measure(home)
    finally:
        run_hub("down", "--all")
        shutil.rmtree(home, ignore_errors=True)


def prepare(home: Path, orders: int) -> None:
    """A business with so many orders, modelled, forecast and on its dashboards."""
    folder = home / "business"
    (folder / "inbox").mkdir(parents=True)
    (folder / "business.toml").write_text(
        'id = "bench"\nname = "Bench"\ntime_zone = "America/New_York"\n'
        'currency_code = "USD"\ncountry_code = "US"\n'
    )
    warehouse = open_warehouse(load_business(folder))
    ensure_sources(warehouse)
    lines = orders * LINES_PER_ORDER
    with psycopg.connect(warehouse.server.admin_url(warehouse.database)) as connection:
        insert_lines(connection, 0, lines - 1, orders, load="first", version="v1")
    run_hub("run", "--business", str(folder))
    run_hub("up", "--business", str(folder))


def measure(home: Path) -> dict[str, dict[str, Any]]:
    """Ask a hub that runs."""
    running = {one["name"]: one["address"] for one in json.loads(run_hub("status", "--json"))}
    password = json.loads((home / "superset.json").read_text())["owner"]
    url = str(running["superset"])
    clients = [_signed_in(url, password) for _ in range(CLIENTS)]
    charts = _charts(clients[0])
    figures: dict[str, dict[str, Any]] = {
        "charts": {"value": len(charts), "unit": "", "limit": None, "passes": None}
    }
    for name, is_forced, limit in (
        ("uncached", True, UNCACHED_LIMIT), ("cached", False, CACHED_LIMIT)
    ):  # fmt: skip
        if not is_forced:
            for chart in charts:
                _ask(clients[0], chart, is_forced=False)
        seconds = _under_load(clients, charts, is_forced=is_forced)
        figures[f"chart, {name}, {CLIENTS} clients, p95"] = figure(p95(seconds), limit=limit)
        figures[f"chart, {name}, {CLIENTS} clients, median"] = figure(statistics.median(seconds))
        figures[f"charts a second, {name}"] = {
            "value": len(seconds) / SECONDS, "unit": "/s", "limit": None, "passes": None
        }  # fmt: skip
    figures["page in a browser, warm, p95"] = figure(p95(_pages(url, password)), limit=PAGE_LIMIT)
    return figures


def _signed_in(url: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=url, timeout=60)
    body = {"username": "owner", "password": password, "provider": "db", "refresh": False}
    token = client.post("/api/v1/security/login", json=body).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    return client


def _charts(client: httpx.Client) -> list[Json]:
    """What a browser asks for each chart of all dashboards."""
    found: dict[int, Json] = {}
    boards = client.get("/api/v1/dashboard/", params={"q": "(page_size:100)"}).raise_for_status()
    for board in boards.json()["result"]:
        charts = client.get(f"/api/v1/dashboard/{board['id']}/charts").raise_for_status()
        for chart in charts.json()["result"]:
            stored = client.get(f"/api/v1/chart/{chart['id']}").raise_for_status().json()["result"]
            found[chart["id"]] = json.loads(stored["query_context"])
    return list(found.values())


def _ask(client: httpx.Client, chart: Json, *, is_forced: bool) -> float:
    began = time.monotonic()
    answer = client.post("/api/v1/chart/data", json=chart | {"force": is_forced})
    if answer.is_error:
        raise RuntimeError(f"A chart answered {answer.status_code}: {answer.text[:500]}")
    return time.monotonic() - began


def _under_load(clients: list[httpx.Client], charts: list[Json], *, is_forced: bool) -> list[float]:
    """Seconds of each answer while all clients ask as fast as they are answered."""
    ends_at = time.monotonic() + SECONDS
    found: list[float] = []
    lock = threading.Lock()

    def ask(number: int) -> None:
        order = random.Random(number)
        while time.monotonic() < ends_at:
            seconds = _ask(clients[number], order.choice(charts), is_forced=is_forced)
            with lock:
                found.append(seconds)

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(ask, range(len(clients))))
    return found


def _pages(url: str, password: str) -> list[float]:
    """Seconds until pages that were open before are drawn, again and again."""
    from playwright.sync_api import sync_playwright

    from tests.browser.dashboard_walk import sign_in, walk, window

    found = []
    with sync_playwright() as playwright, window(playwright) as context:
        sign_in(context, url, "owner", password)
        for turn in range(WARM_UP_ROUNDS + ROUNDS):
            for slug in PAGES:
                seen = walk(context, url, slug)
                if turn >= WARM_UP_ROUNDS:
                    found.append(seen.seconds)
    return found
