"""Modelling 1 M and 10 M sale lines: a full build, and a run after 1,000 changed orders.

Raw rows are written straight into PostgreSQL, so that only modelling is measured: ``hub run --only
model`` as a person calls it, its start and the matching of customers included. The peer of the full
build is a bare hand-written query for net sales per day on the same rows; what counts for the
incremental run is how much slower it gets on ten times as many rows. Memory is that of our
processes, without PostgreSQL's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.measuring import HUB, figure, run_hub
from orchestration.defs.transform.models import ensure_sources
from warehouse.business import load_business
from warehouse.changes import next_load_number, note_changes
from warehouse.database import Warehouse, open_warehouse
from warehouse.home import hub_home
from warehouse.server import EmbeddedServer

SIZES = (1_000_000, 10_000_000)
QUICK_SIZES = (50_000, 500_000)
CHANGED_ORDERS = 1_000
LINES_PER_ORDER = 2
GROWTH_LIMIT, MEMORY_LIMIT_MB = 1.3, 1_024.0
CHANGED = (("raw_spreadsheets", "sales"), ("quality", "source_totals"))
DAYS = 730

# Two years of orders of two lines, 300 products, 3 locations, one customer per ten orders.
ROWS = """
insert into raw_spreadsheets.sales (
    order_id, line_id, sold_at, sold_local_at, time_zone, is_time_known, product_id,
    product_name, category_name, quantity, unit_price_amount, discount_amount, tax_amount,
    tip_amount, gross_amount, customer_id, location_name, currency_code, event_type,
    _row_key, _row_hash, _file_name, _row_number, _load_id, _load_number
)
select
    'O' || n / 2, (n %% 2)::text, moment at time zone 'America/New_York', moment,
    'America/New_York', true, 'P' || product, 'Product ' || product, 'Category ' || product %% 8,
    quantity, 2 + product %% 20, 0, 0, 0, quantity * (2 + product %% 20), 'C' || (n / 20),
    'Location ' || n / 2 %% 3, 'USD', 'sale', 'O' || n / 2 || '|' || n %% 2, {version},
    'bench.csv', n, {load}, {load_number}
from (
    select
        n,
        n * 7919::bigint %% 300 as product,
        1 + n %% 3 as quantity,
        timestamp '2024-01-01' + n / 2 * interval '1 second' * ({days} * 86400.0 / {orders})
            as moment
    from generate_series({first}::bigint, {last}::bigint) as n
) as numbered
"""
TOTALS = """
insert into quality.source_totals (load_id, source_system, table_name, sale_date, measure, amount)
select {load}, 'spreadsheets', 'sales', sold_local_at::date, measure, sum(amount)
from raw_spreadsheets.sales
cross join lateral (values
    ('rows', 1::numeric), ('units', quantity), ('net_amount', gross_amount),
    ('tax_amount', 0), ('tip_amount', 0)
) as measures (measure, amount)
where {rows}
group by sold_local_at::date, measure
"""
BARE_QUERY = """
select sold_local_at::date, sum(gross_amount - discount_amount)
from raw_spreadsheets.sales where _superseded_number is null group by 1
"""


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure both sizes; returns figure name -> value, limit, passes, unit."""
    home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    home.chmod(0o755)
    os.environ["HUB_HOME"], os.environ["HUB_CONFIG_HOME"] = str(home), str(home / "config")
    try:
        measured = {size: _measure(home, size) for size in (QUICK_SIZES if quick else SIZES)}
    finally:
        EmbeddedServer(home).stop()
        shutil.rmtree(home, ignore_errors=True)
    return _figures(measured)


