"""Starts the web server: gunicorn takes this process over, so that signals reach it."""

import os
import sys
from pathlib import Path

from hub_bi import settings

CONFIG_FILE = settings.ROOM / "superset_config.py"
GUNICORN_SETTINGS = Path(__file__).with_name("gunicorn_settings.py")
# Few: threads of one process wait for each other at every query.
THREADS = 4


def serve(host: str, port: int, workers: int) -> int:
    """Replace this process by gunicorn; returns only if that fails."""
    settings.secret_key()
    settings.metadata_uri()
    settings.warehouse_password()
    os.environ["SUPERSET_CONFIG_PATH"] = str(CONFIG_FILE)
    print(f"Dashboards on http://{host}:{port} (stop with Ctrl-C).", flush=True)
    os.execv(  # noqa: S606
        sys.executable,
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            str(GUNICORN_SETTINGS),
            "--bind",
            f"{host}:{port}",
            "--workers",
            str(workers),
            "--threads",
            str(THREADS),
            "superset.app:create_app()",
        ],
    )
