"""``hub``, the command line: put together from one module per topic."""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from orchestration.cli import business, connect, messages, privacy, query, run, services
from orchestration.cli.shared import errors
from warehouse.errors import HubError

# For commands that pass their arguments on to another program.
PASSES_ARGUMENTS_ON = {"ignore_unknown_options": True, "allow_extra_args": True}

app = typer.Typer(
    name="hub",
    help="One warehouse a small business can trust, and answers it can act on.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# In the order that `hub --help` lists them.
app.command()(run.demo)
app.command()(run.run)
app.command()(business.init)
app.command("map")(business.map_file)
app.command("connect")(connect.connect_source)
app.command()(services.up)
app.command()(services.serve)
app.command()(services.down)
app.command()(services.status)
app.command()(services.doctor)
app.command(context_settings=PASSES_ARGUMENTS_ON)(query.sql)
app.command()(query.export)
app.command(context_settings=PASSES_ARGUMENTS_ON)(query.metrics)
app.command(context_settings=PASSES_ARGUMENTS_ON)(query.dbt)
app.command()(business.rates)
app.command()(messages.report)
app.add_typer(privacy.privacy_app, name="privacy")
app.add_typer(messages.alerts_app, name="alerts")


def main() -> None:
    """Run the command line; errors the user can mend are shown without a stack trace."""
    try:
        app()
    except HubError as error:
        errors.print(f"[bold red]Error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print("Stopped. Nothing is lost: the same command goes on from here.")
        sys.exit(130)
