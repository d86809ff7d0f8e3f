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


def _files(folder: str) -> set[str]:
    """Names of the models or questions in a folder of the project."""
    found = {file.stem for file in (PROJECT_ROOT / "dbt_project" / folder).rglob("*.sql")}
    assert found
    return found


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
    assert {node["name"] for node in marts} == _files("models/marts")
    silent = [node["name"] for node in marts if not node["description"].startswith("Grain:")]
    assert silent == []
    bare = [
        f"{node['name']}.{name}"
        for node in marts
        for name, column in node["columns"].items()
        if not column["description"]
    ]
    assert bare == []


def test_it_is_decided_for_every_mart_what_location_managers_read_of_it(
    manifest: dict[str, Any],
) -> None:
    """In its YAML: ``meta: {location_managers: …}``; see docs/roles.md."""
    wrong = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["schema"] != "marts":
            continue
        decision = node["config"]["meta"].get("location_managers")
        has_locations = "location_name" in node["columns"]
        fits = (
            set(decision) <= set(node["columns"]) and not has_locations
            if isinstance(decision, list)
            else {
                "own_locations": has_locations,
                "everything": not has_locations,
                "nothing": True,
            }.get(decision, False)
        )
        if not fits:
            wrong[node["name"]] = decision
    assert wrong == {}


# The calendar and the date of reports are computed; fees and what the hub notes down of itself have
# times of their own.
TIMELESS = {
    "dim_dates", "dim_report_date", "fct_order_fees", "rpt_check_results", "rpt_data_dictionary",
    "rpt_load_log", "rpt_quarantine",
}  # fmt: skip


def test_every_row_of_a_mart_bears_its_load_or_a_time(manifest: dict[str, Any]) -> None:
    silent = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] == "marts"
        and not {"load_number", "loaded_at"} & node["columns"].keys()
    }
    assert silent == TIMELESS


def test_every_metric_is_described_and_every_question_too(manifest: dict[str, Any]) -> None:
    assert [one["name"] for one in manifest["metrics"].values() if not one["description"]] == []
    questions = [node for node in manifest["nodes"].values() if node["resource_type"] == "analysis"]
    assert {one["name"] for one in questions} == _files("analyses")
    assert [one["name"] for one in questions if not one["description"].endswith("?")] == []


def _marts_before(manifest: dict[str, Any], parts: list[dict[str, Any]]) -> set[str]:
    """Names of the marts that any of these nodes depends on."""
    return {
        manifest["nodes"][name]["name"]
        for part in parts
        for name in part["depends_on"]["nodes"]
        if manifest["nodes"].get(name, {}).get("schema") == "marts"
    }


def test_every_mart_is_read_by_another_or_has_a_use_with_a_name(manifest: dict[str, Any]) -> None:
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    uses = list(manifest["exposures"].values())
    marts = {node["name"] for node in models if node["schema"] == "marts"}
    assert marts - _marts_before(manifest, models) - _marts_before(manifest, uses) == set()


def test_metrics_and_worked_questions_are_uses_of_the_marts_they_read(
    manifest: dict[str, Any],
) -> None:
    uses = {use["name"]: use for use in manifest["exposures"].values()}
    questions = [node for node in manifest["nodes"].values() if node["resource_type"] == "analysis"]
    assert _marts_before(manifest, [uses["worked_questions"]]) == _marts_before(manifest, questions)
    semantic_models = list(manifest["semantic_models"].values())
    assert _marts_before(manifest, [uses["metrics"]]) == _marts_before(manifest, semantic_models)
