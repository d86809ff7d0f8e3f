"""Loads Shopify, Square and QuickBooks: one asset per kind of documents.

One step loads all sources that are asked for side by side, because most of the time they wait for
an answer, and steps of a run in one process come one after the other.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import dagster as dg

from ingestion.api import SourceReport
from ingestion.auth import TITLES
from ingestion.sources.registry import API_SOURCES, ApiSource
from orchestration.ownership import OWNER_BY_GROUP
from orchestration.previews import table_metadata
from orchestration.resources import FRESHNESS, BusinessResource, RunOptions, user_failure
from orchestration.side_by_side import side_by_side
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.vault import Vault

LOADED = "the_source_was_loaded"


def _specs(source: ApiSource) -> list[dg.AssetSpec]:
    group = f"ingest_{source.name}"
    return [
        dg.AssetSpec(
            _key(source, table.name),
            group_name=group,
            description=f"{TITLES[source.name]}: {table.name.replace('_', ' ')}, "
            "as the API gives them.",
            owners=[OWNER_BY_GROUP[group]],
            kinds={"python", "dlt", "postgres"},
            # What a source refused is not there anew, and one that is not used is not there at all.
            skippable=True,
            freshness_policy=FRESHNESS,
        )
        for table in source.tables
    ]


def _check(source: ApiSource) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        LOADED,
        asset=_key(source, source.tables[0].name),
        description=f"{TITLES[source.name]} could be read to the end; nothing is half loaded.",
    )


def _key(source: ApiSource, table: str) -> dg.AssetKey:
    return dg.AssetKey([f"raw_{source.name}", table])


@dg.multi_asset(
    name="load_sources",
    can_subset=True,
    specs=[spec for source in API_SOURCES for spec in _specs(source)],
    check_specs=[_check(source) for source in API_SOURCES],
)
def load_sources(
    context: dg.AssetExecutionContext, business: BusinessResource, options: RunOptions
) -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
    """Read what changed at the sources that a business uses into their raw tables."""
    try:
        warehouse = business.warehouse()
        vault = business.vault(warehouse)
    except HubError as error:
        raise user_failure(error) from None
    chosen = _chosen(context, warehouse)
    loads = {
        source.name: partial(_load, context, warehouse, vault, source, tables, options)
        for source, tables in chosen
    }
    tables_by_source = {source.name: (source, tables) for source, tables in chosen}
    for name, outcome in side_by_side(loads):
        source, tables = tables_by_source[name]
        if isinstance(outcome, SourceReport):
            yield from _materialized(warehouse, source, tables, outcome)
        if _check(source).key in context.selected_asset_check_keys:
            yield _checked(source, outcome)


def _chosen(
    context: dg.AssetExecutionContext, warehouse: Warehouse
) -> list[tuple[ApiSource, list[str]]]:
    """The sources to be loaded, with the tables that are asked for."""
    chosen = []
    for source in API_SOURCES:
        tables = [
            table.name
            for table in source.tables
            if _key(source, table.name) in context.selected_asset_keys
        ]
        if tables and source.is_used(warehouse):
            chosen.append((source, tables))
        elif tables:
            context.log.info(f"This business does not use {TITLES[source.name]}.")
    return chosen


def _load(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    vault: Vault,
    source: ApiSource,
    tables: Sequence[str],
    options: RunOptions,
) -> SourceReport | HubError:
    """What was loaded, or why nothing was: that must not hold up the other sources."""
    try:
        source.ensure_tables(warehouse)
        report = source.load(
            warehouse,
            vault,
            context.log.info,
            only=tables,
            accepts_shrinking=options.accepts_shrinking,
        )
    except HubError as error:
        return error
    context.log.info(report.to_text())
    return report


def _checked(source: ApiSource, outcome: SourceReport | HubError) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=LOADED,
        asset_key=_key(source, source.tables[0].name),
        passed=isinstance(outcome, SourceReport),
        severity=dg.AssetCheckSeverity.ERROR,
        description=str(outcome) if isinstance(outcome, HubError) else None,
    )


def _materialized(
    warehouse: Warehouse, source: ApiSource, tables: Sequence[str], report: SourceReport
) -> Iterator[dg.MaterializeResult[object]]:
    read = {table.name: table for table in report.tables}
    for number, name in enumerate(tables):
        metadata = table_metadata(warehouse, "quality", [f"raw_{source.name}", name])
        if found := read.get(name):
            metadata |= {
                "rows_read": found.rows_read,
                "rows_new": found.rows_new,
                "rows_deleted": found.rows_deleted,
                "newest_change": found.newest_change or "",
            }
        if number == 0:
            metadata["load_report"] = dg.MetadataValue.text(report.to_text())
        yield dg.MaterializeResult(asset_key=_key(source, name), metadata=metadata)
