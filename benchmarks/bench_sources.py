"""How fast the API sources load, beside a bare client that only downloads the same answers.

The bare client repeats, request for request, what a load asked for; the sandbox is served by a
process of its own, so neither computes for the other. Limits of the sources are off.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measuring import peak_megabytes
from ingestion.auth import SourceSystem
from warehouse.home import PROJECT_ROOT

SOURCES: tuple[SourceSystem, ...] = ("square", "shopify", "quickbooks")
YEAR = (1.0, 100.0)
RATE_LIMIT, MEMORY_LIMIT_MB, INCREMENT_LIMIT_SECONDS = 0.5, 700.0, 10.0
CHANGED_ORDERS = 100


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure; returns figure name -> value, limit, passes, unit."""
    years, per_day = (0.1, 50.0) if quick else YEAR
    figures: dict[str, dict[str, Any]] = {}
    for source in SOURCES:
        with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
            found = _measured(source, Path(folder), years, per_day)
        ratio = found["bare"] / found["first"]
        name = f"{source}, {found['documents']:,} documents"
        figures |= {
            f"{name}: first load": _figure(found["first"], "s"),
            f"{source}: downloading the same answers": _figure(found["bare"], "s"),
            f"{source}: rate ÷ bare download's": {
                "value": ratio, "unit": "×", "limit": f">= {RATE_LIMIT}",
                "passes": ratio >= RATE_LIMIT,
            },
            f"{source}: memory of the first load": _figure(found["peak"], "MB", MEMORY_LIMIT_MB),
            f"{source}: load of {found['changed']:,} changed documents": _figure(
                found["increment"], "s", INCREMENT_LIMIT_SECONDS),
        }  # fmt: skip
    return figures


def _figure(value: float, unit: str, limit: float | None = None) -> dict[str, Any]:
    passes = None if limit is None else value <= limit
    return {"value": value, "unit": unit, "limit": limit, "passes": passes}


def _measured(source: str, folder: Path, years: float, per_day: float) -> dict[str, Any]:
    with _serving(source, folder, years, per_day) as address:
        requests = folder / "requests.jsonl"
        first = _child("load", source, address, str(requests))
        bare = min(_child("bare", source, address, str(requests))["seconds"] for _ in range(2))
        # So long that about a hundred of a source's orders are new or changed.
        hours = 24 * CHANGED_ORDERS / (per_day / 2)
        httpx.post(f"{address}/sandbox/advance", json={"seconds": hours * 3600}, timeout=60)
        again = _child("load", source, address, "", first["home"])
    return {"first": first["seconds"], "peak": first["peak"], "documents": first["documents"],
            "bare": bare, "increment": again["seconds"], "changed": again["documents"]}  # fmt: skip


@contextmanager
def _serving(source: str, folder: Path, years: float, per_day: float) -> Iterator[str]:
    """The sandbox in a process of its own, its clock some days before the end of its world."""
    command = [sys.executable, "-m", "benchmarks.bench_sources", "serve", source,
               str(folder), str(years), str(per_day)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def _child(*arguments: str) -> dict[str, Any]:
    """Run one part in a process of its own, for its own memory."""
    command = [sys.executable, "-m", "benchmarks.bench_sources", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT,
                          env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""})  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# --- the parts, each in a process of its own --------------------------------------------------


def _serve(source: SourceSystem, folder: str, years: str, per_day: str) -> None:
    from datetime import timedelta
    from threading import Event

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Mount, Route

    from sandbox.world import World, WorldSettings, generate
    from tests.ingestion.served_shop import served

    generate(WorldSettings(1, float(years), float(per_day)), Path(folder)).close()
    world = World(Path(folder))
    ends_at = world.ends_at
    world.close()
    world = World(Path(folder), now=ends_at - timedelta(days=7))

    async def advance(request: Request) -> JSONResponse:
        seconds = (await request.json())["seconds"]
        world.advance(min(world.now + timedelta(seconds=seconds), ends_at))
        return JSONResponse({"now": world.now.isoformat()})

    with served(source, world, "grace", in_front=lambda app: Starlette(
        routes=[Route("/sandbox/advance", advance, methods=["POST"]), Mount("/", app)]
    )) as system:  # fmt: skip
        system.sign_in.personal_token(source, "sandbox")
        print(system.address, flush=True)
        Event().wait()


