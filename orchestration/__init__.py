"""The only room that knows all the others: Dagster definitions and the ``hub`` command line."""
