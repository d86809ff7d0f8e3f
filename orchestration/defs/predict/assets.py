"""Every question that a model answers, as assets of their own."""

import dagster as dg

from orchestration.defs.predict import customers, forecasting, insights, pricing, purchasing
from orchestration.defs.predict.tasks import build_asset

TASKS = (
    *forecasting.TASKS,
    *customers.TASKS,
    *pricing.TASKS,
    *purchasing.TASKS,
    *insights.TASKS,
)


def build_prediction_assets() -> list[dg.AssetsDefinition]:
    """One step per task."""
    return [build_asset(task) for task in TASKS]
