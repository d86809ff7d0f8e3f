"""Loads Shopify, Square and QuickBooks: one step per source, one asset per kind of documents."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from ingestion.api import SourceReport
from ingestion.auth import TITLES
from ingestion.sources.registry import API_SOURCES, ApiSource
from orchestration.ownership import OWNER_BY_GROUP
from orchestration.previews import table_metadata
from orchestration.resources import BusinessResource, RunOptions, user_failure
from warehouse.database import Warehouse
from warehouse.errors import HubError

LOADED = "the_source_was_loaded"
FRESH_WITHIN, STALE_AFTER = timedelta(hours=26), timedelta(hours=50)


def build_api_assets() -> list[dg.AssetsDefinition]:
    """The steps of all sources; one that a business does not use leaves its tables empty."""
    return [_assets(source) for source in API_SOURCES]


def _assets(source: ApiSource) -> dg.AssetsDefinition:
    title, group = TITLES[source.name], f"ingest_{source.name}"
    schema = f"raw_{source.name}"
    first = dg.AssetKey([schema, source.tables[0].name])

    @dg.multi_asset(
        name=f"load_{source.name}",
        specs=[
            dg.AssetSpec(
                [schema, table.name],
                group_name=group,
                description=f"{title}: {table.name.replace('_', ' ')}, as the API gives them.",
                owners=[OWNER_BY_GROUP[group]],
                kinds={"python", "dlt", "postgres"},
                freshness_policy=dg.FreshnessPolicy.time_window(
                    fail_window=STALE_AFTER, warn_window=FRESH_WITHIN
                ),
            )
            for table in source.tables
        ],
        check_specs=[
            dg.AssetCheckSpec(
                LOADED, asset=first,
                description=f"{title} could be read to the end; nothing is half loaded.",
            )
        ],
    )  # fmt: skip
    def load(
        context: dg.AssetExecutionContext, business: BusinessResource, options: RunOptions
    ) -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
        try:
            warehouse = business.warehouse()
            source.ensure_tables(warehouse)
        except HubError as error:
            raise user_failure(error) from None
        report, failure = _loaded(context, business, warehouse, source, options)
        yield from _materialized(warehouse, source, report)
        yield dg.AssetCheckResult(
            check_name=LOADED, asset_key=first, passed=failure is None,
            severity=dg.AssetCheckSeverity.ERROR,
            description=str(failure) if failure else None,
        )  # fmt: skip

    return load


def _loaded(
    context: dg.AssetExecutionContext, business: BusinessResource, warehouse: Warehouse,
    source: ApiSource, options: RunOptions,
) -> tuple[SourceReport | None, HubError | None]:  # fmt: skip
    """What was loaded, or why nothing was: what other sources gave is modelled all the same."""
    if not source.is_used(warehouse):
        context.log.info(f"This business does not use {TITLES[source.name]}.")
        return None, None
    try:
        report = source.load(warehouse, business.vault(warehouse), context.log.info,
                             accepts_shrinking=options.accepts_shrinking)  # fmt: skip
    except HubError as error:
        return None, error
    context.log.info(report.to_text())
    return report, None


def _materialized(
    warehouse: Warehouse, source: ApiSource, report: SourceReport | None
) -> Iterator[dg.MaterializeResult[object]]:
    read = {table.name: table for table in report.tables} if report else {}
    schema = f"raw_{source.name}"
    for number, table in enumerate(source.tables):
        metadata = table_metadata(warehouse, "quality", [schema, table.name])
        if found := read.get(table.name):
            metadata |= {
                "rows_read": found.rows_read, "rows_new": found.rows_new,
                "rows_deleted": found.rows_deleted,
                "newest_change": found.newest_change or "",
            }  # fmt: skip
        if report and number == 0:
            metadata["load_report"] = dg.MetadataValue.text(report.to_text())
        yield dg.MaterializeResult(asset_key=[schema, table.name], metadata=metadata)
