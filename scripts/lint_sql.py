"""Lints the SQL as dbt compiles it, against the sample business's database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from orchestration import dbt as hub_dbt
from orchestration.ops.demo import RESTAURANT
from warehouse.business import load_business
from warehouse.database import open_warehouse
from warehouse.home import PROJECT_ROOT

FOLDERS = ("dbt_project/models", "dbt_project/tests")


def main() -> int:
    """Run sqlfluff on the given files, or on all; its exit code."""
    sqlfluff = Path(sys.executable).with_name("sqlfluff")
    command = [str(sqlfluff), "lint", "--disable-progress-bar", *(sys.argv[1:] or FOLDERS)]
    with hub_dbt.environment(open_warehouse(load_business(RESTAURANT))):
        return subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