def _load(source: SourceSystem, address: str, requests: str, home: str = "") -> None:
    """Load into a business of its own; note every request."""
    folder = Path(home or tempfile.mkdtemp(prefix="hub-bench-home-"))
    os.environ |= {"HUB_HOME": str(folder), "HUB_CONFIG_HOME": str(folder / "config")}
    folder.chmod(0o755)
    import ingestion.sources.quickbooks.client
    from ingestion.sources.registry import API_SOURCES
    from warehouse.database import open_warehouse
    from warehouse.server import EmbeddedServer
    from warehouse.vault import open_vault

    ingestion.sources.quickbooks.client.LEAST_PAUSE_SECONDS = 0.0
    business = _business(folder, source, address)
    warehouse = open_warehouse(business)
    vault = open_vault(warehouse)
    _connect(warehouse, source)
    noted: list[dict[str, Any]] = []
    if requests:
        _note_requests(noted)
    (api,) = (each for each in API_SOURCES if each.name == source)
    began = time.monotonic()
    report = api.load(warehouse, vault)
    seconds = time.monotonic() - began
    if requests:
        Path(requests).write_text("\n".join(map(json.dumps, noted)), encoding="utf-8")
    EmbeddedServer(folder).stop()
    print(json.dumps({
        "seconds": seconds, "peak": peak_megabytes(), "home": str(folder),
        "documents": sum(table.rows_read for table in report.tables),
    }))  # fmt: skip


def _business(folder: Path, source: SourceSystem, address: str) -> Any:
    from tests.oauth_stand_in import settings
    from warehouse.business import load_business

    shop = folder / "shop"
    (shop / "inbox").mkdir(parents=True, exist_ok=True)
    lines = {"id": "bench", "name": "Bench", "time_zone": "America/New_York",
             "currency_code": "USD", "country_code": "US"}  # fmt: skip
    text = "".join(f'{name} = "{value}"\n' for name, value in lines.items())
    text += f"[sources.{source}]\n"
    text += "".join(f'{name} = "{value}"\n' for name, value in settings(source, address).items())
    (shop / "business.toml").write_text(text, encoding="utf-8")
    return load_business(shop)


def _connect(warehouse: Any, source: SourceSystem) -> None:
    from pydantic import SecretStr

    from ingestion.auth import ConnectionStore, Credentials

    account = "9341453000000001" if source == "quickbooks" else None
    fixed = Credentials(flow="fixed", account_id=account, access_token=SecretStr("sandbox"))
    ConnectionStore(warehouse).connect(source, fixed)


def _note_requests(noted: list[dict[str, Any]]) -> None:
    """Note what every httpx client is asked for from now on."""
    send = httpx.Client.send

    def noting(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        body = request.content.decode() if request.method == "POST" else ""
        noted.append({"method": request.method, "url": str(request.url), "body": body})
        return send(self, request, **options)

    httpx.Client.send = noting  # type: ignore[method-assign]


def _bare(source: str, _address: str, requests: str) -> None:
    """Ask for the same once more, one after the other, and look at nothing."""
    header = {"X-Shopify-Access-Token": "sandbox"} if source == "shopify" else {
        "Authorization": "Bearer sandbox", "Square-Version": "2026-09-16",
        "Accept": "application/json"}  # fmt: skip
    asked = [json.loads(line) for line in Path(requests).read_text(encoding="utf-8").splitlines()]
    # An operation of a shop is waited for anew; its old answers and file are left out.
    asked = [each for each in asked if "/bulk/" not in each["url"]
             and "bulkOperation(id" not in each["body"]]  # fmt: skip
    began = time.monotonic()
    with httpx.Client(headers=header, timeout=120) as client:
        for each in asked:
            headers = {"Content-Type": "application/json"} if each["body"] else {}
            answer = client.request(each["method"], each["url"], content=each["body"] or None,
                                    headers=headers)  # fmt: skip
            if "bulkOperationRunQuery" in each["body"]:
                _wait_and_download(client, each["url"], answer.json())
    print(json.dumps({"seconds": time.monotonic() - began}))


def _wait_and_download(client: httpx.Client, url: str, started: dict[str, Any]) -> None:
    identity = started["data"]["bulkOperationRunQuery"]["bulkOperation"]["id"]
    query = "query($id: ID!) { bulkOperation(id: $id) { status url } }"
    while True:
        body = {"query": query, "variables": {"id": identity}}
        found = client.post(url, json=body).json()["data"]["bulkOperation"]
        if found["status"] == "COMPLETED":
            break
        time.sleep(0.05)
    if found["url"]:
        client.get(found["url"]).read()


if __name__ == "__main__":
    {"serve": _serve, "load": _load, "bare": _bare}[sys.argv[1]](*sys.argv[2:])  # type: ignore[operator]
