"""The only room that knows all the others: Dagster definitions and the ``hub`` command line."""

import gc

# dbt's project and Dagster's definitions are a million long-lived objects. With Python's default
# thresholds, garbage collection scans them so often that it took an eighth of a run.
gc.set_threshold(100_000, 20, 50)
