"""``hub sql``, ``hub export``, ``hub metrics``: answers from the marts. ``hub dbt``: the models."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.shared import BusinessOption, console, open_business
from warehouse.server import EmbeddedServer


def sql(context: typer.Context, business: BusinessOption = None) -> None:
    """Open psql on the marts as the analyst; what follows -- goes to psql.

    Example: [bold]hub sql -- -Atc "select sum(net_amount) from rpt_sales_daily"[/]
    """
    warehouse = open_business(business)
    psql = EmbeddedServer().binaries / "psql"
    url = warehouse.server.url(warehouse.role_name("analyst"), "", warehouse.database).replace(
        ":@", "@", 1
    )
    environment = {**os.environ, "PGPASSWORD": warehouse.password("analyst")}
    done = subprocess.run([str(psql), url, *context.args], env=environment, check=False)
    raise typer.Exit(done.returncode)


def export(
    what: Annotated[str, typer.Argument(help="A mart, or a query in quotes.")],
    target: Annotated[Path, typer.Argument(help="A file that ends in .xlsx, .csv or .parquet.")],
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
    business: BusinessOption = None,
) -> None:
    """Write a mart, or what a query finds, into a file; reads as the analyst.

    Example: [bold]hub export rpt_sales_daily sales.xlsx[/]

    Example: [bold]hub export "select * from rpt_insights order by insight_rank" todo.csv[/]
    """
    from orchestration.ops.exporting import export as write

    count = write(open_business(business), what, target, overwrite=overwrite)
    console.print(f"{count:,} rows in {target}")


def metrics(context: typer.Context, business: BusinessOption = None) -> None:
    """Ask a metric by its name (docs/metrics.md lists them); what follows -- goes to MetricFlow.

    Example: [bold]hub metrics -- query --metrics net_sales --group-by metric_time__month[/]

    Example: [bold]hub metrics -- list metrics[/]
    """
    from orchestration import dbt as hub_dbt

    raise typer.Exit(hub_dbt.metricflow(open_business(business), context.args or ["--help"]))


def dbt(context: typer.Context, business: BusinessOption = None) -> None:
    """Run dbt on a business with the rights and settings of a run; what follows -- goes to dbt.

    Example: [bold]hub dbt -- build --select stg_square__orders+[/]

    Example: [bold]hub dbt -- docs generate[/]
    """
    from orchestration import dbt as hub_dbt
    from orchestration.planning import record

    warehouse = open_business(business)
    record.forget_contents(warehouse)  # what is built by hand is not on record
    raise typer.Exit(hub_dbt.call(warehouse, context.args or ["--help"]))
