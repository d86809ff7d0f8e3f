"""Runs the benchmarks, prints one table and keeps the figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import (
    bench_customers,
    bench_dashboards,
    bench_forecasts,
    bench_live,
    bench_matching,
    bench_modelling,
    bench_real_series,
    bench_runs,
    bench_sandbox,
    bench_sources,
    bench_spreadsheets,
    bench_survival,
)
from warehouse.home import PROJECT_ROOT

BENCHMARKS = {
    "spreadsheets": bench_spreadsheets.run,
    "modelling": bench_modelling.run,
    "matching": bench_matching.run,
    "sandbox": bench_sandbox.run,
    "sources": bench_sources.run,
    "customers": bench_customers.run,
    "forecasts": bench_forecasts.run,
    "real_series": bench_real_series.run,
    "runs": bench_runs.run,
    "survival": bench_survival.run,
    "live": bench_live.run,
    "dashboards": bench_dashboards.run,
}
RESULTS = PROJECT_ROOT / "benchmarks" / "results"


def main() -> int:
    """0 when every figure is within its limit, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"which: {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="small sizes, to try it out")
    options = parser.parse_args()
    unknown = set(options.name) - BENCHMARKS.keys()
    if unknown:
        parser.error(f"unknown benchmark: {', '.join(sorted(unknown))}")
    figures: dict[str, dict[str, Any]] = {}
    for name in options.name or BENCHMARKS:
        figures |= {
            f"{name}: {key}": value for key, value in BENCHMARKS[name](quick=options.quick).items()
        }
    _show(figures)
    RESULTS.mkdir(exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    machine = {
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
    }
    (RESULTS / f"{stamp}.json").write_text(
        json.dumps({"machine": machine, "figures": figures}, indent=1, default=str)
    )
    return 0 if all(figure["passes"] is not False for figure in figures.values()) else 1


def _show(figures: dict[str, dict[str, Any]]) -> None:
    table = Table("figure", "value", "limit", "")
    for name, figure in figures.items():
        mark = {True: "[green]within[/]", False: "[red]over[/]"}.get(figure["passes"], "")
        limit = "" if figure["limit"] is None else str(figure["limit"])
        table.add_row(name, f"{figure['value']:.3g} {figure['unit']}", limit, mark)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
