"""How fast the spreadsheets source is, as ratios to a plain COPY of the same file in the same run.

    python -m benchmarks.bench_spreadsheets [--rows 1000000] [--big-rows 5000000] [--dlt]

Prints a table and writes benchmarks/results/spreadsheets.json. Each load runs in a process of its
own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from benchmarks.measuring import peak_megabytes
from ingestion.sources.spreadsheets import load_inbox
from warehouse.business import load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.home import PROJECT_ROOT
from warehouse.server import EmbeddedServer
from warehouse.vault import open_vault

MAPPING = """
[columns]
order_id = "Order ID"
line_id = "Line ID"
sold_at = "Date"
product_id = "SKU"
product_name = "Product"
category_name = "Category"
quantity = "Qty"
unit_price_amount = "Unit Price"
discount_amount = "Discount"
tax_amount = "Tax"
location_name = "Location"
customer_email = "Customer Email"
"""
TYPED_TABLE = """
create table if not exists analyst_sandbox.plain (order_id text, line_id bigint, sold_at timestamp,
  sku text, product text, category text, qty numeric(18,6), unit_price numeric(18,6),
  discount numeric(18,6), tax numeric(18,6), location text, email text)
"""


def write_sales(path: Path, rows: int, *, is_reversed: bool = False) -> None:
    """A sales export of that many lines, by 50,000 people, the same on every run."""
    order = "desc" if is_reversed else "asc"
    duckdb.execute(f"""copy (
        select 'SO-' || lpad((i // 3)::varchar, 8, '0') as "Order ID", i as "Line ID",
          strftime(timestamp '2023-01-01 08:00:00' + to_seconds((i // 3) * 90),
                   '%Y-%m-%d %H:%M:%S') as "Date",
          'SKU-' || lpad((hash(i) % 800)::varchar, 5, '0') as "SKU",
          'Product number ' || (hash(i) % 800) as "Product",
          ['Coffee', 'Tea', 'Bakery', 'Lunch', 'Gifts'][1 + (hash(i) % 5)::int] as "Category",
          1 + hash(i * 7) % 4 as "Qty",
          printf('%.2f', (199 + hash(hash(i) % 800) % 4800) / 100.0) as "Unit Price",
          printf('%.2f', case when hash(i * 3) % 10 = 0 then 1.5 else 0 end) as "Discount",
          printf('%.2f', ((199 + hash(hash(i) % 800) % 4800) / 100.0) * 0.08) as "Tax",
          ['High Street', 'Station', 'Online'][1 + (hash((i // 3) * 5) % 3)::int] as "Location",
          'customer' || (hash((i // 3) * 11) % 50000) || '@example.com' as "Customer Email"
        from range({rows}) t(i) order by i {order}) to '{path}' (header)""")


def plain_copy(warehouse: Warehouse, path: Path) -> float:
    """Seconds of COPY of the file into a typed table."""
    with psycopg.connect(warehouse.url("analyst")) as connection:
        connection.execute(TYPED_TABLE)
        connection.execute("truncate analyst_sandbox.plain")
        begun = time.perf_counter()
        statement = "copy analyst_sandbox.plain from stdin (format csv, header)"
        with connection.cursor().copy(statement) as copy, path.open("rb") as file:
            while block := file.read(1 << 20):
                copy.write(block)
        connection.commit()
        return time.perf_counter() - begun


def measure_load(folder: Path) -> dict[str, float]:
    """Run one load in a fresh process; seconds of load_inbox and its peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.bench_spreadsheets", "--child", str(folder)]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT_ROOT)
    return json.loads(finished.stdout.splitlines()[-1])


def child(folder: Path) -> None:
    business = load_business(folder)
    warehouse = open_warehouse(business)
    vault = open_vault(warehouse)
    begun = time.perf_counter()
    report = load_inbox(business, warehouse, vault)
    seconds = time.perf_counter() - begun
    if report.has_failures:
        raise SystemExit(report.to_text())
    peak = peak_megabytes()
    new = sum(file.rows_new for file in report.files)
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "rows_new": new}))


def dlt_arrow(warehouse: Warehouse, path: Path, folder: Path) -> float:
    """Seconds dlt needs to append the same twelve columns, already typed, as Arrow."""
    import dlt

    os.environ["DLT_DATA_DIR"] = str(folder / "dlt")
    database = duckdb.connect()
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(folder / "dlt"),
        dataset_name="raw_spreadsheets",
        destination=dlt.destinations.postgres(warehouse.url("loader")),
    )

    @dlt.resource(name="bench_lines", write_disposition="append")
    def lines():  # type: ignore[no-untyped-def]
        yield from database.sql(f"from read_csv('{path}')").to_arrow_reader(50_000)

    begun = time.perf_counter()
    pipeline.run(lines(), loader_file_format="parquet")
    return time.perf_counter() - begun


def make_business(folder: Path, name: str) -> Path:
    business = folder / name
    (business / "inbox" / "sales").mkdir(parents=True)
    (business / "business.toml").write_text(
        f'id = "{name}"\nname = "Bench"\ntime_zone = "America/New_York"\n'
        'currency_code = "USD"\ncountry_code = "US"\n', encoding="utf-8",
    )  # fmt: skip
    (business / "inbox" / "sales" / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    return business


TURNS = 3
LIMITS: dict[str, tuple[str, float, str]] = {
    "first_rate_ratio": (">=", 0.35, "rate of plain COPY"),
    "again_time_ratio": ("<=", 0.1, "time of plain COPY"),
    "overlap_time_ratio": ("<=", 3.0, "time of plain COPY"),
    "first_peak_mb": ("<", 1000.0, "MB"),
    "big_peak_mb": ("<", 1000.0, "MB"),
}


def measure(rows: int, big_rows: int, *, with_dlt: bool = False) -> dict[str, float]:
    """Every figure; COPY and the loads take turns, and the best of each counts."""
    figures: dict[str, float] = {"rows": rows}
    former = {name: os.environ.get(name) for name in ("HUB_HOME", "HUB_CONFIG_HOME")}
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ["HUB_HOME"], os.environ["HUB_CONFIG_HOME"] = name, f"{name}/config"
        try:
            _measure_into(figures, folder, rows, big_rows, with_dlt=with_dlt)
        finally:
            EmbeddedServer(folder).stop()
            for variable, value in former.items():
                os.environ.pop(variable)
                if value is not None:
                    os.environ[variable] = value
    return figures


def _measure_into(figures: dict[str, float], folder: Path, rows: int, big_rows: int, *,
                  with_dlt: bool) -> None:  # fmt: skip
    copies, first, again, overlap = [], [], [], []
    for turn in range(TURNS):
        business = make_business(folder, f"bench{turn}")
        inbox = business / "inbox" / "sales"
        write_sales(inbox / "a.csv", rows)
        warehouse = open_warehouse(load_business(business))
        open_vault(warehouse)
        os.sync()
        time.sleep(4)  # a file written a moment ago is hashed again for safety
        copies.append(plain_copy(warehouse, inbox / "a.csv"))
        first.append(measure_load(business))
        again.append(measure_load(business))
        write_sales(inbox / "b.csv", rows, is_reversed=True)
        os.sync()
        overlap.append(measure_load(business))
        assert overlap[-1]["rows_new"] == 0
    copy = min(copies)
    figures["copy_seconds"] = copy
    for name, loads in (("first", first), ("again", again), ("overlap", overlap)):
        seconds = min(load["seconds"] for load in loads)
        figures |= {f"{name}_seconds": seconds, f"{name}_time_ratio": seconds / copy,
                    f"{name}_peak_mb": max(load["peak_mb"] for load in loads)}  # fmt: skip
    figures["first_rate_ratio"] = 1 / figures["first_time_ratio"]
    if with_dlt:
        figures["dlt_seconds"] = dlt_arrow(warehouse, inbox / "a.csv", folder)
    if big_rows:
        big = make_business(folder, "benchbig")
        write_sales(big / "inbox" / "sales" / "a.csv", big_rows)
        loaded = measure_load(big)
        figures |= {"big_rows": big_rows, "big_seconds": loaded["seconds"],
                    "big_peak_mb": loaded["peak_mb"]}  # fmt: skip


def judged(figures: dict[str, float]) -> dict[str, dict[str, Any]]:
    """name -> value, limit, whether it passes, unit; only what has a limit."""
    results: dict[str, dict[str, Any]] = {}
    for name, (sign, limit, unit) in LIMITS.items():
        if name in figures:
            value = figures[name]
            passes = value >= limit if sign == ">=" else value <= limit
            results[name] = {"value": round(value, 3), "limit": f"{sign} {limit:g}",
                             "passes": passes, "unit": unit}  # fmt: skip
    return results


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure, print a table, and return name -> {value, limit, passes, unit}.

    Args:
        quick: a fifth of the lines and no five-million-line file; fixed costs weigh more then.
    """
    figures = measure(200_000 if quick else 1_000_000, 0 if quick else 5_000_000)
    return report(figures)


def report(figures: dict[str, float]) -> dict[str, dict[str, Any]]:
    """Print all figures and keep them under results/."""
    results = judged(figures)
    for name, value in figures.items():
        limit = results.get(name, {"limit": "", "passes": True})
        verdict = "" if name not in results else "passes" if limit["passes"] else "FAILS"
        print(f"{name:22} {value:14,.3f}  {limit['limit']:10} {verdict}")
    target = Path(__file__).parent / "results" / "spreadsheets.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return results


def main() -> None:
    """The command line, and the process of one load."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--big-rows", type=int, default=0)
    parser.add_argument("--dlt", action="store_true")
    parser.add_argument("--child", type=Path)
    options = parser.parse_args()
    if options.child:
        child(options.child)
        return
    report(measure(options.rows, options.big_rows, with_dlt=options.dlt))


if __name__ == "__main__":
    main()
