"""What Dagster loads; everything is put together in :mod:`orchestration.assembly`."""

from orchestration.assembly import build_defs

defs = build_defs()
