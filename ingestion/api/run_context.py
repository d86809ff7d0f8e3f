"""dlt's run context in our loads: settings come from the process's environment only.

By default dlt also reads secret files and the TOML files of the working directory and the user,
thousands of times a load: about a tenth of its CPU time, and another project's file could change
how we load.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import EnvironProvider
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

_lock = threading.Lock()


def use_own_settings() -> None:
    """Have dlt read settings from the environment of this process alone."""
    plugged = Container()[PluggableRunContext]
    with _lock:
        if not isinstance(plugged.context, _RunContext):
            plugged.reload(_RunContext(plugged.context.run_dir))


class _RunContext(RunContext):
    def initial_providers(self) -> list[ConfigProvider]:
        return [_Environment()]


class _Environment(EnvironProvider):
    def get_value(
        self,
        key: str,
        hint: type[Any],  # noqa: ARG002  decides for dlt whether to look into files of secrets
        pipeline_name: str | None,
        *sections: str,
    ) -> tuple[Any | None, str]:
        name = self.get_key_name(key, pipeline_name or "", *sections)
        return os.environ.get(name), name
