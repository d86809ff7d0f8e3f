"""Writes Superset's dashboards from their descriptions and dbt's manifest."""

from __future__ import annotations

import os
import subprocess
import sys

from orchestration.dbt import manifest_path
from orchestration.ops.services import SUPERSET_PYTHON, SUPERSET_ROOM


def main() -> int:
    """Run the bundle's builder in Superset's own environment; its exit code."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(SUPERSET_ROOM),
        "HUB_DBT_MANIFEST": str(manifest_path()),
    }
    command = [str(SUPERSET_PYTHON), "-m", "hub_bi", "build", *sys.argv[1:]]
    return subprocess.run(command, cwd=SUPERSET_ROOM, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
