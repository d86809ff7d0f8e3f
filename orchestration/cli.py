"""``hub``, the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from warehouse.business import Business, load_business, slugify
from warehouse.database import Warehouse, open_warehouse
from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT, hub_home
from warehouse.server import EmbeddedServer

if TYPE_CHECKING:
    from ingestion.sources.spreadsheets.proposals import MappingProposal
    from orchestration.reporting.due import PeriodKind
    from warehouse.vault import Vault

CURRENT_BUSINESS = "current-business"
CENTRAL_BANK = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"

app = typer.Typer(
    name="hub",
    help="One warehouse a small business can trust, and answers it can act on.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
privacy_app = typer.Typer(
    help="Personal data: export, erase, rotate the key.", no_args_is_help=True
)
app.add_typer(privacy_app, name="privacy")
alerts_app = typer.Typer(
    help="What is told by itself: look at it, send it, keep it quiet.", no_args_is_help=True
)
app.add_typer(alerts_app, name="alerts")
# Bound now: a run sends what other tools print elsewhere, our own lines stay on the screen.
console = Console(file=sys.stdout, highlight=False)
errors = Console(file=sys.stderr, highlight=False)

BusinessOption = Annotated[
    Path | None,
    typer.Option("--business", "-b", help="Folder of the business; default: the last one used."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]


def main() -> None:
    """Run the command line; errors the user can mend are shown without a stack trace."""
    try:
        app()
    except HubError as error:
        errors.print(f"[bold red]Error:[/] {error}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print("Stopped. Nothing is lost: the same command goes on from here.")
        sys.exit(130)


# -- the main job ------------------------------------------------------------------------


@app.command()
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
        warehouse = _open(demos.RESTAURANT)
    else:
        with errors.status("Preparing the business…"):
            warehouse = demos.open_demo(_say, today=today.date() if today else None, fresh=fresh)
        _remember(warehouse.business)
    console.print(f"[bold]{warehouse.business.name}[/]")
    _run(warehouse, as_json=False)
    if up:
        _start_services(warehouse)


@app.command()
def run(
    business: BusinessOption = None,
    only: Annotated[
        Literal["load", "model", "predict", "check"] | None,
        typer.Option(help="Do one stage instead of everything."),
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
    warehouse = _open(business)
    if plan:
        _show_plan(warehouse, everything=everything or full_refresh, as_json=as_json)
        return
    if dry_run:
        _dry_run(warehouse)
        return
    _serve_demo(warehouse, quietly=as_json)
    _run(
        warehouse,
        only=only,
        everything=everything,
        full_refresh=full_refresh,
        as_of_date=as_of.date() if as_of else None,
        accepts_shrinking=accept_shrinking,
        as_json=as_json,
    )


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


@app.command()
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


@app.command("map")
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


@app.command("connect")
def connect_source(
    source: Annotated[
        Literal["shopify", "square", "quickbooks"], typer.Argument(help="What to connect.")
    ],
    business: BusinessOption = None,
    shop: Annotated[str | None, typer.Option(help="Shopify: my-shop.myshopify.com.")] = None,
    company_id: Annotated[
        str | None, typer.Option(help="QuickBooks: number of the company; the browser tells it.")
    ] = None,
    environment: Annotated[
        Literal["production", "sandbox"] | None,
        typer.Option(help="Square, QuickBooks: default production."),
    ] = None,
    api_url: Annotated[str | None, typer.Option(help="Another server in its place.")] = None,
    client_id: Annotated[
        str | None, typer.Option(help="Of your app there; its secret is asked for.")
    ] = None,
    token: Annotated[
        bool, typer.Option("--token", help="Paste an access token (QuickBooks: refresh token).")
    ] = False,
    browser: Annotated[
        bool | None,
        typer.Option(help="Consent in the browser, or by copying two addresses by hand."),
    ] = None,
    port: Annotated[int, typer.Option(help="Where the browser comes back to.")] = 8765,
    redirect_url: Annotated[
        str | None, typer.Option(help="Where the browser is sent instead; https is possible.")
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the browser.")] = 300,
    show_status: Annotated[bool, typer.Option("--status", help="Only look at it.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Delete the connection.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let the hub read Shopify, Square or QuickBooks; tokens are kept sealed and renewed.

    Secrets are asked for and not shown, or come from HUB_SQUARE_TOKEN, HUB_SHOPIFY_CLIENT_ID,
    HUB_SHOPIFY_CLIENT_SECRET and so on, or line by line from standard input.

    Example: [bold]hub connect shopify --shop my-shop --client-id 1234[/]  (your own store's app)

    Example: [bold]hub connect square --token[/]  (a personal access token)

    Example: [bold]hub connect quickbooks --client-id AB12[/]  (in the browser)

    Example: [bold]hub connect quickbooks --status[/]
    """
    from orchestration.ops import connect

    if forget:
        if not yes:
            typer.confirm(f"Forget the connection to {source}?", abort=True)
        console.print(connect.forget(_open(business), source))
        return
    if show_status:
        _show_connection(connect.status_of(_open(business), source), as_json)
        return
    given = {
        "shop": shop,
        "company_id": company_id,
        "environment": environment,
        "api_url": api_url,
    }
    choices = connect.Choices(
        settings={name: value for name, value in given.items() if value},
        client_id=client_id,
        use_token=token,
        use_browser=browser,
        open_page=webbrowser.open,
        redirect_url=redirect_url or f"http://localhost:{port}/callback",
        wait_seconds=wait,
    )

    def say(line: str) -> None:
        errors.print(line, markup=False, soft_wrap=True)

    grant = connect.connect(_open(business), source, choices, say)
    if as_json:
        print(json.dumps(asdict(grant)))
        return
    for line in connect.describe(source, grant):
        console.print(line, markup=False)


