"""What settings dlt goes by."""

from __future__ import annotations

from pathlib import Path

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

from ingestion.api.run_context import use_own_settings


def test_files_of_other_projects_have_no_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".dlt").mkdir()
    for name in ("config", "secrets"):
        (tmp_path / ".dlt" / f"{name}.toml").write_text(f"[load]\n{name}_word = 'theirs'\n")
    monkeypatch.chdir(tmp_path)
    plugged = Container()[PluggableRunContext]
    plugged.reload(RunContext("."))
    assert dlt.config["load.config_word"] == dlt.secrets["load.secrets_word"] == "theirs"
    use_own_settings()
    assert dlt.config.get("load.config_word") is None
    assert dlt.secrets.get("load.secrets_word") is None
    monkeypatch.setenv("LOAD__CONFIG_WORD", "ours")
    assert dlt.config["load.config_word"] == "ours"
