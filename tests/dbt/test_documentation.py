"""What analysts read beside the marts: metrics, questions and descriptions are complete."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from orchestration.dbt import manifest_path
from warehouse.home import PROJECT_ROOT


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(manifest_path().read_text(encoding="utf-8"))
    return read


def test_the_page_of_metrics_is_what_the_semantic_models_say() -> None:
    done = subprocess.run(
        [sys.executable, str(PROJECT_ROOT / "scripts" / "build_metrics.py"), "--check"],
        capture_output=True, text=True, check=False, cwd=PROJECT_ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_mart_and_every_column_of_it_is_described(manifest: dict[str, Any]) -> None:
    marts = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    assert len(marts) > 30
    silent = [node["name"] for node in marts if not node["description"].startswith("Grain:")]
    assert silent == []
    bare = [
        f"{node['name']}.{name}"
        for node in marts
        for name, column in node["columns"].items()
        if not column["description"]
    ]
    assert bare == []


def test_every_metric_is_described_and_every_question_too(manifest: dict[str, Any]) -> None:
    assert [one["name"] for one in manifest["metrics"].values() if not one["description"]] == []
    questions = [node for node in manifest["nodes"].values() if node["resource_type"] == "analysis"]
    assert len(questions) >= 10
    assert [one["name"] for one in questions if not one["description"].endswith("?")] == []
