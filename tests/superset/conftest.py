"""Makes the BI room importable without Apache Superset and hands out dbt's manifest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "superset"))

from hub_bi.semantics import Mart, read_manifest  # noqa: E402


@pytest.fixture(scope="session")
def marts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Mart]:
    """The marts of the manifest that dbt writes for this checkout (HUB_DBT_MANIFEST wins)."""
    given = os.environ.get("HUB_DBT_MANIFEST")
    if given:
        return read_manifest(Path(given))
    target = tmp_path_factory.mktemp("dbt")
    environment = os.environ | {
        "DBT_PROFILES_DIR": str(REPOSITORY / "dbt_project"),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    dbt = Path(sys.executable).with_name("dbt")
    finished = subprocess.run(
        [str(dbt), "parse", "--no-partial-parse"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, f"dbt parse failed:\n{finished.stdout[-3000:]}"
    return read_manifest(target / "manifest.json")
