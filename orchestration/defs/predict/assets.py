"""Every question that a model answers, as assets of their own."""

import dagster as dg

from orchestration.defs.predict import customers, forecasting, insights, pricing, purchasing
from orchestration.defs.predict.tasks import build_asset
from orchestration.ownership import OWNER_BY_GROUP

TASKS = (
    *forecasting.TASKS,
    *customers.TASKS,
    *pricing.TASKS,
    *purchasing.TASKS,
    *insights.TASKS,
)


# Every step adds to it, and views show it: no step makes it.
EVIDENCE = {
    "model_runs": "When a model ran, on which data, and why it refused where it did.",
    "evaluations": "How each model did on what it had not seen, beside the rules it has to beat.",
    "refusals": "What could not be answered, and what is missing for it.",
}


def build_prediction_assets() -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """One step per task, and the evidence that all of them leave."""
    group = "forecasting"
    evidence = [
        dg.AssetSpec(
            ["ml", name], group_name=group, description=description, kinds={"postgres"},
            owners=[OWNER_BY_GROUP[group]],
        )
        for name, description in EVIDENCE.items()
    ]  # fmt: skip
    return [*(build_asset(task) for task in TASKS), *evidence]