def _figures(measured: dict[int, dict[str, float]]) -> dict[str, dict[str, Any]]:
    figures: dict[str, dict[str, Any]] = {}
    for size, found in measured.items():
        at = f"{size:,} lines"
        figures[f"memory, {at}"] = figure(found.pop("memory"), "MB", MEMORY_LIMIT_MB)
        figures |= {f"{name}, {at}": figure(value, "s") for name, value in found.items()}
        ratio = found["full build"] / found["bare query"]
        figures[f"full build ÷ bare query, {at}"] = figure(ratio, "×")
    small, large = measured.values()
    name = f"after {CHANGED_ORDERS:,} changed orders"
    figures[f"{name}: growth from the small to the large size"] = figure(
        large[name] / small[name], "×", GROWTH_LIMIT
    )
    return figures


def _measure(home: Path, lines: int) -> dict[str, float]:
    """Seconds of each part, and the peak memory of all parts."""
    folder = home / f"business_{lines}"
    folder.mkdir()
    (folder / "business.toml").write_text(
        f'id = "bench_{lines}"\nname = "Bench"\ntime_zone = "America/New_York"\n'
        'currency_code = "USD"\ncountry_code = "US"\n'
    )
    warehouse = open_warehouse(load_business(folder))
    ensure_sources(warehouse)
    # The project is parsed before the clock starts, and not in this process: a program's peak
    # memory, as the kernel counts it, begins with that of the program that started it.
    run_hub("run", "--business", str(folder), "--plan")
    orders = lines // LINES_PER_ORDER
    with psycopg.connect(warehouse.server.admin_url(warehouse.database)) as connection:
        insert_lines(connection, 0, lines - 1, orders, load="first", version="v1")
    found = {"bare query": _bare_query(warehouse)}
    found["full build"], first_memory = _modelled(folder)
    found["nothing new"], _ = _modelled(folder)
    with psycopg.connect(warehouse.server.admin_url(warehouse.database)) as connection:
        _change_newest_orders(connection, lines, orders)
    seconds, memory = _modelled(folder)
    found[f"after {CHANGED_ORDERS:,} changed orders"] = seconds
    found["memory"] = max(memory, first_memory)
    return found


def insert_lines(
    connection: psycopg.Connection, first: int, last: int, orders: int, *, load: str, version: str
) -> None:
    """Write raw rows of sale lines by their numbers, and what their source says they add up to."""
    load_number = next_load_number(connection)
    values = {
        "version": f"'{version}'", "load": f"'{load}'", "days": DAYS, "load_number": load_number,
        "orders": orders, "first": first, "last": last,
    }  # fmt: skip
    connection.execute((ROWS.format(**values)).replace("%%", "%"))
    connection.execute(TOTALS.format(load=f"'{load}'", rows=f"_load_id = '{load}'"))
    note_changes(connection, CHANGED, load_number)
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze raw_spreadsheets.sales")
    connection.autocommit = False


def _change_newest_orders(connection: psycopg.Connection, lines: int, orders: int) -> None:
    """The newest orders get another version, as corrections and late lines do."""
    first = lines - CHANGED_ORDERS * LINES_PER_ORDER
    connection.execute(
        "update raw_spreadsheets.sales set _superseded_number = %s where _row_number >= %s",
        (next_load_number(connection), first),
    )
    connection.execute(
        "delete from quality.source_totals where sale_date >= "
        "(select min(sold_local_at)::date from raw_spreadsheets.sales where _row_number >= %s)",
        (first,),
    )
    insert_lines(connection, first, lines - 1, orders, load="second", version="v2")
    unchanged = (
        "_load_id = 'first' and _superseded_number is null and sold_local_at::date >= ("
        "select min(sold_local_at)::date from raw_spreadsheets.sales where _load_id = 'second')"
    )
    connection.execute(TOTALS.format(load="'rest'", rows=unchanged))


def _bare_query(warehouse: Warehouse) -> float:
    with warehouse.connect("transformer") as connection:
        began = time.monotonic()
        connection.execute(BARE_QUERY).fetchall()
        return time.monotonic() - began


def _modelled(folder: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of a run that loads and forecasts nothing."""
    began = time.monotonic()
    process = subprocess.Popen(
        [str(HUB), "run", "--business", str(folder), "--only", "model"], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"hub run failed; see {hub_home() / 'logs'}")
    return seconds, used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
