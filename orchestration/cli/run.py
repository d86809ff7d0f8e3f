"""``hub demo`` and ``hub run``: the main job."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from orchestration.cli.services import serve_demo, start_services
from orchestration.cli.shared import (
    BusinessOption,
    JsonOption,
    console,
    errors,
    open_business,
    remember,
    say,
)
from warehouse.database import Warehouse

if TYPE_CHECKING:
    from orchestration.runner import RunSummary


def demo(
    sample: Annotated[
        Literal["harbour", "restaurant"],
        typer.Argument(help="A generated business, or a restaurant's real till export."),
    ] = "harbour",
    up: Annotated[bool, typer.Option(help="Also start Dagster and the dashboards.")] = True,
    today: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The day the generated business takes for today, and stands still; by default its "
            "sales go on with the real clock.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Generate the business anew, ending later.")
    ] = False,
) -> None:
    """Show a whole working business: a café, two shops and an online store.

    Its sales lie in a Shopify, a Square and a QuickBooks that are served on this computer; the hub
    connects to them and loads them as it would load real ones.

    Example: [bold]hub demo[/]

    Example: [bold]hub demo restaurant[/]  (a year of a pizza restaurant, from spreadsheets)
    """
    from orchestration.ops import demo as demos

    if sample == "restaurant":
        warehouse = open_business(demos.RESTAURANT)
    else:
        with errors.status("Preparing the business…"):
            warehouse = demos.open_demo(say, today=today.date() if today else None, fresh=fresh)
        remember(warehouse.business)
    console.print(f"[bold]{warehouse.business.name}[/]")
    _run(warehouse, as_json=False)
    if up:
        start_services(warehouse)


def run(
    business: BusinessOption = None,
    only: Annotated[
        Literal["load", "sales", "model", "predict", "check"] | None,
        typer.Option(
            help="Do one stage instead of everything. sales: load what the tills and the web shop "
            "sold, and build what follows from it."
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say what would be built, and why.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also build and test what is up to date.")
    ] = False,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build every table anew, from all rows.")
    ] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Look from this day; default: the last complete day."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only read the inbox and say what would happen.")
    ] = False,
    accept_shrinking: Annotated[
        bool,
        typer.Option(
            "--accept-shrinking", help="Believe a source whose list is much shorter than it was."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load what is new, and build, forecast, check and publish what that changes.

    Example: [bold]hub run --business ~/my-shop[/]

    Example: [bold]hub run --plan[/]  (what would be built now, and why)
    """
    warehouse = open_business(business)
    if plan:
        _show_plan(warehouse, everything=everything or full_refresh, as_json=as_json)
        return
    if dry_run:
        _dry_run(warehouse)
        return
    serve_demo(warehouse, quietly=as_json)
    _run(
        warehouse,
        only=only,
        everything=everything,
        full_refresh=full_refresh,
        as_of_date=as_of.date() if as_of else None,
        accepts_shrinking=accept_shrinking,
        as_json=as_json,
    )


def _run(
    warehouse: Warehouse,
    *,
    only: Literal["load", "sales", "model", "predict", "check"] | None = None,
    everything: bool = False,
    full_refresh: bool = False,
    as_of_date: date | None = None,
    accepts_shrinking: bool = False,
    as_json: bool,
) -> None:
    from orchestration.runner import run_hub

    def report(line: str) -> None:
        if not as_json:
            console.print(f"  {line}", markup=False, soft_wrap=True)

    with errors.status("Working (Ctrl-C is safe)…"):
        summary = run_hub(
            warehouse, report, only=only, everything=everything, full_refresh=full_refresh,
            as_of_date=as_of_date, accepts_shrinking=accepts_shrinking,
        )  # fmt: skip
    _show_summary(summary, as_json=as_json)
    if not summary.succeeded:
        raise typer.Exit(1)


def _show_summary(summary: RunSummary, *, as_json: bool) -> None:
    if as_json:
        told = asdict(summary) | {"succeeded": summary.succeeded}
        print(json.dumps(told, default=str))
        return
    for fact in summary.facts:
        console.print(f"  {fact}", markup=False, soft_wrap=True)
    for warning in summary.warnings:
        console.print(f"  Warning: {warning}", markup=False, style="yellow", soft_wrap=True)
    for failure in summary.failures:
        errors.print(f"  Failed: {failure}", markup=False, style="red", soft_wrap=True)
    verdict = "Done" if summary.succeeded else "Not everything went well"
    console.print(
        f"[bold]{verdict}[/] in {summary.seconds:.0f} s: {len(summary.rows)} tables, "
        f"{summary.checks_passed} checks passed, "
        f"{len(summary.failures) + len(summary.warnings)} not."
    )


def _show_plan(warehouse: Warehouse, *, everything: bool, as_json: bool) -> None:
    """What is due and why, a line each, as a table or for machines."""
    from orchestration.planning.hub import plan_for

    reasons = plan_for(warehouse, everything=everything).reasons
    if as_json:
        console.print_json(json.dumps(reasons))
        return
    if not reasons:
        console.print("Everything is up to date with what is loaded. `hub run` looks for more.")
        return
    table = Table("kind", "what", "why")
    for name, reason in reasons.items():
        kind, _, rest = name.partition(".")
        table.add_row(kind, rest.removeprefix("hub."), reason)
    console.print(table)
    console.print(f"{len(reasons):,} to do, before anything new is loaded.")


def _dry_run(warehouse: Warehouse) -> None:
    from ingestion.sources.spreadsheets import load_inbox
    from warehouse.vault import open_vault

    report = load_inbox(warehouse.business, warehouse, open_vault(warehouse), dry_run=True)
    console.print(report.to_text(), markup=False)
    if report.has_failures:
        raise typer.Exit(1)
