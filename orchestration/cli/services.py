"""``hub up``, ``serve``, ``down``, ``status`` and ``doctor``: what runs on this computer."""

from __future__ import annotations

import json
import os
import webbrowser
from typing import Annotated, Literal

import typer
from rich.table import Table

from orchestration.cli.shared import (
    BusinessOption,
    JsonOption,
    console,
    errors,
    last_business,
    open_business,
    say,
)
from warehouse.database import Warehouse
from warehouse.server import EmbeddedServer


def up(
    business: BusinessOption = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the dashboards in the browser.")
    ] = False,
) -> None:
    """Start Dagster and the dashboards, wait until they answer and print their addresses."""
    warehouse = open_business(business)
    serve_demo(warehouse)
    address = start_services(warehouse)
    if open_browser:
        webbrowser.open(address)


def serve(
    name: Annotated[
        Literal["code", "dagster", "daemon", "superset", "superset-worker", "superset-beat"],
        typer.Argument(help="Which service."),
    ],
    business: BusinessOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Run one service in the foreground, for containers and supervisors.

    Example: [bold]hub serve dagster --host 0.0.0.0[/]
    """
    from orchestration.ops import services
    from orchestration.planning.dashboards import dashboards_noted

    warehouse = open_business(business)
    if name == "superset":
        with dashboards_noted(warehouse):
            services.bootstrap_superset(warehouse)
    services.serve(name, warehouse, host, port)


def down(
    everything: Annotated[
        bool, typer.Option("--all", help="Also stop the embedded PostgreSQL server.")
    ] = False,
) -> None:
    """Stop what `hub up` started, and nothing else."""
    from orchestration.ops import services

    stopped = services.stop_all()
    for service in stopped:
        console.print(f"Stopped {service.name}")
    if everything and EmbeddedServer().stop():
        console.print("Stopped PostgreSQL")
    elif EmbeddedServer().running():
        console.print("PostgreSQL goes on; stop it with: hub down --all")
    elif not stopped:
        console.print("Nothing was running.")


def status(as_json: JsonOption = False) -> None:
    """Say what runs, and where."""
    from orchestration.ops import services

    server = None if os.environ.get("HUB_DATABASE_URL") else EmbeddedServer().running()
    rows = [
        {"name": s.name, "running": s.is_running, "address": s.url, "business": s.business}
        for s in services.started()
    ]
    if not os.environ.get("HUB_DATABASE_URL"):
        address = f"{server.host}:{server.port}" if server else None
        rows.append(
            {
                "name": "postgresql",
                "running": server is not None,
                "address": address,
                "business": None,
            }
        )
    if as_json:
        print(json.dumps(rows))
        return
    table = Table("service", "state", "address", "business")
    for row in rows:
        table.add_row(
            str(row["name"]),
            "running" if row["running"] else "stopped",
            str(row["address"] or ""),
            str(row["business"] or ""),
        )
    console.print(table)


def doctor() -> None:
    """Find the usual set-up problems and say how to mend them."""
    from orchestration.ops.doctor import examine

    findings = examine(last_business())
    for finding in findings:
        mark = "[green]✓[/]" if finding.is_fine else "[red]✗[/]"
        console.print(f"{mark} {finding.text}")
        if finding.fix:
            console.print(f"  Fix: {finding.fix}")
    if not all(finding.is_fine for finding in findings):
        raise typer.Exit(1)


def serve_demo(warehouse: Warehouse, *, quietly: bool = False) -> None:
    """The generated business needs its systems; others have theirs elsewhere."""
    from orchestration.ops.demo import ensure_served

    ensure_served(warehouse.business, (lambda _: None) if quietly else say)


def start_services(warehouse: Warehouse) -> str:
    """Start Dagster and the dashboards, print how to sign in; returns the dashboards' address."""
    from orchestration.ops import services
    from orchestration.planning.dashboards import dashboards_noted

    with errors.status("Starting services…"), dashboards_noted(warehouse):
        running = services.start_all(warehouse, say)
    by_name = {service.name: service for service in running}
    address = f"{by_name['superset'].url}/"
    passwords = services.dashboard_passwords(warehouse)
    managers = "".join(
        f"            or as [bold]{manager.user}[/] with {passwords[manager.user]} "
        f"to see {', '.join(manager.locations)} only\n"
        for manager in warehouse.business.location_managers
    )
    console.print(
        f"\n[bold]Dashboards[/]  {address}\n"
        f"            sign in as [bold]owner[/] with {passwords['owner']}\n{managers}"
        f"            passwords of all users: {services.superset_secrets_path()}\n"
        f"[bold]Dagster[/]     {by_name['dagster'].url}\n"
        "[bold]SQL[/]         hub sql\n"
        "Stop with   hub down",
    )
    return address
