"""``hub init``, ``hub map`` and ``hub rates``: a business's folder and its inbox."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from orchestration.cli.shared import (
    BusinessOption,
    JsonOption,
    console,
    errors,
    find_business,
    open_business,
)
from warehouse.business import load_business, slugify
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT

if TYPE_CHECKING:
    from ingestion.sources.spreadsheets.proposals import MappingProposal

CENTRAL_BANK = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"

# What owners ask for next, to be uncommented; a test reads it that way.
LATER_SETTINGS = """
# Who is told what is news, and gets a page each week (docs/alerts_and_reports.md):
# [alerts]
# recipients = ["owner@example.com"]
# [reports]
# weekly = {}

# Who sees the rows of some locations only (docs/roles.md):
# [[location_managers]]
# user = "anna"
# locations = ["Main Street"]
"""


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    name: Annotated[str | None, typer.Option(help="Name of the business.")] = None,
    time_zone: Annotated[str, typer.Option(help="IANA time zone of the shop.")] = "UTC",
    currency: Annotated[str, typer.Option(help="ISO 4217 currency.")] = "USD",
    country: Annotated[str, typer.Option(help="ISO 3166 country.")] = "US",
) -> None:
    """Make the folder of a new business: business.toml, an inbox and templates.

    Example: [bold]hub init ~/my-shop --name "My Shop" --time-zone Europe/Berlin --currency EUR[/]
    """
    from ingestion.sources.spreadsheets.kinds import KINDS

    settings = folder / "business.toml"
    if settings.exists():
        raise HubError(f"{settings} is already there.", fix=f"Run: hub run --business {folder}")
    title = name or folder.resolve().name.replace("-", " ").replace("_", " ").title()
    folder.mkdir(parents=True, exist_ok=True)
    templates = PROJECT_ROOT / "ingestion" / "sources" / "spreadsheets" / "templates"
    for kind in KINDS:
        (folder / "inbox" / kind).mkdir(parents=True, exist_ok=True)
    shutil.copytree(templates, folder / "templates", dirs_exist_ok=True)
    settings.write_text(
        f"id = {json.dumps(slugify(title))}\nname = {json.dumps(title, ensure_ascii=False)}\n"
        f'time_zone = "{time_zone}"\ncurrency_code = "{currency}"\ncountry_code = "{country}"\n'
        f'week_start = "monday"\n\n[[locations]]\n'
        f"name = {json.dumps(title, ensure_ascii=False)}\n{LATER_SETTINGS}",
        encoding="utf-8",
    )
    try:
        load_business(folder)
    except HubError:
        settings.unlink()
        raise
    console.print(
        f"[bold]{title}[/] is ready in {folder}\n"
        f"1. Put your sales files into {folder / 'inbox' / 'sales'}\n"
        f"2. hub map {folder / 'inbox' / 'sales'}/YOURFILE.csv\n"
        f"3. hub run --business {folder} && hub up --business {folder}"
    )


def map_file(
    file: Annotated[Path, typer.Argument(help="The file to understand.")],
    kind: Annotated[str | None, typer.Option(help="Kind of file; default: guessed.")] = None,
    business: BusinessOption = None,
    save: Annotated[bool, typer.Option("--save", help="Save without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Propose which column means what, by names and by values, and save it.

    Example: [bold]hub map ~/my-shop/inbox/sales/till.csv[/]
    """
    from ingestion.sources.spreadsheets.proposals import propose_mapping

    proposal = propose_mapping(file, kind)
    if as_json:
        print(json.dumps(asdict(proposal), ensure_ascii=False, default=str))
    else:
        _show_proposal(proposal)
    asks = not save and not as_json and sys.stdin.isatty()
    if save or (asks and typer.confirm("Save this mapping?", default=True)):
        path = proposal.save(_inbox_of(file, business))
        errors.print(f"Saved {path}. Edit it freely; hub run reads it.")
    elif not as_json and not asks:
        console.print("Save it with --save.")


def rates(
    currencies: Annotated[
        list[str] | None,
        typer.Argument(help="ISO 4217 codes, such as EUR; default: those of sales and spend."),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day; default: as needed.")
    ] = None,
    address: Annotated[str, typer.Option(help="Where the bank's archive is.")] = CENTRAL_BANK,
    business: BusinessOption = None,
) -> None:
    """Fetch exchange rates of the European Central Bank into the inbox; the next run uses them."""
    from ingestion.sources.central_bank import save_reference_rates

    warehouse = open_business(business)
    own = warehouse.business.currency_code
    foreign = _foreign_currencies(warehouse)
    chosen = [code.upper() for code in currencies or [code for code, _ in foreign]]
    if not chosen:
        console.print(f"Everything is in {own}; no rates are needed. (hub rates EUR fetches some.)")
        return
    first = since.date() if since else min((day for _, day in foreign), default=None)
    # A rate of the days before holds on a first day that is no working day.
    earliest = first - timedelta(days=10) if first else date(1999, 1, 4)
    path = save_reference_rates(warehouse.business, chosen, earliest, address)
    console.print(
        f"Rates of {', '.join(sorted(chosen))} since {earliest} are in {path}.\n"
        "[bold]hub run[/] converts with them."
    )


def _show_proposal(proposal: MappingProposal) -> None:
    console.print(f"[bold]{proposal.file_name}[/] looks like [bold]{proposal.kind}[/]")
    columns = Table("meaning", "column", "why", "sure")
    for item in proposal.columns:
        columns.add_row(item.role, item.column, item.evidence, f"{item.confidence:.0%}")
    console.print(columns)
    if proposal.sample_rows:
        sample = Table(*proposal.sample_rows[0], title="Sample rows, personal values masked")
        for row in proposal.sample_rows:
            sample.add_row(*(value or "" for value in row.values()))
        console.print(sample)
    if proposal.keep:
        console.print(f"Kept beside: {', '.join(proposal.keep)}", markup=False)
    if proposal.ignored:
        console.print(f"Not loaded: {', '.join(proposal.ignored)}", markup=False)
    for problem in proposal.problems:
        console.print(f"Problem: {problem}", markup=False, style="yellow")
    console.print(proposal.to_toml(), markup=False)


def _inbox_of(file: Path, business: Path | None) -> Path:
    """The inbox the file lies in, else that of the business."""
    parents = file.resolve().parents
    if business is None and len(parents) > 1 and parents[1].name == "inbox":
        return parents[1]
    return find_business(business).inbox


def _foreign_currencies(warehouse: Warehouse) -> list[tuple[str, date]]:
    """Currencies that are not the business's own, with the first day; none before the first run."""
    with warehouse.connect("analyst") as connection:
        is_built = connection.execute("select to_regclass('marts.fct_marketing_spend')").fetchone()
        if is_built == (None,):
            return []
        return connection.execute(
            "select currency_code, min(day) from ("
            "select shop_currency_code as currency_code, sale_date as day from fct_sale_lines "
            "union all select currency_code, spend_date from fct_marketing_spend) as told "
            "where currency_code <> %s group by currency_code",
            (warehouse.business.currency_code,),
        ).fetchall()
