"""What Dagster loads; everything is put together in :mod:`orchestration.defs.assembly`."""

from orchestration.defs.assembly import build_defs

defs = build_defs()