# -- services ----------------------------------------------------------------------------


@app.command()
def up(
    business: BusinessOption = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the dashboards in the browser.")
    ] = False,
) -> None:
    """Start Dagster and the dashboards, wait until they answer and print their addresses."""
    warehouse = _open(business)
    _serve_demo(warehouse)
    address = _start_services(warehouse)
    if open_browser:
        webbrowser.open(address)


@app.command()
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

    services.serve(name, _open(business), host, port)


@app.command()
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


@app.command()
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


@app.command()
def doctor() -> None:
    """Find the usual set-up problems and say how to mend them."""
    from orchestration.ops.doctor import examine

    findings = examine(_last_business())
    for finding in findings:
        mark = "[green]✓[/]" if finding.is_fine else "[red]✗[/]"
        console.print(f"{mark} {finding.text}")
        if finding.fix:
            console.print(f"  Fix: {finding.fix}")
    if not all(finding.is_fine for finding in findings):
        raise typer.Exit(1)


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def sql(context: typer.Context, business: BusinessOption = None) -> None:
    """Open psql on the marts as the analyst; what follows -- goes to psql.

    Example: [bold]hub sql -- -Atc "select sum(net_amount) from rpt_sales_daily"[/]
    """
    warehouse = _open(business)
    psql = EmbeddedServer().binaries / "psql"
    url = warehouse.server.url(warehouse.role_name("analyst"), "", warehouse.database).replace(
        ":@", "@", 1
    )
    environment = {**os.environ, "PGPASSWORD": warehouse.password("analyst")}
    done = subprocess.run([str(psql), url, *context.args], env=environment, check=False)
    raise typer.Exit(done.returncode)


@app.command()
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

    count = write(_open(business), what, target, overwrite=overwrite)
    console.print(f"{count:,} rows in {target}")


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def metrics(context: typer.Context, business: BusinessOption = None) -> None:
    """Ask a metric by its name (docs/metrics.md lists them); what follows -- goes to MetricFlow.

    Example: [bold]hub metrics -- query --metrics net_sales --group-by metric_time__month[/]

    Example: [bold]hub metrics -- list metrics[/]
    """
    from orchestration import dbt as hub_dbt

    raise typer.Exit(hub_dbt.metricflow(_open(business), context.args or ["--help"]))


@app.command()
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

    warehouse = _open(business)
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


# -- alerts and reports ------------------------------------------------------------------


@alerts_app.command("list")
def alerts_list(business: BusinessOption = None, as_json: JsonOption = False) -> None:
    """Show what is news, what the next round would tell, and why the rest stays quiet."""
    from orchestration.reporting.alerts import overview

    rows = overview(_open(business))
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

    warehouse = _open(business)
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

    console.print(snooze(_open(business), subject, days), markup=False)


@alerts_app.command("test")
def alerts_test(business: BusinessOption = None) -> None:
    """Send a test message by mail, webhook and console."""
    from orchestration.reporting.alerts import send_test

    warehouse = _open(business)
    _demand_alerts(warehouse.business)
    problems = []
    for name, error in send_test(warehouse, _say):
        if error:
            problems.append(error)
        else:
            console.print(f"[green]✓[/] {name}")
    _fail_with(problems)


