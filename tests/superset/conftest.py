"""Makes the BI room importable without Apache Superset and hands out dbt's manifest."""

import sys
from pathlib import Path

import pytest

from orchestration.dbt import manifest_path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "superset"))

from hub_bi.semantics import Mart, read_manifest  # noqa: E402


@pytest.fixture(scope="session")
def manifest(hub_home: Path) -> Path:
    """The manifest that dbt writes for this checkout."""
    assert hub_home.exists()
    return manifest_path()


@pytest.fixture(scope="session")
def marts(manifest: Path) -> dict[str, Mart]:
    """The marts of the manifest."""
    return read_manifest(manifest)
