"""What the commands share: options, consoles, and the business they work on."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from warehouse.business import Business, load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.errors import HubError
from warehouse.home import hub_home

CURRENT_BUSINESS = "current-business"

# Bound now: a run sends what other tools print elsewhere, our own lines stay on the screen.
console = Console(file=sys.stdout, highlight=False)
errors = Console(file=sys.stderr, highlight=False)

BusinessOption = Annotated[
    Path | None,
    typer.Option("--business", "-b", help="Folder of the business; default: the last one used."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]


def open_business(folder: Path | None) -> Warehouse:
    """Open a business's warehouse and remember it as the one used last."""
    business = find_business(folder)
    warehouse = open_warehouse(business)
    remember(business)
    return warehouse


def remember(business: Business) -> None:
    """Make it the business that commands without --business work on."""
    (hub_home() / CURRENT_BUSINESS).write_text(str(business.folder))


def find_business(folder: Path | None) -> Business:
    """The business in a folder, or the one used last.

    Raises:
        HubError: none was ever used.
    """
    chosen = folder or last_business()
    if not chosen:
        raise HubError(
            "There is no business yet.",
            fix="See one with: hub demo. Begin your own with: hub init FOLDER",
        )
    return load_business(chosen)


def last_business() -> Path | None:
    """The folder in HUB_BUSINESS, else of the business used last."""
    memory = hub_home() / CURRENT_BUSINESS
    remembered = memory.read_text().strip() if memory.exists() else ""
    chosen = os.environ.get("HUB_BUSINESS") or remembered
    return Path(chosen) if chosen else None


def say(line: str) -> None:
    """Print a line of progress as it is, without markup."""
    console.print(f"  {line}", markup=False, soft_wrap=True)