@app.command()
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

    warehouse = _open(business)
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
        errors.print(f"[bold red]Error:[/] {problem}", soft_wrap=True)
    if problems:
        raise typer.Exit(1)


# -- privacy -----------------------------------------------------------------------------

PersonArgument = Annotated[str, typer.Argument(help="The person's e-mail address or phone number.")]


@privacy_app.command("export")
def privacy_export(person: PersonArgument, business: BusinessOption = None) -> None:
    """Print everything the hub holds about a person, as JSON."""
    from warehouse.privacy import export_person

    with _vault_of(business) as (warehouse, vault):
        held = export_person(warehouse, vault, person)
    print(json.dumps(held, ensure_ascii=False, indent=1, default=str))


@privacy_app.command("erase")
def privacy_erase(
    person: PersonArgument,
    business: BusinessOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person for good: a later load of the same file does not bring them back."""
    from warehouse.privacy import erase_person

    if not yes:
        typer.confirm("Erase this person's data? This cannot be undone.", abort=True)
    with _vault_of(business) as (warehouse, vault):
        count = erase_person(warehouse, vault, person)
    console.print(f"Erased {count} personal values; their sales stay, without a name.")


@privacy_app.command("rotate-key")
def privacy_rotate_key(business: BusinessOption = None) -> None:
    """Seal all personal data and all connections under a new key; tokens stay the same."""
    with _vault_of(business) as (_, vault):
        key_id = vault.rotate_key(lambda done: console.print(f"{done:,} values sealed anew"))
    console.print(f"The vault now uses key {key_id}. Keep a copy of the key in a safe place.")


# -- shared steps ------------------------------------------------------------------------


@contextmanager
def _vault_of(business: Path | None) -> Iterator[tuple[Warehouse, Vault]]:
    from warehouse.vault import open_vault

    warehouse = _open(business)
    yield warehouse, open_vault(warehouse)


def _open(folder: Path | None) -> Warehouse:
    """Open a business's warehouse and remember it as the one used last."""
    business = _business(folder)
    warehouse = open_warehouse(business)
    _remember(business)
    return warehouse


def _remember(business: Business) -> None:
    (hub_home() / CURRENT_BUSINESS).write_text(str(business.folder))


def _business(folder: Path | None) -> Business:
    """The business in a folder, or the one used last.

    Raises:
        HubError: none was ever used.
    """
    chosen = folder or _last_business()
    if not chosen:
        raise HubError(
            "There is no business yet.",
            fix="See one with: hub demo. Begin your own with: hub init FOLDER",
        )
    return load_business(chosen)


def _last_business() -> Path | None:
    memory = hub_home() / CURRENT_BUSINESS
    remembered = memory.read_text().strip() if memory.exists() else ""
    chosen = os.environ.get("HUB_BUSINESS") or remembered
    return Path(chosen) if chosen else None


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


def _serve_demo(warehouse: Warehouse, *, quietly: bool = False) -> None:
    """The generated business needs its systems; others have theirs elsewhere."""
    from orchestration.ops.demo import ensure_served

    ensure_served(warehouse.business, (lambda _: None) if quietly else _say)


def _say(line: str) -> None:
    console.print(f"  {line}", markup=False, soft_wrap=True)


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
    return _business(business).inbox


def _show_connection(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(told))
        return
    for name, value in told.items():
        text = ", ".join(value) if isinstance(value, tuple) else value
        if text not in (None, ""):
            console.print(f"{name.replace('_', ' ')}: {text}", markup=False)


def _dry_run(warehouse: Warehouse) -> None:
    from ingestion.sources.spreadsheets import load_inbox
    from warehouse.vault import open_vault

    report = load_inbox(warehouse.business, warehouse, open_vault(warehouse), dry_run=True)
    console.print(report.to_text(), markup=False)
    if report.has_failures:
        raise typer.Exit(1)


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


def _run(
    warehouse: Warehouse,
    *,
    only: Literal["load", "model", "predict", "check"] | None = None,
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
    if as_json:
        told = asdict(summary) | {"succeeded": summary.succeeded}
        print(json.dumps(told, default=str))
    else:
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
    if not summary.succeeded:
        raise typer.Exit(1)


def _start_services(warehouse: Warehouse) -> str:
    from orchestration.ops import services

    with errors.status("Starting services…"):
        running = services.start_all(warehouse, _say)
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
