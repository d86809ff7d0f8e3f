"""``hub privacy``: what the hub holds about a person, and the key of the vault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.shared import BusinessOption, console, open_business
from warehouse.database import Warehouse

if TYPE_CHECKING:
    from warehouse.vault import Vault

privacy_app = typer.Typer(
    help="Personal data: export, erase, rotate the key.", no_args_is_help=True
)

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


@contextmanager
def _vault_of(business: Path | None) -> Iterator[tuple[Warehouse, Vault]]:
    from warehouse.vault import open_vault

    warehouse = open_business(business)
    yield warehouse, open_vault(warehouse)
