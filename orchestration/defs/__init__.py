"""Dagster's definitions, by what they do: ingest, transform, predict, check, publish, automate."""
