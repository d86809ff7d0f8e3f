"""Loads the inbox: one asset per kind of spreadsheet."""

from collections.abc import Iterator

import dagster as dg

from ingestion.sources.spreadsheets import FileReport, load_inbox
from ingestion.sources.spreadsheets.kinds import KINDS
from orchestration.ownership import OWNER_BY_GROUP
from orchestration.previews import table_metadata
from orchestration.resources import BusinessResource, user_failure
from warehouse.errors import HubError

GROUP = "ingest_spreadsheets"
SCHEMA = "raw_spreadsheets"
FILES_LOADED = "every_file_was_loaded"


@dg.multi_asset(
    name="load_spreadsheets",
    can_subset=True,
    specs=[
        dg.AssetSpec(
            [SCHEMA, kind.name],
            group_name=GROUP,
            description=kind.description,
            owners=[OWNER_BY_GROUP[GROUP]],
            kinds={"python", "postgres"},
            skippable=True,
        )
        for kind in KINDS.values()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            FILES_LOADED,
            asset=[SCHEMA, kind],
            description="Every file of this kind could be read; what could be read is loaded.",
        )
        for kind in KINDS
    ],
)
def load_spreadsheets(
    context: dg.AssetExecutionContext, business: BusinessResource
) -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
    """Read new and changed files of the inbox into the raw tables."""
    kinds = sorted({key.path[-1] for key in context.selected_asset_keys})
    try:
        settings = business.business()
        warehouse = business.warehouse()
        vault = business.vault(warehouse)
        report = load_inbox(
            settings, warehouse, vault, kinds, on_progress=lambda text: context.log.info(text)
        )
    except HubError as error:
        raise user_failure(error) from None
    context.log.info(report.to_text())
    for kind in kinds:
        files = [file for file in report.files if file.kind == kind]
        yield dg.MaterializeResult(
            asset_key=[SCHEMA, kind],
            metadata={
                **table_metadata(warehouse, "quality", [SCHEMA, kind]),
                "load_report": dg.MetadataValue.md(_report_table(files)),
            },
        )
        yield _files_check(kind, files)


def _files_check(kind: str, files: list[FileReport]) -> dg.AssetCheckResult:
    failed = [file for file in files if file.status == "failed"]
    return dg.AssetCheckResult(
        check_name=FILES_LOADED,
        asset_key=[SCHEMA, kind],
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(file.to_text() for file in failed) or None,
        metadata={"files": len(files), "failed": len(failed)},
    )


def _report_table(files: list[FileReport]) -> str:
    if not files:
        return "_no files of this kind in the inbox_"
    lines = [
        "| file | status | new | updated | unchanged | quarantined |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {file.file_name} | {file.status} | {file.rows_new:,} | {file.rows_updated:,} "
        f"| {file.rows_unchanged:,} | {file.rows_quarantined:,} |"
        for file in files
    ]
    return "\n".join(lines)
