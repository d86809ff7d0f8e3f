"""What every answer tells beside itself: how its model did, and what could not be answered."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

# Of everything random in a task, so that equal rows give equal answers.
SEED = 20_260_930

EVALUATION_COLUMNS = (
    "subject", "model", "metric", "value", "is_baseline", "is_selected", "observations_count",
    "note",
)  # fmt: skip
REFUSAL_COLUMNS = ("subject", "observations_count", "reason")


def evaluation_rows(rows: Sequence[Sequence[object]] = ()) -> pd.DataFrame:
    """A row per subject, model and metric, measured on what the model had not seen."""
    return pd.DataFrame(rows, columns=list(EVALUATION_COLUMNS))


def refusal_rows(rows: Sequence[Sequence[object]] = ()) -> pd.DataFrame:
    """A row per question that could not be answered, with what is missing."""
    return pd.DataFrame(rows, columns=list(REFUSAL_COLUMNS))
