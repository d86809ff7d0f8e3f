"""Doing what is due, and noting what was done."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from orchestration import dbt as hub_dbt
from orchestration.planning import record
from orchestration.planning.items import Built, rebuilt_whole
from orchestration.planning.project import dbt_items
from warehouse.database import Warehouse
from warehouse.settings_tables import store_settings


@contextmanager
def noted(warehouse: Warehouse, name: str, digest: str) -> Iterator[None]:
    """Do one item, and note it as up to date if nothing is raised."""
    number = record.draw_number(warehouse)
    yield
    record.remember(warehouse, {name: Built(digest, number)})


def bring_up_to_date(
    warehouse: Warehouse,
    names: Collection[str],
    *,
    full_refresh: bool = False,
    as_of_date: date | None = None,
) -> list[hub_dbt.NodeResult]:
    """Build and test nodes of the dbt project, and note those that came out fine.

    Args:
        names: unique ids of models, seeds, snapshots and tests: these and no others.
        full_refresh: build every table whole instead of only what changed.
        as_of_date: the day to look from; None means the last complete day.
    """
    items = dbt_items()
    store_settings(warehouse, as_of_date)
    with warehouse.connect("transformer") as connection:
        known, changes = record.built(connection), record.changes(connection)
    if full_refresh:
        known = {name: built for name, built in known.items() if name not in names}
    rebuilt = rebuilt_whole(items, changes, known)
    # Also those that this call does not build, or that fail: a later one has to build them whole.
    record.forget(warehouse, rebuilt)
    record.forget_contents(warehouse, names)
    # Drawn before anything is read: what lands later has a larger number, and stays due.
    number = record.draw_number(warehouse)
    results = hub_dbt.build(warehouse, names, rebuilt=rebuilt & set(names), as_of_date=as_of_date)
    note_built(warehouse, {result.unique_id for result in results if result.is_fine}, number, known)
    return results


def note_built(
    warehouse: Warehouse, names: Collection[str], number: int, known: Mapping[str, Built]
) -> None:
    """Note nodes that came out fine; those whose rows are as they were did not change.

    Args:
        names: their unique ids.
        number: drawn before they read anything.
        known: the record from before.
    """
    items = dbt_items()
    read = {name for item in items if item.relation for name in item.reads}
    made = [item for item in items if item.name in names]
    tables = {
        item.name: item.relation
        for item in made
        if item.relation and item.kind != "view" and item.name in read
    }
    with warehouse.connect("transformer") as connection:
        contents = record.contents_of(connection, tables)
    built = {}
    for item in made:
        content, before = contents.get(item.name), known.get(item.name)
        is_same = content is not None and before is not None and content == before.content
        changed = (before.changed_number or before.load_number) if before and is_same else number
        built[item.name] = Built(item.digest, number, changed, content)
    record.remember(warehouse, built)
