"""Every question that a model answers, as assets of their own, and the evidence of all of them."""

from collections.abc import Iterator

import dagster as dg

from orchestration.assets import customers, forecasting, insights, pricing, purchasing
from orchestration.business_resource import BusinessResource, user_failure
from orchestration.ml_tables import ensure_ml_tables
from orchestration.ownership import OWNER_BY_GROUP
from orchestration.predictions import build_asset
from orchestration.previews import table_metadata
from warehouse.errors import HubError

TASKS = (
    *forecasting.TASKS,
    *customers.TASKS,
    *pricing.TASKS,
    *purchasing.TASKS,
    *insights.TASKS,
)
_EVIDENCE = {
    "model_runs": "When a model ran, on which data, and why it refused where it did.",
    "evaluations": "How each model did on what it had not seen, beside the rules it has to beat.",
    "refusals": "What could not be answered, and what is missing for it.",
}


def build_prediction_assets() -> list[dg.AssetsDefinition]:
    """One step per task, and one that comes after all of them."""
    return [*(build_asset(task) for task in TASKS), model_evidence]


@dg.multi_asset(
    name="model_evidence",
    specs=[
        dg.AssetSpec(
            ["ml", name],
            deps=[["ml", table] for task in TASKS for table in task.tables],
            group_name=forecasting.GROUP,
            description=description,
            owners=[OWNER_BY_GROUP[forecasting.GROUP]],
            kinds={"postgres"},
        )
        for name, description in _EVIDENCE.items()
    ],
)
def model_evidence(business: BusinessResource) -> Iterator[dg.MaterializeResult[object]]:
    """What the tasks wrote down; it is whole when the last of them has ended."""
    try:
        warehouse = business.warehouse()
    except HubError as error:
        raise user_failure(error) from None
    ensure_ml_tables(warehouse)
    for name in _EVIDENCE:
        yield dg.MaterializeResult(
            asset_key=["ml", name], metadata=table_metadata(warehouse, "ml", ["ml", name])
        )
