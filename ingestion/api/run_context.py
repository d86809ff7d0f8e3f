"""What dlt goes by in our loads: the settings that we give it, and nothing that lies about.

By itself, dlt looks for each of its settings in the environment, in files of secrets and in two
TOML files of the folder and of the user, thousands of times a load. That took about a tenth of a
load's computing time, and a file left from another project would have had a say.
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
