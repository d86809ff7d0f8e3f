"""Which sales of QuickBooks repeat one of a shop, at the size of the demo and at ten times it.

All four sources of a generated business are loaded as a run loads them; then the models up to the
matches are built. A join that compares each with each would take a hundred times as long.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.measuring import figure
from ingestion.sources.spreadsheets import load_inbox
from orchestration import dbt as hub_dbt
from orchestration.defs.transform.identity import identify_customers
from orchestration.defs.transform.models import ensure_sources
from orchestration.planning.project import dbt_items
from sandbox.spreadsheets import write_inbox
from sandbox.world import World, WorldSettings, generate
from warehouse.business import load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.server import EmbeddedServer
from warehouse.vault import open_vault

# Orders of a day, over the fifteen months of the demo.
SIZES, QUICK_SIZES, YEARS = (25.0, 250.0), (2.5, 25.0), 1.25
GROWTH_LIMIT = 1.3
RECORDS, MATCHES = "model.hub.int_customer_records", "model.hub.int_sale_matches"
JOINS = ("int_sale_matches_from_quickbooks", "int_square_day_matches", "int_sale_matches")


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure; returns figure name -> value, limit, passes, unit."""
    home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    home.chmod(0o755)
    os.environ["HUB_HOME"], os.environ["HUB_CONFIG_HOME"] = str(home), str(home / "config")
    try:
        small, large = (_measure(home, size) for size in (QUICK_SIZES if quick else SIZES))
    finally:
        EmbeddedServer(home).stop()
        shutil.rmtree(home, ignore_errors=True)
    rows = large["rows"] / small["rows"]
    figures: dict[str, dict[str, Any]] = {}
    for found in (small, large):
        for name in JOINS:
            figures[f"{name}, {found['rows']:,} sales in QuickBooks"] = figure(found[name])
    growth = sum(large[name] for name in JOINS) / sum(small[name] for name in JOINS) / rows
    figures["growth of the matches per sale"] = figure(growth, "×", GROWTH_LIMIT)
    return figures


def _measure(home: Path, orders_per_day: float) -> dict[str, float]:
    """Seconds of each join, and how many sales QuickBooks has."""
    warehouse = _loaded(home / f"at_{orders_per_day:g}", orders_per_day)
    hub_dbt.build(warehouse, _with_ancestors(RECORDS))
    identify_customers(warehouse, open_vault(warehouse), uuid.uuid4().hex)
    done = hub_dbt.build(warehouse, _with_ancestors(MATCHES))
    if failed := [each for each in done if not each.is_fine]:
        raise RuntimeError(f"{failed[0].unique_id}: {failed[0].message}")
    seconds = {each.unique_id.split(".")[-1]: each.seconds for each in done}
    with warehouse.connect("transformer") as connection:
        row = connection.execute(
            "select count(*) from intermediate.int_quickbooks_sales"
        ).fetchone()
    return {"rows": row[0] if row else 0, **{name: seconds[name] for name in JOINS}}


def _loaded(folder: Path, orders_per_day: float) -> Warehouse:
    """A business of that size whose systems and spreadsheets are loaded."""
    from tests.ingestion.served_shop import SOURCES, served
    from tests.keeping import open_business

    generate(WorldSettings(years=YEARS, orders_per_day=orders_per_day), folder / "world").close()
    world = World(folder / "world")
    warehouse = open_business(folder / "business", f"bench_{uuid.uuid4().hex[:8]}")
    with ExitStack() as stack:
        for name in SOURCES:
            shop = stack.enter_context(served(name, world)).connect(warehouse)
            warehouse = shop.warehouse
            shop.load()
    write_inbox(world, warehouse.business.inbox)
    load_inbox(warehouse.business, warehouse, open_vault(warehouse))
    world.close()
    opened = open_warehouse(load_business(warehouse.business.folder))
    ensure_sources(opened)
    return opened


def _with_ancestors(name: str) -> set[str]:
    """A model and all that dbt makes before it."""
    items = {item.name: item for item in dbt_items() if item.kind != "test"}
    found: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name in items and name not in found:
            found.add(name)
            waiting += items[name].reads
    return found
