"""The only room that knows all the others: Dagster definitions and the ``hub`` command line."""

import gc

# dbt's project and Dagster's definitions are a million objects that stay. Searched for garbage as
# often as Python does by itself, they cost an eighth of a run's time.
gc.set_threshold(100_000, 20, 50)
