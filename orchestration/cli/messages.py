"""``hub alerts`` and ``hub report``: what the hub sends to people."""

from __future__ import annotations

import json
import webbrowser
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from orchestration.cli.shared import (
    BusinessOption,
    JsonOption,
    console,
    errors,
    open_business,
    say,
)
from warehouse.business import Business
from warehouse.errors import HubError

if TYPE_CHECKING:
    from orchestration.reporting.due import PeriodKind

alerts_app = typer.Typer(
    help="What is told by itself: look at it, send it, keep it quiet.", no_args_is_help=True
)


@alerts_app.command("list")
def alerts_list(business: BusinessOption = None, as_json: JsonOption = False) -> None:
    """Show what is news, what the next round would tell, and why the rest stays quiet."""
    from orchestration.reporting.alerts import overview

    rows = overview(open_business(business))
    if as_json:
        print(json.dumps(rows))
        return
    table = Table("key", "kind", "news", "at stake", "next")
    for row in rows:
        table.add_row(
            *(str(row[name] or "") for name in ("key", "kind", "headline", "money", "next"))
        )
    console.print(table)


@alerts_app.command("send")
def alerts_send(
    business: BusinessOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be sent.")
    ] = False,
) -> None:
    """Tell what is news now; each run does the same at its end."""
    from orchestration.reporting.alerts import send_alerts

    warehouse = open_business(business)
    _demand_alerts(warehouse.business)
    done = send_alerts(warehouse, dry_run=dry_run)
    for line in done.lines:
        console.print(line, markup=False, soft_wrap=True)
    if dry_run:
        for name, chosen in done.selections.items():
            console.print(f"{name}: {len(chosen.told)} would be told", markup=False)
            for news in chosen.told:
                console.print(f"  {news.headline}", markup=False, soft_wrap=True)
    elif not done.sent and not done.errors:
        console.print("Nothing is news. (hub alerts list says why.)")
    for line in done.sent:
        console.print(f"Sent by {line}", markup=False)
    _fail_with(done.errors)


@alerts_app.command("snooze")
def alerts_snooze(
    subject: Annotated[str, typer.Argument(help="A key, a kind or a threshold's name.")],
    days: Annotated[int, typer.Option(min=0, max=366, help="How long; 0 ends it.")] = 7,
    business: BusinessOption = None,
) -> None:
    """Keep an alert, or all of a kind, quiet for some days.

    Example: [bold]hub alerts snooze dead_stock --days 30[/]
    """
    from orchestration.reporting.alerts import snooze

    console.print(snooze(open_business(business), subject, days), markup=False)


@alerts_app.command("test")
def alerts_test(business: BusinessOption = None) -> None:
    """Send a test message by mail, webhook and console."""
    from orchestration.reporting.alerts import send_test

    warehouse = open_business(business)
    _demand_alerts(warehouse.business)
    problems = []
    for name, error in send_test(warehouse, say):
        if error:
            problems.append(error)
        else:
            console.print(f"[green]✓[/] {name}")
    _fail_with(problems)


def report(
    business: BusinessOption = None,
    period: Annotated[
        Literal["weekly", "monthly"], typer.Option(help="The last whole week or month.")
    ] = "weekly",
    day: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="Look from this day; default: the last complete."
        ),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Mail it to its recipients now.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for the page and the PDF; default: the archive.")
    ] = None,
) -> None:
    """Write one page on a week or a month: what happened, why, what comes, what to do.

    Example: [bold]hub report --period monthly --open[/]
    """
    from orchestration.reporting import reports

    warehouse = open_business(business)
    chosen: PeriodKind = period
    with errors.status("Writing the report…"):
        wanted = reports.period_of(warehouse, chosen, day.date() if day else None)
        made = reports.make_report(warehouse, wanted)
        page = made.save(output or reports.archive(warehouse.business))
    console.print(f"{page}\n{page.with_suffix('.pdf')}", markup=False, soft_wrap=True)
    if open_page:
        webbrowser.open(page.resolve().as_uri())
    if send:
        mailing = reports.send_report(warehouse, made, again=True)
        console.print(f"Sent to {len(mailing.sent)} recipients")
        _fail_with(mailing.errors)


def _demand_alerts(business: Business) -> None:
    if business.alerts is None:
        raise HubError(
            f"{business.name} has no alerts.",
            fix=f'Add a section [alerts] with recipients = ["you@my-shop.com"] to '
            f"{business.folder / 'business.toml'}; see docs/alerts_and_reports.md.",
        )


def _fail_with(problems: list[HubError]) -> None:
    for problem in problems:
        errors.print(f"[bold red]Error:[/] {escape(str(problem))}", soft_wrap=True)
    if problems:
        raise typer.Exit(1)
