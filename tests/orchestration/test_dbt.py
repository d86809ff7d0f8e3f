"""How dbt is called in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dbt.adapters.base import impl

from orchestration import dbt as hub_dbt
from warehouse.database import Warehouse
from warehouse.home import PROJECT_ROOT


def test_calls_leave_nothing_behind_that_slows_the_next(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    warehouse = warehouse_factory()
    before = len(impl.DEFAULT_BASE_BEHAVIOR_FLAGS)
    command = ["--quiet", "ls", "--project-dir", str(PROJECT_ROOT), "--select", "rpt_today"]
    for _ in range(2):
        with hub_dbt.environment(warehouse):
            done = hub_dbt.invoke(hub_dbt.parsed_project(warehouse.database), command)
        assert done.result == ["hub.marts.today.rpt_today"]
    assert len(impl.DEFAULT_BASE_BEHAVIOR_FLAGS) == before


def test_the_project_is_found_from_anywhere_and_bears_the_name_of_the_business(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = hub_dbt.parsed_project("corner_shop")
    models = [node for node in project.nodes.values() if node.resource_type == "model"]
    assert {model.database for model in models} == {"corner_shop"}
    assert {str(model.relation_name).split(".")[0] for model in models} == {'"corner_shop"'}
